/** The launcher's looks into the database: short ones, and one that lasts, of which it is its business to see it replaced. */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { labelOf } from '../../shared/tag.ts'

/** How long a file that was replaced is left to those who see to it. */
const PATIENCE_MS = 3_000
const LAST_LOOK_MS = 500

export function databaseOf(config: Pick<Config, 'dataDir'>): string {
  return path.join(config.dataDir, 'lotan.sqlite')
}

/** Opens the database (bringing its schema up to date), uses it, and closes it. */
export async function withStore<T>(config: Config, use: (store: Store) => T | Promise<T>): Promise<T> {
  const store = open(config)
  try {
    return await use(store)
  } finally {
    store.close()
  }
}

/** The looks that last. While the file is seen to none of them may have it open, or SQLite goes by what is in memory. */
const lasting = new Set<() => void>()
let seenTo = 0

/** Has nothing of this process look into the database while its file is seen to. */
export async function withoutLooks<T>(see: () => Promise<T>): Promise<T> {
  seenTo++
  for (const letGo of lasting) letGo()
  try {
    return await see()
  } finally {
    seenTo--
  }
}

/**
 * Looks into the database again and again, without opening it each time.
 * @returns what asks it; undefined where it cannot be read just now
 */
export function watchStore(config: Config): <T>(use: (store: Store) => T) => T | undefined {
  let store: Store | undefined
  let patience = 0
  const letGo = () => {
    store?.close()
    store = undefined
  }
  lasting.add(letGo)
  return (use) => {
    if (seenTo > 0) return undefined
    try {
      if (store?.wrong() !== undefined) {
        letGo()
        // Those who see to it are about to: a file that is opened before that would be begun anew here.
        patience = performance.now() + PATIENCE_MS
      }
      if (!store && (performance.now() < patience || !fs.existsSync(databaseOf(config)))) return undefined
      store ??= open(config)
      return use(store)
    } catch {
      return undefined
    }
  }
}

/**
 * The same as the launcher ends, when there may be anything in the place of the database: it is looked into as it is, and
 * nothing is waited for.
 * @throws where it cannot be read
 */
export function lastLook<T>(config: Config, use: (store: Store) => T): Promise<T> {
  return withoutLooks(async () => {
    if (!fs.statSync(databaseOf(config)).size) throw new Error('it is empty')
    const store = open(config, LAST_LOOK_MS)
    try {
      return use(store)
    } finally {
      store.close()
    }
  })
}

function open(config: Config, busyMs?: number): Store {
  return openStore(databaseOf(config), {
    busyMs,
    slots: config.slots,
    label: (tag) => labelOf(tag, config),
    log: openLog('lotan', 'warn'),
  })
}
