import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { labelOf } from '../../shared/tag.ts'

/** Leaves a replaced file alone for this long: the repair has to begin first. */
const PATIENCE_MS = 3_000
const LAST_READ_MS = 500

export function databaseOf(config: Pick<Config, 'dataDir'>): string {
  return path.join(config.dataDir, 'lotan.sqlite')
}

/** Opening migrates the schema. */
export async function withStore<T>(config: Config, use: (store: Store) => T | Promise<T>): Promise<T> {
  const store = open(config)
  try {
    return await use(store)
  } finally {
    store.close()
  }
}

/** Closed during a repair: while one is open, SQLite would reuse the old file's pages in memory. */
const watches = new Set<() => void>()
let repairs = 0

export async function withoutWatches<T>(repair: () => Promise<T>): Promise<T> {
  repairs++
  for (const close of watches) close()
  try {
    return await repair()
  } finally {
    repairs--
  }
}

/** Keeps the database open between reads, and notices a replaced file. Returns undefined while it cannot be read. */
export function watchStore(config: Config): <T>(use: (store: Store) => T) => T | undefined {
  let store: Store | undefined
  let pausedUntil = 0
  const close = () => {
    store?.close()
    store = undefined
  }
  watches.add(close)
  return (use) => {
    if (repairs > 0) return undefined
    try {
      if (store?.wrong() !== undefined) {
        close()
        // Opening it before the repair begins would make a new, empty database here.
        pausedUntil = performance.now() + PATIENCE_MS
      }
      if (!store && (performance.now() < pausedUntil || !fs.existsSync(databaseOf(config)))) return undefined
      store ??= open(config)
      return use(store)
    } catch {
      return undefined
    }
  }
}

/** The last read before the launcher ends: does not wait for locks or repairs. @throws when it cannot read */
export function lastRead<T>(config: Config, use: (store: Store) => T): Promise<T> {
  return withoutWatches(async () => {
    if (!fs.statSync(databaseOf(config)).size) throw new Error('it is empty')
    const store = open(config, LAST_READ_MS)
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
    label: (id) => labelOf(id, config),
    log: openLog('lotan', 'warn'),
  })
}
