/** What an idle Lotan takes of the machine. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog } from '../../shared/log.ts'
import { openStore } from '../../shared/store/store.ts'
import { containersWith } from '../../testing/harness/docker.ts'
import type { Lotan } from '../../testing/harness/lotan.ts'
import { familyOf, memoryOf, processes, processorTimeOf } from '../../testing/harness/processes.ts'

const SECONDS = 45
/** Until what the last start has left behind is done. */
const SETTLE_MS = 30_000

export interface Idle {
  /** Of the launcher and all that it started. */
  percentOfACore: number
  megabytes: number
}

/** While it measures it does nothing itself. */
export async function whileIdle(lotan: Lotan): Promise<Idle> {
  await sleep(SETTLE_MS)
  const used = () => familyOf(lotan.launcher()).reduce((all, { pid }) => all + processorTimeOf(pid), 0)
  const before = used()
  const began = performance.now()
  await sleep(SECONDS * 1_000)
  const seconds = (performance.now() - began) / 1_000
  return { percentOfACore: ((used() - before) / seconds) * 100, megabytes: ownMemoryOf(lotan.launcher()) }
}

/** The engine's shim, and what sleeps in it. @returns megabytes of each sandbox */
export async function memoryOfSandboxes(lotan: Lotan): Promise<number[]> {
  const containers = await containersWith(`lotan.instance=${lotan.config.instance}`)
  const shims = processes().filter(({ command }) => command.split(' ')[0]!.includes('containerd-shim'))
  return containers
    .filter(({ Labels, State }) => 'lotan.sandbox' in Labels && State === 'running')
    .map(({ Id }) => ownMemoryOf(shims.find(({ command }) => command.includes(Id))!.pid))
}

/** Ends Lotan, since only then all of it is in one file. @returns bytes */
export async function databaseSize(lotan: Lotan): Promise<number> {
  lotan.letGo()
  await lotan.end()
  return fs.statSync(path.join(lotan.config.dataDir, 'lotan.sqlite')).size
}

/** Bytes of a database that knows nothing yet. */
export function emptyDatabaseSize(): number {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-empty-'))
  const file = path.join(dir, 'lotan.sqlite')
  openStore(file, { slots: 1, label: String, log: openLog('bench', 'silent') }).close()
  const { size } = fs.statSync(file)
  fs.rmSync(dir, { recursive: true })
  return size
}

function ownMemoryOf(pid: number): number {
  return familyOf(pid).reduce((all, process) => all + memoryOf(process.pid).own, 0) / 2 ** 20
}
