/** Brings the services of a preview up, before its application. Holds no lane: what takes the time is their own start. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, type ImageRun, type ServiceContainer } from '../../shared/engine/engine.ts'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import { sandboxName } from '../../shared/slots/container-name.ts'
import { mayStart } from '../../shared/stack/order.ts'
import type { ServiceRow, ServiceState } from '../../shared/stack/service-state.ts'
import type { Service, Stack } from '../../shared/stack/stack.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { removeServiceImagesBeside } from '../images/remove-service-images.ts'
import { discard, isStillPending, type Pending } from '../step/pending.ts'
import { toFailureReason } from '../step/to-failure-reason.ts'
import { whileWanted } from '../step/while-wanted.ts'
import { waitForExit, type Exit } from '../containers/wait-for-exit.ts'
import { awaitHealth, healthcheckOf } from './await-health.ts'
import { awaited } from './coming-up.ts'
import { exitedReason, FailedService, unhealthyReason, type Ran } from './failed-service.ts'
import { prepare, type Prepared } from './prepared.ts'
import { removeServices } from './stop-services.ts'
import { setState, writeRows } from './rows.ts'
import { imageOf, startService } from './start-service.ts'

/**
 * @param stack null where the image has none any more: then those of before go
 * @param onUp called once all of them are up, so that the next step starts the application
 */
export async function bringUp(
  deps: Dependencies,
  pending: Pending,
  stack: Stack | null,
  onUp: () => void,
): Promise<Outcome> {
  const { store, log } = deps
  const { id } = pending
  if (!stack) {
    await removeServices(deps, id)
    return { again: true }
  }
  const began = performance.now()
  const isWanted = () => isStillPending(deps, pending)
  const came = await whileWanted(store, isWanted, (signal) => comeUp(deps, pending, stack, signal))
  if (!came || !isWanted()) return undefined
  if (came === 'lacks image') return void store.apply(id, { type: 'lacks' })
  if (came === 'up') {
    log.info(
      { ...logFields(id), services: stack.services.length, ms: Math.round(performance.now() - began) },
      'services are up',
    )
    // Containers of older images, and of services that the stack has no more, have gone.
    removeServiceImagesBeside(deps)
    onUp()
    return { again: true }
  }
  await discard(deps, pending)
  store.apply(id, { type: 'fail', reason: came })
  return undefined
}

/** What was begun with a service has ended when this returns, however it does. @throws EngineError */
async function comeUp(
  deps: Dependencies,
  pending: Pending,
  stack: Stack,
  wanted: AbortSignal,
): Promise<'up' | 'lacks image' | Reason> {
  const { engine, config } = deps
  const { id } = pending
  const ending = new AbortController()
  const run: Run = {
    deps,
    pending,
    signal: AbortSignal.any([wanted, ending.signal]),
    before: Infinity,
  }
  const work: Promise<void>[] = []
  try {
    const rows = writeRows(deps, id, stack)
    const [prepared, containers, images] = await Promise.all([
      prepare(deps, id, pending.image, stack),
      engine.listServices(id),
      imagesOf(deps, id, stack),
    ])
    // From here on: a snapshot that a volume begins with may take longer to copy than all of them to start.
    run.before = performance.now() + Math.max(config.startTimeout, ...stack.services.map(startPeriodOf))
    const isOurs = ({ service }: ServiceContainer) => stack.services.some(({ name }) => name === service)
    const others = containers.filter((container) => !isOurs(container))
    const beside = Promise.all([...others.map(({ id }) => engine.remove(id)), joinSandbox(deps, pending, stack)])
    work.push(beside.then(() => {}))
    await startAll(run, { prepared, containers, images, rows, beside }, work)
    return 'up'
  } catch (error) {
    if (run.signal.aborted) throw error
    if (error instanceof FailedService) return error.reason
    if (error instanceof EngineError && error.code === 'missing') return 'lacks image'
    throw error
  } finally {
    ending.abort()
    await Promise.allSettled(work)
  }
}

interface Run {
  deps: Dependencies
  pending: Pending
  signal: AbortSignal
  /** performance.now() of the deadline. */
  before: number
}

interface Parts {
  prepared: Prepared
  containers: ServiceContainer[]
  images: ReadonlyMap<string, ImageRun>
  /** What has to be done too before the application starts. */
  beside: Promise<unknown>
  /** As they were before. */
  rows: readonly ServiceRow[]
}

