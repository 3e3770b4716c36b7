import { once } from 'node:events'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { startInOrder } from './start-order.ts'
import type { Say } from '../console.ts'
import { databaseOf, lastRead } from '../database/watch.ts'
import { takeLocks } from './lock.ts'
import { forgetRoutes } from '../nginx/route-cache.ts'
import { keepPrivate } from '../database/private-files.ts'
import { startErrorWords } from '../database/start-error.ts'
import { noteFinalCounter } from '../database/restored-backup.ts'
import type { Name } from './names.ts'
import { stopOrder, type Processes } from './processes.ts'
import { rotateLogs } from './process/rotate.ts'
import { removeRunFile, writeRunFile, readRunFile } from './run-file.ts'
import { onSignals } from './signals.ts'

/** All is down within 5 s; one process may take PROCESS_DOWN_MS of it. */
const DOWN_MS = 4_500
const PROCESS_DOWN_MS = 1_500
const ROTATE_MS = 10_000

/** @param only null for all; those left out have other launchers @returns the exit status */
export async function up(config: Config, only: readonly Name[] | null, say: Say): Promise<number> {
  const lock = await takeLocks(config.dataDir, only)
  if (!lock) {
    const other = readRunFile(config)
    say(`already running in ${config.dataDir}${other ? ` (pid ${other.pid}): ${other.url}` : ''}`, 'bad')
    return 1
  }
  keepPrivate(config)
  const processes: Processes = new Map()
  const ending = onSignals(() => {
    for (const supervised of processes.values()) supervised.kill()
    process.exit(1)
  })
  let status = 0
  // Before the start: waiting for the engine may take days.
  const rotating = setInterval(() => tryToRotate(config, only, say), ROTATE_MS)
  try {
    // Only nginx's launcher knows where Lotan listens.
    if (!only || only.includes('nginx')) writeRunFile(config)
    await startInOrder(config, only, processes, say, ending)
    if (!ending.aborted) await once(ending, 'abort')
  } catch (error) {
    if (!ending.aborted) {
      say(startErrorWords(error, databaseOf(config)), 'bad')
      status = 1
    }
  }
  clearInterval(rotating)
  await takeDown(config, only, processes, say)
  if (only?.every((name) => name === 'redis') !== true) await noteFinalCounter(config)
  if (!only || only.includes('nginx')) {
    removeRunFile(config)
    await forgetRoutes(config).catch(() => {})
  }
  await lock.release()
  return status
}

async function takeDown(config: Config, only: readonly Name[] | null, processes: Processes, say: Say): Promise<void> {
  if (processes.size === 0) return
  say('stopping')
  const deadline = performance.now() + DOWN_MS
  for (const name of stopOrder) await processes.get(name)?.stop(Math.min(PROCESS_DOWN_MS, deadline - performance.now()))
  if (only) return say('stopped')
  const running = lastRead(config, (store) => store.list().filter(({ state }) => state === 'running').length)
  const left = await running.catch(() => undefined)
  if (left === undefined) say('stopped; the database cannot be read, so it is unknown which previews run', 'bad')
  else if (left === 0) say('stopped; no preview was running')
  else say(`stopped; ${left === 1 ? '1 preview was' : `${left} previews were`} left running, the next start takes over`)
}

function tryToRotate(config: Config, only: readonly Name[] | null, say: Say): void {
  try {
    rotateLogs(path.join(config.dataDir, 'logs'), undefined, only)
  } catch (error) {
    say(`the logs could not be rotated: ${(error as Error).message}`, 'bad')
  }
}
