/**
 * A process that finds its database damaged or replaced ends at once: what it believes is no longer true. It would
 * route to another's container, or remove what is in use.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../config/config.ts'
import type { Log } from '../log.ts'
import { DAMAGED, isDamage, openStore, type Store } from './store.ts'
import { labelOf } from '../tag.ts'

/** After a change in its directory; and without one, since some file systems report none. */
const LOOK_MS = 250
const QUIET_LOOK_MS = 2_000

export function openOwnStore(
  config: Pick<
    Config,
    'dataDir' | 'slots' | 'domain' | 'transliterate' | 'hostForm' | 'repositories' | 'forge' | 'pairFallback'
  >,
  log: Log,
): Store {
  const end = (wrong: string) => endDamaged(wrong, log)
  const open = () => {
    try {
      return openStore(path.join(config.dataDir, 'lotan.sqlite'), {
        slots: config.slots,
        label: (id, service) => labelOf(id, config, service),
        forge: config.forge && { ...config.forge, fallback: config.pairFallback },
        log,
        onDamage: ({ message }) => end(message),
      })
    } catch (error) {
      if (isDamage(error)) end((error as Error).message)
      throw error
    }
  }
  const store = open()
  const look = () => {
    const wrong = store.wrong()
    if (wrong !== undefined) end(wrong)
  }
  const isWatched = watchDirectory(config.dataDir, look)
  setInterval(look, isWatched ? QUIET_LOOK_MS : LOOK_MS).unref()
  return store
}

/** Every commit is a change. @returns false where the kernel has no watch left */
function watchDirectory(dir: string, look: () => void): boolean {
  let due: NodeJS.Timeout | undefined
  const lookSoon = () => {
    due ??= setTimeout(() => {
      due = undefined
      look()
    }, LOOK_MS).unref()
  }
  try {
    fs.watch(dir, { persistent: false }, lookSoon).on('error', () => {})
    return true
  } catch {
    return false
  }
}

/** The launcher moves a damaged file aside and starts this process again. */
export function endDamaged(wrong: string, log: Log): never {
  log.error({ wrong }, 'the database is damaged or was replaced: ending, so that it is seen to')
  process.exit(DAMAGED)
}
