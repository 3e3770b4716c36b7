import { readConfig, type Config } from './config/config.ts'
import { openLog, type Log } from './log.ts'
import { openQueue, type Nudges } from './queue.ts'
import { openOwnStore } from './store/own-store.ts'
import type { Store } from './store/store.ts'

export interface App {
  config: Config
  log: Log
  store: Store
  nudges: Nudges
  /** Aborts at SIGTERM: loops look at it. */
  signal: AbortSignal
  /** Closed at SIGTERM, all at once. */
  atEnd: (close: () => unknown) => void
}

/** What is still under way then goes on from the database at the next start. The launcher kills after 1.5 s. */
const END_WITHIN_MS = 800

export function openApp(name: 'router' | 'queue-processor' | 'reaper' | 'forge' | 'shell'): App {
  const config = readConfig()
  const log = openLog(name)
  const store = openOwnStore(config, log)
  const nudges = openQueue(config, log)
  const ending = new AbortController()
  const closers: (() => unknown)[] = [() => nudges.close()]

  process.once('SIGTERM', () => {
    ending.abort()
    setTimeout(() => process.exit(0), END_WITHIN_MS).unref()
    void Promise.allSettled(closers.map(async (close) => close())).then(() => process.exit(0))
  })

  return { config, log, store, nudges, signal: ending.signal, atEnd: (close) => void closers.push(close) }
}