/** Side by side, as far as they do not wait for each other. @throws FailedService for the first one that fails */
async function startAll(run: Run, parts: Parts, work: Promise<void>[]): Promise<void> {
  const { stack } = parts.prepared
  const states = new Map<string, ServiceState>()
  const begun = new Set<string>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  let change = Promise.withResolvers<void>()
  const become = (name: string, state: ServiceState, what: Partial<ServiceRow> = {}) => {
    setState(run.deps, run.pending.id, name, state, what)
    states.set(name, state)
    change.resolve()
  }
  // It ended before this process, or the engine, was restarted.
  for (const { name, state } of parts.rows) if (state === 'done') become(name, state)
  const abort = () => failed.reject(run.signal.reason as Error)
  run.signal.addEventListener('abort', abort, { once: true })
  for (;;) {
    run.signal.throwIfAborted()
    change = Promise.withResolvers()
    const due = mayStart(stack, (name) => states.get(name))
    if (due.application) return void (await Promise.race([parts.beside, failed.promise]))
    for (const name of due.services.filter((name) => !begun.has(name))) {
      begun.add(name)
      const service = stack.services.find((one) => one.name === name)!
      const running = runService(run, parts, service, (state, what) => become(name, state, what))
      work.push(running.catch((error: unknown) => failed.reject(error)))
    }
    await Promise.race([change.promise, failed.promise])
  }
}

/** From its start until all are up, or it fails. */
async function runService(
  run: Run,
  { prepared, containers, images }: Parts,
  service: Service,
  become: (state: ServiceState, what?: Partial<ServiceRow>) => void,
): Promise<void> {
  const { deps, pending, signal, before } = run
  const { id, generation } = pending
  const { name } = service
  const image = images.get(name)!
  const waitsFor = awaited(prepared.stack, name)
  try {
    const kept = containers.find((container) => container.service === name)
    const isWanted = () => !signal.aborted
    const started = await startService(deps, { id, service, image, prepared, generation: generation.number, kept, isWanted }) // prettier-ignore
    if (!started) return
    const { container, plan } = started
    const began = performance.now()
    const ran = { service: name, container }
    const made = { container, spec: plan.spec, imageId: image.id, reason: null, restartAt: null }
    become(waitsFor === null ? 'running' : 'starting', started.ranAlready ? made : { ...made, crashes: 0 })
    const exit = waitForExit(deps.engine, container, signal)
    if (waitsFor === 'service_healthy') {
      const health = awaitHealth(deps.engine, container, healthcheckOf(service, image)!, { before, signal })
      const first = await Promise.race([exit, health])
      // A check of what has just ended fails too.
      if (first && 'detail' in first && (await deps.engine.inspect(container))?.running)
        throw new FailedService(await unhealthyReason(deps.engine, ran, performance.now() - began, first))
      if (!first) become('running')
    }
    const { exitCode } =
      waitsFor === 'service_completed_successfully' ? await inTime(run, exit, ran, began) : await exit
    if (exitCode === 0 && waitsFor === 'service_completed_successfully') return become('done')
    throw new FailedService(await exitedReason(deps.engine, ran, exitCode))
  } catch (error) {
    if (signal.aborted) return
    const failure = asFailure(error, name)
    if (failure instanceof FailedService) become('failed', { reason: failure.reason })
    throw failure
  }
}

/** @throws FailedService where it does not end before the deadline */
async function inTime({ deps, signal, before }: Run, exit: Promise<Exit>, ran: Ran, began: number): Promise<Exit> {
  const left = Math.max(0, before - performance.now())
  const ended = await Promise.race([exit, sleep(left, undefined, { signal, ref: false })])
  if (ended) return ended
  const late = { detail: 'it has not ended, and another one waits for that', output: [] }
  throw new FailedService(await unhealthyReason(deps.engine, ran, performance.now() - began, late))
}

function asFailure(error: unknown, service: string): unknown {
  if (!(error instanceof EngineError) || ['engine-down', 'disk-full', 'missing'].includes(error.code)) return error
  return new FailedService({ ...toFailureReason(error, 'start-failed'), service })
}

/** @throws FailedService where one is to be healthy that has no healthcheck; EngineError `missing` */
async function imagesOf(deps: Dependencies, id: PreviewId, stack: Stack): Promise<Map<string, ImageRun>> {
  const found = await Promise.all(
    stack.services.map(async (service) => [service.name, await imageOf(deps, id, service)] as const),
  )
  const images = new Map(found)
  for (const service of stack.services) {
    const { name } = service
    if (awaited(stack, name) === 'service_healthy' && !healthcheckOf(service, images.get(name)!))
      throw new FailedService(cannotBeHealthy(name))
  }
  return images
}

function cannotBeHealthy(service: string): Reason {
  const detail = `services.${service}: has no healthcheck, nor has its image, and another part waits until it is healthy`
  return { code: 'bad-stack', service, detail }
}

function startPeriodOf({ healthcheck }: Service): number {
  return healthcheck === null || healthcheck === 'none' ? 0 : healthcheck.startPeriod
}

/** Ahead of the application, which is started only once it is so. */
async function joinSandbox(
  deps: Dependencies,
  { id, generation: { sandbox } }: Pending,
  { app }: Stack,
): Promise<void> {
  if (sandbox === null) return
  await deps.sandboxes.settled(sandbox)
  await deps.stackNetworks.join(id, sandboxName(deps.config.instance, sandbox), [app.name]).catch((error: unknown) => {
    // It may have to be made anew, which the application's start does.
    if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
  })
}
