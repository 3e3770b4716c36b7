/** Starts a preview whose image is present: the start lane. The wait for its first answer holds no lane. */
import { setTimeout as sleep } from 'node:timers/promises'
import { urlOf } from '../../shared/config/config.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { In } from '../../shared/preview/preview.ts'
import { hostPortOf, hostPortText, type HostPort } from '../../shared/slots/slot-scheme.ts'
import { hostOf } from '../../shared/tag.ts'
import { awaitAnswer } from '../containers/await-answer.ts'
import { pendingOf, discard, isStillPending, type Pending } from './pending.ts'
import { createOptionsOf, portOf, type ContainerPlan } from '../containers/create-options.ts'
import { needsFirstProcess } from '../containers/first-process.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { isDue, makeRoom } from './capacity.ts'

/** How long to wait for a container of the same name whose removal is under way. */
const NAME_MS = 5_000
const NAME_AGAIN_MS = 50
/** Give up after this many occupied slots. */
const MOST_TRIES = 20
const OCCUPIED = Symbol('somebody else has the place of the slot')

type Starting = In<'queued'> | In<'starting'> | In<'running'>

export async function startPreview(parts: Dependencies, preview: Starting): Promise<Outcome> {
  const coming = pendingOf(preview) ?? begin(parts, preview)
  if (!coming) return preview.state === 'running' ? undefined : void (await makeRoom(parts, preview.tag))
  const began = Date.now()
  const up = await bringUp(parts, coming)
  if (!up) return undefined
  const { tag, generation } = up.coming
  parts.log.info(
    { tag, generation: generation.number, slot: generation.slot, ms: Date.now() - began },
    'container started',
  )
  return { beside: awaitAnswer(parts, up.coming, up.container, up.plan) }
}

function begin({ store, config }: Dependencies, preview: Starting): Pending | undefined {
  const { tag, image } = preview
  if (!image || (preview.state === 'queued' && !isDue(preview, Date.now()))) return undefined
  const port = portOf(image, config.containerPort)
  const begun =
    preview.state === 'running'
      ? store.apply(tag, { type: 'replace', port })
      : store.apply(tag, { type: 'begin', places: config.maxRunning, port })
  return begun && pendingOf(begun)
}

type Up = { coming: Pending; container: string; plan: ContainerPlan }

/** Starts the kept container if it still fits, or a new one. */
async function bringUp(parts: Dependencies, coming: Pending, tries = 0): Promise<Up | undefined> {
  const { store, engine, network, config } = parts
  const { tag, image, generation } = coming
  const place = hostPortOf(await network.places(), generation)
  const program = await engine.programOf(image.id)
  if (!program) return void store.apply(tag, { type: 'imageGone' })
  const host = hostOf(tag, config)
  const plan = createOptionsOf({
    config,
    tag,
    generation: generation.number,
    image,
    program,
    insists: needsFirstProcess(store.meta, image.id),
    port: generation.port,
    place,
    groupParent: await engine.groupParent(),
    host,
    url: urlOf(host, config),
  })

  const kept = generation.container && (await startKept(parts, coming, generation.container, plan, place))
  const container = kept || (await startNew(parts, coming, plan, place).catch(unlessOccupied))
  if (container === OCCUPIED) return elsewhere(parts, coming, place, tries)
  if (!container) return undefined
  // After a restart of Lotan this may have been committed before.
  if (coming.waiting === undefined) store.apply(tag, { type: 'started', generation: generation.number })
  return { coming, container, plan }
}

function unlessOccupied(error: unknown): typeof OCCUPIED {
  if (error instanceof EngineError && error.code === 'occupied') return OCCUPIED
  throw error
}

/** Another program has the slot's port or address: try another slot. */
async function elsewhere(
  parts: Dependencies,
  coming: Pending,
  place: HostPort,
  tries: number,
): Promise<Up | undefined> {
  const { store, log } = parts
  const { tag, generation } = coming
  if (!isStillPending(parts, coming)) return undefined
  await discard(parts, coming)
  const moved = tries < MOST_TRIES && store.apply(tag, { type: 'slotTaken', generation: generation.number })
  const again = moved && pendingOf(moved)
  if (!again) throw new EngineError('start-failed', `${hostPortText(place)} is in use, and so were others before it`)
  log.warn({ tag, slot: generation.slot, place: hostPortText(place) }, 'somebody else has the place of a slot')
  return bringUp(parts, again, tries + 1)
}

/** Keeps its files. @returns undefined where it cannot be used (it is removed then), or the start was cancelled */
async function startKept(
  parts: Dependencies,
  coming: Pending,
  id: string,
  plan: ContainerPlan,
  place: HostPort,
): Promise<string | undefined> {
  const { engine, log } = parts
  const found = await engine.inspect(id)
  if (!found) return undefined
  const isPlaced = place.address === null || found.address === place.address
  const fits =
    found.labels['lotan.spec'] === plan.spec &&
    found.published === place.published &&
    ['created', 'exited', 'running'].includes(found.status)
  if (fits && found.running && isPlaced) return id
  // It ran and has ended: `awaitAnswer` finds out how.
  if (fits && !found.running && coming.waiting !== undefined) return id
  try {
    if (fits && !found.running) {
      if (!isPlaced) await engine.moveTo(id, place.address)
      const quota = plan.options.HostConfig!.CpuQuota!
      // It may have been throttled for forking.
      if (found.cpuQuota !== quota) await engine.allowCpu(id, quota)
      if (!isStillPending(parts, coming)) return undefined
      await start(parts, id, place)
      return id
    }
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'engine-down' || error.code === 'disk-full') throw error
    log.warn({ tag: coming.tag, container: id.slice(0, 12), error: error.message }, 'kept container cannot be started')
  }
  if (isStillPending(parts, coming)) await engine.remove(id)
  return undefined
}

async function startNew(
  parts: Dependencies,
  coming: Pending,
  plan: ContainerPlan,
  place: HostPort,
): Promise<string | undefined> {
  const { store, engine } = parts
  const { tag, generation } = coming
  if (!isStillPending(parts, coming)) return undefined
  const container = await create(parts, plan).catch((error: unknown) => {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    store.apply(tag, { type: 'imageGone' })
  })
  if (!container) return undefined
  // Cancelled during the create: it must not start.
  if (!store.apply(tag, { type: 'created', generation: generation.number, container })) {
    await engine.remove(container)
    return undefined
  }
  await start(parts, container, place)
  return container
}

async function create({ engine, log }: Dependencies, plan: ContainerPlan): Promise<string> {
  const name = plan.options.name!
  for (const end = Date.now() + NAME_MS; ; await sleep(NAME_AGAIN_MS)) {
    try {
      return await engine.create(plan.options)
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'taken' || Date.now() >= end) throw error
    }
    // Left by an interrupted start, or under removal. The name carries the instance, so no other program owns it.
    await engine.remove(name)
    log.info({ container: name }, 'stray container of the same name removed')
  }
}

async function start({ engine, network }: Dependencies, id: string, { address }: HostPort): Promise<void> {
  try {
    await engine.start(id)
  } catch (error) {
    // "network … not found": another program pruned it.
    if (!(error instanceof EngineError) || error.code !== 'missing' || !(await engine.inspect(id))) throw error
    await network.ensure()
    await engine.moveTo(id, address)
    await engine.start(id)
  }
}
