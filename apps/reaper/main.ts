/** The reaper: compares what runs with what is wanted, and asks for what is due. It changes nothing itself. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openApp } from '../shared/app.ts'
import { nextBeat } from '../shared/beat.ts'
import type { Repository } from '../shared/repository.ts'
import { idOf, logFields, NAMELESS, type PreviewId } from '../shared/preview/preview-id.ts'
import { sampleConnections } from '../shared/slots/connections.ts'
import { sampleWhenMoved } from '../shared/slots/packets.ts'
import { EngineError, openEngine } from '../shared/engine/engine.ts'
import { slotSchemeIn } from '../shared/slots/slot-scheme.ts'
import { openRegistries } from '../shared/registry/registries.ts'
import { waitUntilReady } from './wait-until-ready.ts'
import { openClockWatch } from './watch/clock.ts'
import { watchConnections } from './watch/connections.ts'
import { retryForever } from '../shared/retry-forever.ts'
import { checkUpdates } from './check-updates.ts'
import { hearPushes } from './hear-pushes.ts'
import { readChangeImages, readImage } from './read-change-images.ts'
import { openFigures } from './figures.ts'
import { openListAsks } from './list-asks.ts'
import { sampleUsage } from './sample-usage.ts'
import { syncTags } from './sync-tags.ts'
import { openTraffic } from './traffic.ts'
import type { ReaperContext } from './context.ts'
import { openApplyPlan } from './apply-plan.ts'
import { openPass } from './pass.ts'
import { serveHttp } from './http.ts'
import { watchDatabase } from './watch/database.ts'
import { watchDisk } from './watch/disk.ts'
import { watchEngine } from './watch/engine.ts'
import { watchRegistry } from './watch/registry.ts'

const TICK_MS = 1_000
const COMPARE_MS = 10_000
const SLOTS_MS = 50
const KEEP_ROOM_MS = 60_000
/** How long the history of a removed tag is kept, and how often it is trimmed. */
const HISTORY_MS = 30 * 24 * 60 * 60_000
const FORGET_EVERY_MS = 24 * 60 * 60_000

const app = openApp('reaper')
const { config, log, store, signal } = app
const engine = openEngine(config)
const context: ReaperContext = { ...app, engine, registryOf: openRegistries(config) }
const traffic = openTraffic()
const reap = openApplyPlan(context)

const lookEvery = Math.min(2_000, (config.pauseAfter ?? config.stopAfter) / 5)
const connections = watchConnections({ ...context, sample: sampleWhenMoved(sampleConnections) }, lookEvery, signal)
const lists = config.repositories.map(openList)
const watched = () => ({
  open: connections.open() ?? null,
  updatesAt: earliest(lists.map(({ nextRound }) => nextRound)),
})
const figures = openFigures(context)
const server = await serveHttp(path.join(config.runDir, 'reaper.sock'), {
  ...context,
  figures,
  asks: (repository) => lists.find(({ name }) => name === repository)?.asks,
  instance: config.instance,
  watched,
  registryHealth: () => Object.fromEntries(lists.map(({ name, seen }) => [name, seen.health()])),
  traffic,
})
app.atEnd(() => {
  server.close()
  server.closeAllConnections()
})
reap.removeUnlisted()
const pass = openPass({ ...context, reap, connections, wasStepped: openClockWatch() })
const going = (what: string, watch: () => Promise<void>) => void retryForever(what, log, signal, watch)
going('disk', () => watchDisk(context, signal))
going('engine', () => watchEngine({ ...context, reap, compare }, signal))
const ready = () => waitUntilReady(config, signal)
// Each by itself: a registry that is down, slow or limits its callers leaves the others alone.
for (const list of lists) {
  const { name, asks, seen, registry } = list
  const of = { ...context, repository: name, registry }
  going(named('tags', name), () =>
    syncTags({ ...of, registry: seen.registry, asks, ready }, config.refreshEvery, signal),
  )
  going(named('newest', name), () => checkUpdates(of, config.refreshEvery, signal, (at) => void (list.nextRound = at)))
}
// Without a forge there are no changes: nothing looks for any.
for (const { name } of config.forge ? lists : [])
  going(named('images of changes', name), () =>
    readChangeImages({ ...context, repository: name }, config.refreshEvery, signal),
  )
going('pushes', () => hearPushes({ ...context, seen: noteChangeImage }, signal))
going('dues', tickForever)
going('comparing', compareForever)
going('room', keepRoom)
going('usage', () => sampleUsage({ ...context, engine: figures, traffic }, signal))
going('damage', () => watchDatabase(context, signal))
log.info({ stopAfter: config.stopAfter, rmiAfter: config.rmiAfter }, 'reaper is ready')

function openList({ name }: Repository) {
  const registry = context.registryOf(idOf({ repository: name, tag: 'any' }))
  return { name, registry, asks: openListAsks(), seen: watchRegistry(registry), nextRound: null as number | null }
}

/** Where it is one's. The next round reads it again where this fails. */
function noteChangeImage(id: PreviewId, digest: string): void {
  if (!config.forge || store.changes.ofPreview(id).length === 0) return
  void readImage(context, id, digest).catch((error: unknown) =>
    log.warn({ ...logFields(id), error: String(error) }, 'the image of a change cannot be read'),
  )
}

function named(what: string, repository: string): string {
  return repository === NAMELESS ? what : `${what} of ${repository}`
}

function earliest(times: (number | null)[]): number | null {
  const known = times.filter((at) => at !== null)
  return known.length > 0 ? Math.min(...known) : null
}

async function tickForever(): Promise<void> {
  while (!signal.aborted) {
    await pass(null)
    await nextBeat(TICK_MS, signal)
  }
}

async function compareForever(): Promise<void> {
  // After a lost database, adoption waits for the slots, and comes before a click gets a new container made.
  while (!signal.aborted && !slotSchemeIn(store.facts)) await sleep(SLOTS_MS, undefined, { signal }).catch(() => {})
  while (!signal.aborted) {
    // watch/engine.ts reports that the engine is down.
    await compare().catch(ignoreEngineError)
    const began = performance.now()
    const elapsed = () => performance.now() - began
    do await nextBeat(TICK_MS, signal)
    while (!signal.aborted && elapsed() < COMPARE_MS && isCompared())
  }
}

/** nginx may start once all routes were compared; a launcher resets this to request another comparison. */
function isCompared(): boolean {
  return store.facts.get('compared') ?? false
}

async function keepRoom(): Promise<void> {
  for (let forgotAt = 0; !signal.aborted;) {
    store.keepRoom()
    const now = Date.now()
    if (Math.abs(now - forgotAt) >= FORGET_EVERY_MS) {
      store.forgetHistory(now - HISTORY_MS)
      store.forgetMemories(now - HISTORY_MS)
      forgotAt = now
    }
    await sleep(KEEP_ROOM_MS, undefined, { signal }).catch(() => {})
  }
}

/** @throws EngineError, and then nothing is concluded about any container */
async function compare(): Promise<void> {
  const listedAt = Date.now()
  const { containers, services } = await engine.listBoth()
  const isWhole = await pass(containers, listedAt, services)
  if (!isWhole || isCompared()) return
  store.facts.set('compared', true)
  // After a rebuild of the database under a running Lotan, the router lets no request in before this.
  if (store.facts.get('rebuilding')) {
    store.facts.forget('rebuilding')
    log.info({ previews: store.list().length }, 'the database was rebuilt from running containers')
  }
}

function ignoreEngineError(error: unknown) {
  if (!(error instanceof EngineError)) throw error
}
