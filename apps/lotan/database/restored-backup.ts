/**
 * Whether the database is older than what Lotan did last: a back-up that was restored. A file beside it, which no back-up
 * has, keeps how many slots were ever given out; a database that tells of fewer does not know what runs at its slots now.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { generationsOf } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import { lastLook, watchStore } from './watch.ts'

const EVERY_MS = 1_000
/** Always as long: it is written over in place, which takes no room of a full disk. */
const DIGITS = 16

/** The facts of the database that are asked. */
type Asked = Pick<Store, 'slotsGiven' | 'countSlotsFrom' | 'list' | 'meta'>

/**
 * Whether what the database says of its slots may be wrong: they may have been given to others since. To be asked before
 * any part of Lotan is started.
 *
 * Where the file is not there nobody can tell: the data directory is a new one, into which a back-up was restored, or its
 * `run` was removed. Only a database in which an earlier Lotan counted nothing is taken for the last one then.
 */
export function isRestoredBackup(config: Pick<Config, 'dataDir'>, store: Pick<Asked, 'slotsGiven' | 'list'>): boolean {
  const given = store.slotsGiven()
  const seen = read(fileOf(config)) ?? (given > 0 ? Infinity : 0)
  if (given >= seen) return false
  // With nobody at a slot there is no route to lead astray, as in the new one after a database was lost.
  return store.list().some((preview) => generationsOf(preview).some(({ slot }) => slot !== null))
}

/** Has the file say what the database says, where that is more. @throws where one of them cannot be read or written */
export function noteSlots(config: Pick<Config, 'dataDir'>, store: Pick<Asked, 'slotsGiven'>): void {
  const file = fileOf(config)
  const given = store.slotsGiven()
  if (given > (read(file) ?? 0)) write(file, given)
}

/** Has a database that was older count as the last one when it was compared with what runs. @throws likewise */
export function catchUp(config: Pick<Config, 'dataDir'>, store: Pick<Asked, 'slotsGiven' | 'countSlotsFrom' | 'meta'>) {
  const seen = read(fileOf(config)) ?? 0
  // One more, so that a back-up of that very number, from before, is an older one too.
  if (store.slotsGiven() < seen && store.meta.get('compared') === 'yes') store.countSlotsFrom(seen + 1)
}

/** Both, every second, for as long as the launcher lives. To be called when nobody takes it for compared any more. */
export function followSlots(config: Config): void {
  const look = watchStore(config)
  const see = (store: Asked) => {
    catchUp(config, store)
    noteSlots(config, store)
  }
  setInterval(() => look(see), EVERY_MS).unref()
}

/** What was given out since, as the launcher ends. Where that cannot be noted, it is no reason to stay. */
export async function noteLastSlots(config: Config): Promise<void> {
  await lastLook(config, (store) => noteSlots(config, store)).catch(() => {})
}

/** Not in the directory for sockets, which may be one of those that do not outlive a reboot. */
function fileOf({ dataDir }: Pick<Config, 'dataDir'>): string {
  return path.join(dataDir, 'run', 'slots-given')
}

/** @returns undefined where there is none, or nothing that can be read */
function read(file: string): number | undefined {
  try {
    const text = fs.readFileSync(file, 'utf8')
    return /^\d+\n$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}

function write(file: string, given: number) {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const opened = fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_CREAT, 0o600)
  try {
    fs.writeSync(opened, `${String(given).padStart(DIGITS, '0')}\n`, 0)
  } finally {
    fs.closeSync(opened)
  }
}
