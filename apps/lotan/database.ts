/** The launcher's short looks into the database. It keeps none open, so that one that was replaced is no concern of its own. */
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
  const store = openStore(databaseOf(config), {
    slots: config.slots,
    label: (tag) => labelOf(tag, config),
    log: openLog('lotan', 'warn'),
  })
  try {
    return await use(store)
  } finally {
    store.close()
  }
}
