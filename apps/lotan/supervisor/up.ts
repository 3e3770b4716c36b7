/** `lotan up`: brings the parts up, says where to click, watches, and takes everything down again. */
import { once } from 'node:events'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { startInOrder } from './start-order.ts'
import type { Say } from '../console.ts'
import { lastLook } from '../database/watch.ts'
import { takeLocks } from './lock.ts'
import { forgetRoutes } from '../nginx/config.ts'
import { keepPrivate } from '../database/private-files.ts'
import { noteLastSlots } from '../database/restored-backup.ts'
import { stopOrder, type Name, type Processes } from './processes.ts'
import { rotateLogs } from './rotate.ts'
import { removeRunFile, writeRunFile, readRunFile } from './run-file.ts'
import { onSignals } from './signals.ts'

/** Everything is down within 5 s, and one part may have this much of it. */
const DOWN_MS = 4_500
const PART_DOWN_MS = 1_500
const ROTATE_MS = 10_000

/**
 * Runs Lotan until a signal ends it.
 *
 * @param only the parts to run, where others are run by launchers of their own; null for all
 * @returns the exit status
 */
export async function up(config: Config, only: readonly Name[] | null, say: Say): Promise<number> {
  const lock = await takeLocks(config.dataDir, only)
  if (!lock) {
    const other = readRunFile(config)
    say(`already running in ${config.dataDir}${other ? ` (pid ${other.pid}): ${other.url}` : ''}`, 'bad')
    return 1
  }
  keepPrivate(config)
  const parts: Processes = new Map()
  const ending = onSignals(() => {
    for (const part of parts.values()) part.kill()
    process.exit(1)
  })
  let status = 0
  // What waits for the engine may wait for days.
  const rotating = setInterval(() => tryToRotate(config, only, say), ROTATE_MS)
  try {
    // Where to reach Lotan is for who runs nginx to say.
    if (!only || only.includes('nginx')) writeRunFile(config)
    await startInOrder(config, only, parts, say, ending)
    if (!ending.aborted) await once(ending, 'abort')
  } catch (error) {
    if (!ending.aborted) {
      say((error as Error).message, 'bad')
      status = 1
    }
  }
  clearInterval(rotating)
  await takeDown(config, only, parts, say)
  if (only?.every((name) => name === 'redis') !== true) await noteLastSlots(config)
  if (!only || only.includes('nginx')) {
    removeRunFile(config)
    await forgetRoutes(config).catch(() => {})
  }
  await lock.release()
  return status
}

async function takeDown(config: Config, only: readonly Name[] | null, parts: Processes, say: Say): Promise<void> {
  if (parts.size === 0) return
  say('stopping')
  const deadline = performance.now() + DOWN_MS
  for (const name of stopOrder) await parts.get(name)?.stop(Math.min(PART_DOWN_MS, deadline - performance.now()))
  if (only) return say('stopped')
  const running = lastLook(config, (store) => store.list().filter(({ state }) => state === 'running').length)
  const left = await running.catch(() => undefined)
  if (left === undefined) say('stopped; what runs cannot be told, since the database cannot be read', 'bad')
  else if (left === 0) say('stopped; no preview was running')
  else say(`stopped; ${left === 1 ? '1 preview was' : `${left} previews were`} left running, the next start takes over`)
}

/** Logs that cannot be rotated are said to be, and no reason to stop serving. */
function tryToRotate(config: Config, only: readonly Name[] | null, say: Say): void {
  try {
    rotateLogs(path.join(config.dataDir, 'logs'), undefined, only)
  } catch (error) {
    say(`the logs could not be rotated: ${(error as Error).message}`, 'bad')
  }
}
