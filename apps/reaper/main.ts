/** The reaper: reads what runs, compares it with what is wanted, and asks for what is due. It changes nothing itself. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openApp } from '../shared/app.ts'
import { sampleConnections } from '../shared/slots/connections.ts'
import { EngineError, openEngine, type Container } from '../shared/engine/engine.ts'
import { slotSchemeIn } from '../shared/slots/slot-scheme.ts'
import { openRegistry } from '../shared/registry/registry.ts'
import { waitUntilReady } from './wait-until-ready.ts'
import { watchConnections } from './watch-connections.ts'
import { retryForever } from './retry-forever.ts'
import { checkUpdates } from './check-updates.ts'
import { syncTags } from './sync-tags.ts'
import type { ReaperContext } from './context.ts'
import { plan } from './plan.ts'
import { openApplyPlan } from './apply-plan.ts'
import { serveHttp } from './http.ts'
import { watchDatabase } from './watch-database.ts'
import { watchDisk } from './watch-disk.ts'
import { watchEngine } from './watch-engine.ts'

const TICK_MS = 1_000
/** How often everything that runs is compared with everything that is wanted. */
const COMPARE_MS = 10_000
const PLACES_MS = 50
const KEEP_ROOM_MS = 60_000
/** What is told of a removed tag is kept for so long, and how often that is looked at. */
const HISTORY_MS = 30 * 24 * 60 * 60_000
const FORGET_EVERY_MS = 24 * 60 * 60_000

const app = openApp('reaper')
const { config, log, store, signal } = app
const engine = openEngine(config)
const context: ReaperContext = { ...app, engine, registry: openRegistry(config) }
const reap = openApplyPlan(context)

const server = await serveHttp(path.join(config.runDir, 'reaper.sock'), { ...context, instance: config.instance })
app.atEnd(() => {
  server.close()
  server.closeAllConnections()
})
reap.removeOthers()
const going = (what: string, watch: () => Promise<void>) => void retryForever(what, log, signal, watch)
going('disk', () => watchDisk(context, signal))
going('engine', () => watchEngine({ ...context, reap, compare }, signal))
const ready = () => waitUntilReady(config, signal)
going('tags', () => syncTags({ ...context, ready }, config.refreshEvery, signal))
going('newest', () => checkUpdates(context, config.refreshEvery, signal))
const lookEvery = Math.min(2_000, (config.pauseAfter ?? config.stopAfter) / 5)
const { isOpen, knownUntil } = watchConnections({ ...context, sample: sampleConnections }, lookEvery, signal)
going('dues', lookAgainAndAgain)
going('comparing', compareAgainAndAgain)
going('room', keepRoom)
going('damage', () => watchDatabase(context, signal))
log.info({ stopAfter: config.stopAfter, rmiAfter: config.rmiAfter }, 'reaper is ready')

/** What is due by the clock alone; it never waits for the engine. */
async function lookAgainAndAgain(): Promise<void> {
  while (!signal.aborted) {
    await doWhatIsDue(null)
    await sleep(TICK_MS, undefined, { signal }).catch(() => {})
  }
}

async function compareAgainAndAgain(): Promise<void> {
  // After a lost database nothing can be taken over until it is known where slots are; then it is done at once, before
  // somebody asks for what runs and gets a container made anew.
  while (!signal.aborted && !slotSchemeIn(store.meta)) await sleep(PLACES_MS, undefined, { signal }).catch(() => {})
  while (!signal.aborted) {
    // That the engine is away is said by who listens to it.
    await compare().catch(unlessOfTheEngine)
    const began = performance.now()
    const passed = () => performance.now() - began
    while (!signal.aborted && passed() < COMPARE_MS && (isCompared() || passed() < TICK_MS))
      await sleep(PLACES_MS, undefined, { signal }).catch(() => {})
  }
}

/** Whether nginx may be started: a launcher that is about to do so asks, by setting this back. */
function isCompared(): boolean {
  return store.meta.get('compared') === 'yes'
}

/** So that a full disk leaves room for what frees it, and the database does not grow for ever. */
async function keepRoom(): Promise<void> {
  for (let forgotAt = 0; !signal.aborted;) {
    store.keepRoom()
    const now = Date.now()
    if (Math.abs(now - forgotAt) >= FORGET_EVERY_MS) {
      store.forgetHistory(now - HISTORY_MS)
      forgotAt = now
    }
    await sleep(KEEP_ROOM_MS, undefined, { signal }).catch(() => {})
  }
}

/** Holds what runs against what is wanted. @throws EngineError, and then nothing is concluded of any container */
async function compare(): Promise<void> {
  const askedAt = Date.now()
  const isWhole = await doWhatIsDue(await engine.list(), askedAt)
  if (!isWhole || isCompared()) return
  store.meta.set('compared', 'yes')
  // Where the database was begun anew while Lotan ran, the router lets nobody in before this.
  if (store.meta.get('rebuilding')) {
    store.meta.set('rebuilding', '')
    log.info({ previews: store.list().length }, 'the database is rebuilt from what runs')
  }
}

/**
 * The rows are read after the containers: a row that is ahead of the engine is one that somebody works on.
 * @returns whether no route is left that leads elsewhere, as far as these containers tell
 */
async function doWhatIsDue(containers: Container[] | null, askedAt = 0): Promise<boolean> {
  const room = config.maxRunning - store.places()
  const places = slotSchemeIn(store.meta)
  const previews = store.list()
  // After the rows, or one that came in between would be of a time to come.
  const now = Date.now()
  const facts = {
    previews,
    containers,
    askedAt,
    places,
    isOpen,
    knownUntil: knownUntil(),
    room,
    lastGeneration: store.lastGeneration,
    config,
  }
  return (await reap.all(plan(facts, now), now)) && places !== undefined
}

function unlessOfTheEngine(error: unknown) {
  if (!(error instanceof EngineError)) throw error
}
