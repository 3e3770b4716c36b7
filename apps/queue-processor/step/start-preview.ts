/** The wait for the first answer holds no lane. */
import { setTimeout as sleep } from 'node:timers/promises'
import { urlOf } from '../../shared/config/config.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { isOutdated, type In } from '../../shared/preview/preview.ts'
import { hostPortOf, hostPortText, type HostPort } from '../../shared/slots/slot-scheme.ts'
import { hostOf } from '../../shared/tag.ts'
import { awaitAnswer } from '../containers/await-answer.ts'
import { pendingOf, discard, isStillPending, type Pending } from './pending.ts'
import { createOptionsOf, portOf, type ContainerPlan } from '../containers/create-options.ts'
import { needsFirstProcess } from '../containers/first-process.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { isDue, freeCapacity } from './capacity.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'

/** How long to wait for a container of the same name whose removal is under way. */
const NAME_MS = 5_000
const NAME_AGAIN_MS = 50
const MAX_OCCUPIED_SLOTS = 20
const OCCUPIED = Symbol('occupied')

type Starting = In<'queued'> | In<'starting'> | In<'running'>

export async function startPreview(deps: Dependencies, preview: Starting): Promise<Outcome> {
  const pending = pendingOf(preview) ?? claimSlot(deps, preview)
  if (!pending) return preview.state === 'running' ? undefined : void (await freeCapacity(deps, idOf(preview)))
  const began = Date.now()
  const started = await runContainer(deps, pending)
  if (!started) return undefined
  const { id, generation } = started.pending
  deps.log.info(
    { ...logFields(id), generation: generation.number, slot: generation.slot, ms: Date.now() - began },
    'container started',
  )
  return { background: awaitAnswer(deps, started.pending, started.container, started.plan) }
}

export async function replaceOutdated(deps: Dependencies, preview: In<'running'>): Promise<Outcome> {
  return preview.pending || isOutdated(preview) ? startPreview(deps, preview) : undefined
}

function claimSlot({ store, config }: Dependencies, preview: Starting): Pending | undefined {
  const { image } = preview
  const id = idOf(preview)
  if (!image || (preview.state === 'queued' && !isDue(preview, Date.now()))) return undefined
  const port = portOf(image, config.containerPort)
  const begun =
    preview.state === 'running'
      ? store.apply(id, { type: 'replace', port })
      : store.apply(id, { type: 'begin', places: config.maxRunning, port })
  return begun && pendingOf(begun)
}

type StartedContainer = { pending: Pending; container: string; plan: ContainerPlan }

async function runContainer(deps: Dependencies, pending: Pending, tries = 0): Promise<StartedContainer | undefined> {
  const { store, engine, network, config } = deps
  const { id, image, generation } = pending
  const hostPort = hostPortOf(await network.slotScheme(), generation)
  const program = await engine.programOf(image.id)
  if (!program) return void store.apply(id, { type: 'imageGone' })
  const host = hostOf(id, config)
  const plan = createOptionsOf({
    config,
    id,
    generation: generation.number,
    image,
    program,
    needsFirstProcess: needsFirstProcess(store.facts, image.id),
    port: generation.port,
    hostPort,
    groupParent: await engine.groupParent(),
    host,
    url: urlOf(host, config),
  })

  const kept = generation.container && (await startKept(deps, pending, generation.container, plan, hostPort))
  const container = kept || (await startNew(deps, pending, plan, hostPort).catch(catchOccupied))
  if (container === OCCUPIED) return tryAnotherSlot(deps, pending, hostPort, tries)
  if (!container) return undefined
  // After a restart of Lotan this may have been committed before.
  if (pending.waiting === undefined) store.apply(id, { type: 'started', generation: generation.number })
  return { pending, container, plan }
}

function catchOccupied(error: unknown): typeof OCCUPIED {
  if (error instanceof EngineError && error.code === 'occupied') return OCCUPIED
  throw error
}

async function tryAnotherSlot(
  deps: Dependencies,
  pending: Pending,
  hostPort: HostPort,
  tries: number,
): Promise<StartedContainer | undefined> {
  const { store, log } = deps
  const { id, generation } = pending
  if (!isStillPending(deps, pending)) return undefined
  await discard(deps, pending)
  const withSlot = tries < MAX_OCCUPIED_SLOTS && store.apply(id, { type: 'slotTaken', generation: generation.number })
  const retry = withSlot && pendingOf(withSlot)
  if (!retry) throw new EngineError('start-failed', `${hostPortText(hostPort)} is in use, and so were others before it`)
  log.warn(
    { ...logFields(id), slot: generation.slot, place: hostPortText(hostPort) },
    'another program uses the address or port of a slot, trying another slot',
  )
  return runContainer(deps, retry, tries + 1)
}

/** Keeps its files. @returns undefined where it cannot be used (it is removed then), or the start was cancelled */
async function startKept(
  deps: Dependencies,
  pending: Pending,
  id: string,
  plan: ContainerPlan,
  hostPort: HostPort,
): Promise<string | undefined> {
  const { engine, log } = deps
  const found = await engine.inspect(id)
  if (!found) return undefined
  const isAtAddress = hostPort.address === null || found.address === hostPort.address
  const fits =
    found.labels['lotan.spec'] === plan.spec &&
    found.published === hostPort.published &&
    ['created', 'exited', 'running'].includes(found.status)
  if (fits && found.running && isAtAddress) return id
  // It ran and has ended: `awaitAnswer` finds out how.
  if (fits && !found.running && pending.waiting !== undefined) return id
  try {
    if (fits && !found.running) {
      if (!isAtAddress) await engine.moveTo(id, hostPort.address)
      const quota = plan.options.HostConfig!.CpuQuota!
      // It may have been curbed while it ran.
      if (found.cpuQuota !== quota) await engine.setCpuQuota(id, quota)
      if (!isStillPending(deps, pending)) return undefined
      await start(deps, id, hostPort)
      return id
    }
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'engine-down' || error.code === 'disk-full') throw error
    log.warn(
      { ...logFields(pending.id), container: id.slice(0, 12), error: error.message },
      'kept container cannot be started',
    )
  }
  if (isStillPending(deps, pending)) await engine.remove(id)
  return undefined
}

async function startNew(
  deps: Dependencies,
  pending: Pending,
  plan: ContainerPlan,
  hostPort: HostPort,
): Promise<string | undefined> {
  const { store, engine } = deps
  const { id, generation } = pending
  if (!isStillPending(deps, pending)) return undefined
  const container = await create(deps, plan).catch((error: unknown) => {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    store.apply(id, { type: 'imageGone' })
  })
  if (!container) return undefined
  // Cancelled during the create: it must not start.
  if (!store.apply(id, { type: 'created', generation: generation.number, container })) {
    await engine.remove(container)
    return undefined
  }
  await start(deps, container, hostPort)
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
