/** The wait for the first answer holds no lane. */
import { urlOf } from '../../shared/config/config.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { isOutdated, type In, type Preview } from '../../shared/preview/preview.ts'
import { pairVariables } from '../../shared/pair-variables.ts'
import type { Generation } from '../../shared/preview/generation.ts'
import type { Pairs } from '../../shared/preview/pair.ts'
import { hostPortOf } from '../../shared/slots/slot-scheme.ts'
import { hostOf } from '../../shared/tag.ts'
import { awaitAnswer } from '../containers/await-answer.ts'
import { pendingOf, discard, isStillPending, type Pending } from './pending.ts'
import { createOptionsOf, type ContainerPlan } from '../containers/create-options.ts'
import { portOf } from '../../shared/config/image-labels.ts'
import { programOfPart, usualPart } from '../containers/with-part.ts'
import { needsFirstProcess } from '../containers/first-process.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { watchServices } from '../services/watch-services.ts'
import { bringUp } from '../services/bring-up.ts'
import { applicationRun } from '../services/prepared.ts'
import { badStack } from '../services/stack-of-preview.ts'
import { hasServices } from '../services/stop-services.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import type { Stack, StackProblem } from '../../shared/stack/stack.ts'
import { hasServiceImages } from '../images/has-service-images.ts'
import { isAdmitted, readMemory } from './admission.ts'
import { isDue, takePlace } from './capacity.ts'
import { startKept, startNew } from './start-container.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'

const MAX_OCCUPIED_SLOTS = 20

type Starting = In<'queued'> | In<'starting'> | In<'running'>

export async function startPreview(deps: Dependencies, preview: Starting): Promise<Outcome> {
  const read = preview.image && stackOf(idOf(preview), preview.image, deps.config)
  if (read && 'problems' in read) return refuseStack(deps, preview, read.problems)
  const stack = read && read.stack
  const pending = pendingOf(preview) ?? (await claimSlot(deps, preview, stack))
  if (!pending) return undefined
  // A generation beside the one that serves has the services of that one.
  const needsServices = preview.state !== 'running' && (stack !== null || hasServices(deps, pending.id))
  if (needsServices && !deps.cameUp.take(pending))
    return { background: bringUp(deps, pending, stack, () => deps.cameUp.note(pending)) }
  const began = Date.now()
  const watch = watchServices(deps, pending)
  let started: StartedContainer | undefined
  try {
    started = await deps.sandboxes.during(() => runContainer(deps, pending, stack))
  } finally {
    if (!started) await watch.end()
  }
  if (!started) return undefined
  const { id, generation } = started.pending
  deps.log.info(
    { ...logFields(id), generation: generation.number, slot: generation.slot, ms: Date.now() - began },
    'container started',
  )
  return {
    background: awaitAnswer(deps, started.pending, started.container, started.plan, watch.confirm).finally(watch.end),
  }
}

/** A stack that cannot be used leaves the generation that serves alone; other services than its own need a restart. */
export async function replaceOutdated(deps: Dependencies, preview: In<'running'>): Promise<Outcome> {
  if (preview.pending) return startPreview(deps, preview)
  if (!preview.image || !isOutdated(preview)) return undefined
  const read = stackOf(idOf(preview), preview.image, deps.config)
  const isBad = read !== null && 'problems' in read
  if (isBad || canShareServices(preview.generation, read?.stack ?? null)) return startPreview(deps, preview)
  deps.log.info(
    logFields(idOf(preview)),
    'the newer image has other services, or wants new data: the preview is restarted',
  )
  return void deps.store.apply(idOf(preview), { type: 'restart' })
}

/** Whether the next generation can come up beside the one that serves. */
function canShareServices({ stack: spec }: Generation, stack: Stack | null): boolean {
  return stack?.spec === spec && !stack?.volumes.some(({ onPush }) => onPush === 'reset')
}

async function refuseStack(deps: Dependencies, preview: Starting, problems: StackProblem[]): Promise<Outcome> {
  const begun = pendingOf(preview)
  if (begun) await discard(deps, begun)
  deps.store.apply(idOf(preview), { type: 'fail', reason: badStack(problems) })
  return undefined
}

