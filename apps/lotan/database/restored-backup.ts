/**
 * A file that no backup holds keeps how many slots were ever given out. A database that counts fewer is a restored
 * backup: it does not know which containers have those slots now.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { generationsOf } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import { eachSecond } from '../each-second.ts'
import { lastRead, watchStore } from './watch.ts'

/** Fixed width: the file is overwritten in place, which needs no room on a full disk. */
const DIGITS = 16

type Facts = Pick<Store, 'slotsGiven' | 'countSlotsFrom' | 'list' | 'facts'>

/**
 * Whether slots may have gone to other previews since. Ask before any process starts. Without the file only a database
 * that has counted no slots is trusted: a backup may have been restored into a new data directory.
 */
export function isRestoredBackup(config: Pick<Config, 'dataDir'>, store: Pick<Facts, 'slotsGiven' | 'list'>): boolean {
  const given = store.slotsGiven()
  const seen = read(fileOf(config)) ?? (given > 0 ? Infinity : 0)
  if (given >= seen) return false
  // Where no preview holds a slot, no route can lead to the wrong one: as after a lost database.
  return store.list().some((preview) => generationsOf(preview).some(({ slot }) => slot !== null))
}

/** @throws when file or database cannot be read or written */
export function raiseFileCounter(config: Pick<Config, 'dataDir'>, store: Pick<Facts, 'slotsGiven'>): void {
  const file = fileOf(config)
  const given = store.slotsGiven()
  if (given > (read(file) ?? 0)) write(file, given)
}

/** Raises a restored database's counter once the reaper has compared it with the engine. @throws as above */
export function raiseStoreCounter(
  config: Pick<Config, 'dataDir'>,
  store: Pick<Facts, 'slotsGiven' | 'countSlotsFrom' | 'facts'>,
) {
  const seen = read(fileOf(config)) ?? 0
  // One more: a backup with exactly this count would pass for the last one.
  if (store.slotsGiven() < seen && store.facts.get('compared')) store.countSlotsFrom(seen + 1)
}

/** Start it only after `compared` was reset. */
export function followSlotCounter(config: Config): void {
  const withDatabase = watchStore(config)
  const update = (store: Facts) => {
    raiseStoreCounter(config, store)
    raiseFileCounter(config, store)
  }
  eachSecond(() => withDatabase(update))
}

/** Failing to note it must not keep the launcher from ending. */
export async function noteFinalCounter(config: Config): Promise<void> {
  await lastRead(config, (store) => raiseFileCounter(config, store)).catch(() => {})
}

/** In the data directory: a run directory elsewhere may be lost at a reboot. */
function fileOf({ dataDir }: Pick<Config, 'dataDir'>): string {
  return path.join(dataDir, 'run', 'slots-given')
}

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
