/**
 * The database as Lotan's own parts have it: a process that finds it damaged, or not the one any more that it opened, ends at
 * once. What it would go on to do, it would do by what is no longer true: route to another's container, sweep what is in
 * use.
 */
import path from 'node:path'
import type { Config } from '../config/config.ts'
import type { Log } from '../log.ts'
import { DAMAGED, isDamage, openStore, type Store } from './store.ts'
import { labelOf } from '../tag.ts'

const LOOK_MS = 250

/** Opens the data directory's database, and watches its files as long as this process lives. */
export function openOwnStore(config: Pick<Config, 'dataDir' | 'slots' | 'domain' | 'transliterate'>, log: Log): Store {
  const end = (wrong: string) => endDamaged(wrong, log)
  const open = () => {
    try {
      return openStore(path.join(config.dataDir, 'lotan.sqlite'), {
        slots: config.slots,
        label: (id) => labelOf(id, config),
        log,
        onDamage: ({ message }) => end(message),
      })
    } catch (error) {
      if (isDamage(error)) end((error as Error).message)
      throw error
    }
  }
  const store = open()
  setInterval(() => {
    const wrong = store.wrong()
    if (wrong !== undefined) end(wrong)
  }, LOOK_MS).unref()
  return store
}

/** Ends this process at once: the launcher moves a damaged file aside and starts it again. */
export function endDamaged(wrong: string, log: Log): never {
  log.error({ wrong }, 'the database is damaged or was replaced: ending, so that it is seen to')
  process.exit(DAMAGED)
}