async function claimSlot(deps: Dependencies, preview: Starting, stack: Stack | null): Promise<Pending | undefined> {
  const { config } = deps
  const { image } = preview
  if (!image || (preview.state === 'queued' && !isDue(preview, Date.now()))) return undefined
  if (preview.state !== 'running' && !(await hasServiceImages(deps, preview))) return undefined
  const made = {
    port: portOf(image, config.containerPort),
    pairs: await deps.findPairs(idOf(preview)),
    ...trustOf(deps, preview),
    ...(stack && { stack: stack.spec }),
  }
  const begun = await begin(deps, preview, made)
  return begun && pendingOf(begun)
}

/** Whether its container may have the secrets; nothing where there are none. The event does not pass where that ends. */
function trustOf({ config, store }: Dependencies, preview: Preview): { trusted?: boolean } {
  if (Object.keys(config.containerSecrets).length === 0) return {}
  const standing = store.standing(idOf(preview), Date.now())
  return { trusted: standing.is === 'free' && standing.isTrusted }
}

async function begin(
  deps: Dependencies,
  preview: Starting,
  made: { port: number; pairs: Pairs | undefined; trusted?: boolean; stack?: string },
): Promise<Preview | undefined> {
  const { store, config } = deps
  const id = idOf(preview)
  const event = { type: 'begin', places: config.maxRunning, ...made } as const
  if (preview.state === 'queued') return takePlace(deps, preview, event)
  // It was just pulled, and has its place.
  if (preview.state === 'starting') return store.apply(id, event)
  // The new container takes memory beside the old one. Where there is none, the reaper asks again.
  const memory = await readMemory(deps)
  return isAdmitted(deps, preview, memory) ? store.apply(id, { type: 'replace', ...made }) : undefined
}

type StartedContainer = { pending: Pending; container: string; plan: ContainerPlan }

async function runContainer(
  deps: Dependencies,
  pending: Pending,
  stack: Stack | null,
  tries = 0,
): Promise<StartedContainer | undefined> {
  const { store, engine, network, config } = deps
  const { id, image, generation } = pending
  const hostPort = hostPortOf(await network.slotScheme(), generation)
  const part = stack && applicationRun(deps, id, stack)
  const run = await engine.imageRun(image.id)
  if (!run) return void store.apply(id, { type: 'imageGone' })
  const host = hostOf(id, config)
  const plan = createOptionsOf({
    config,
    id,
    generation: generation.number,
    image,
    program: programOfPart(part?.of ?? usualPart, run),
    needsFirstProcess: needsFirstProcess(store.facts, image.id),
    port: generation.port,
    hostPort,
    sandbox: generation.sandbox,
    groupParent: await engine.groupParent(),
    host,
    url: urlOf(host, config),
    pairs: pairVariables(generation.pairs, config),
    trusted: generation.trusted === true,
    pairFront: store.facts.get('pairFront')?.address ?? null,
    part,
  })

  if (generation.sandbox !== null) await deps.sandboxes.settled(generation.sandbox)
  const kept = generation.container && (await startKept(deps, pending, generation.container, plan, hostPort))
  const container = kept || (await startNew(deps, pending, plan, hostPort).catch(unlessOccupied))
  if (container instanceof EngineError) return tryAnotherSlot(deps, pending, stack, container, tries)
  if (!container) return undefined
  // After a restart of Lotan this may have been committed before.
  if (pending.waiting === undefined) store.apply(id, { type: 'started', generation: generation.number })
  return { pending, container, plan }
}

function unlessOccupied(error: unknown): EngineError {
  if (error instanceof EngineError && error.code === 'occupied') return error
  throw error
}

/** Another program has the slot's port or address, or its sandbox is gone. */
async function tryAnotherSlot(
  deps: Dependencies,
  pending: Pending,
  stack: Stack | null,
  occupied: EngineError,
  tries: number,
): Promise<StartedContainer | undefined> {
  const { store, log } = deps
  const { id, generation } = pending
  if (!isStillPending(deps, pending)) return undefined
  await discard(deps, pending)
  const withSlot = tries < MAX_OCCUPIED_SLOTS && store.apply(id, { type: 'slotTaken', generation: generation.number })
  const retry = withSlot && pendingOf(withSlot)
  if (!retry) throw new EngineError('start-failed', `${occupied.message}; so it was with other slots before this one`)
  log.warn({ ...logFields(id), slot: generation.slot, error: occupied.message }, 'a slot cannot be had, trying another')
  return runContainer(deps, retry, stack, tries + 1)
}
