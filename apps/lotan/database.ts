/** The launcher's looks into the database: short ones, and one that lasts, of which it is its business to see it replaced. */
import path from 'node:path'
import type { Config } from '../shared/config.ts'
import { openLog } from '../shared/log.ts'
import { openStore, type Store } from '../shared/store.ts'
import { labelOf } from '../shared/tag.ts'

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

/**
 * Looks into the database again and again, without opening it each time.
 * @returns what asks it; undefined where it cannot be read just now
 */
export function watchStore(config: Config): <T>(use: (store: Store) => T) => T | undefined {
  let store: Store | undefined
  return (use) => {
    try {
      if (store && !store.intact()) {
        store.close()
        store = undefined
      }
      store ??= open(config)
      return use(store)
    } catch {
      return undefined
    }
  }
}

function open(config: Config): Store {
  return openStore(databaseOf(config), {
    slots: config.slots,
    label: (tag) => labelOf(tag, config),
    log: openLog('lotan', 'warn'),
  })
}
