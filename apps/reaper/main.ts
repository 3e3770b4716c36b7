/** The reaper: reads what runs, compares it with what is wanted, and asks for what is due. It changes nothing itself. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../shared/config.ts'
import { movedBetween, sampleConnections, type Connection } from '../shared/connections.ts'
import { openEngine, type Container } from '../shared/engine.ts'
import { openLog } from '../shared/log.ts'
import { openQueue } from '../shared/queue.ts'
import { openRegistry } from '../shared/registry.ts'
import { addressOf } from '../shared/slots.ts'
import { openStore } from '../shared/store.ts'
import { labelOf } from '../shared/tag.ts'
import { keepOffered } from './offered.ts'
import { plan } from './plan.ts'
import { openReap } from './reap.ts'
import { serve } from './serve.ts'
import { watchEngine } from './watch-engine.ts'

const TICK_MS = 1_000
/** How often everything that runs is compared with everything that is wanted. */
const COMPARE_MS = 10_000

const config = readConfig()
const log = openLog('reaper')
const store = openStore(path.join(config.dataDir, 'lotan.sqlite'), {
  slots: config.slots,
  label: (tag) => labelOf(tag, config),
  log,
})
const nudges = openQueue(config, log)
const engine = openEngine(config)
const reap = openReap({ config, store, nudges, engine, log })
const ending = new AbortController()
const { signal } = ending

const server = await serve(path.join(config.runDir, 'reaper.sock'), { instance: config.instance, engine, store, log })
let comparedAt = 0
void watchEngine({ engine, store, reap, compare: () => (comparedAt = 0), log }, signal)
void keepOffered({ registry: openRegistry(config), store, log }, config.refreshEvery, signal)
void noteOpenConnections(Math.min(2_000, config.stopAfter / 5))
void look()
log.info({ stopAfter: config.stopAfter, rmiAfter: config.rmiAfter }, 'reaper is ready')

process.once('SIGTERM', () => {
  ending.abort()
  server.close()
  server.closeAllConnections()
  void nudges.close().finally(() => process.exit(0))
  setTimeout(() => process.exit(0), 1_000).unref()
})

async function look(): Promise<void> {
  while (!signal.aborted) {
    if (!store.intact()) {
      log.error('the database file was replaced or removed')
      process.exit(1)
    }
    const containers = await readEngine(Date.now())
    const now = Date.now()
    // The rows are read after the containers: a row that is ahead of the engine is one that somebody works on.
    const previews = store.list()
    const actions = plan({ previews, containers, room: config.maxRunning - store.places(), hadRow, config }, now)
    await reap.all(actions, now)
    await sleep(TICK_MS, undefined, { signal }).catch(() => {})
  }
}

/** Null between two comparisons, and when the engine does not answer: then nothing can be said of its containers. */
async function readEngine(now: number): Promise<Container[] | null> {
  if (now - comparedAt < COMPARE_MS) return null
  const containers = await engine.list().catch(() => null)
  if (containers) comparedAt = now
  return containers
}

function hadRow(tag: string): boolean {
  return store.history(tag, 1).length > 0
}

/** Bytes that move on an open connection are activity, whoever moves them; an open connection alone is not. */
async function noteOpenConnections(every: number): Promise<void> {
  let before: Connection[] = []
  while (!signal.aborted) {
    const subnet = store.meta.get('subnet')
    const running = store.list().filter((preview) => preview.state === 'running')
    if (subnet && running.length > 0) {
      const after = await sampleConnections(subnet).catch((error: unknown) => {
        log.warn({ err: error }, 'the open connections could not be read')
        return []
      })
      const moved = movedBetween(before, after)
      const now = Date.now()
      store.touch(
        running
          .filter(({ generation }) => moved.has(addressOf(subnet, generation.slot)))
          .map(({ tag }) => [tag, now] as [string, number]),
      )
      before = after
    }
    await sleep(every, undefined, { signal }).catch(() => {})
  }
}
