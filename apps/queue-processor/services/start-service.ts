/** Starts the container of a service: the one that it has kept, or a new one. */
import { EngineError, type ImageRun, type ServiceContainer } from '../../shared/engine/engine.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Service } from '../../shared/stack/stack.ts'
import { createNamed } from '../containers/create-named.ts'
import type { Dependencies } from '../dependencies.ts'
import { levelOf } from './coming-up.ts'
import type { Prepared } from './prepared.ts'
import { joinMain, startAtPlace } from './second-host.ts'
import { serviceOptionsOf, type ServicePlan } from './service-options.ts'

export interface ServiceRun {
  container: string
  plan: ServicePlan
  /** It ran already, and was left as it is. */
  ranAlready: boolean
}

export interface ServiceStart {
  id: PreviewId
  service: Service
  image: ImageRun
  prepared: Prepared
  /** Of the preview's own container. */
  generation: number
  /** Its container, in whatever state. */
  kept: ServiceContainer | undefined
  /** Asked once more before anything starts. */
  isWanted: () => boolean
}

/** @returns undefined where it is not wanted any more @throws EngineError */
export async function startService(deps: Dependencies, start: ServiceStart): Promise<ServiceRun | undefined> {
  const { engine, log } = deps
  const { id, service, image, kept, isWanted } = start
  const plan = await planOf(deps, start)
  const run = { plan }
  if (kept && kept.spec === plan.spec && kept.image === image.id) {
    if (kept.status === 'running') {
      await joinMain(deps, start, kept.id)
      return { ...run, container: kept.id, ranAlready: true }
    }
    if (!isWanted()) return undefined
    if (await startAgain(deps, start, kept)) return { ...run, container: kept.id, ranAlready: kept.status === 'paused' }
  }
  if (kept) await engine.remove(kept.id)
  if (!isWanted()) return undefined
  const began = Date.now()
  const container = await createNamed(deps, plan.options)
  if (!isWanted()) return void (await engine.remove(container))
  await startAtPlace(deps, start, container)
  log.info({ ...logFields(id), service: service.name, ms: Date.now() - began }, 'container of a service started')
  return { ...run, container, ranAlready: false }
}

/** @returns whether it runs now */
async function startAgain(deps: Dependencies, start: ServiceStart, { id, status, service, ...key }: ServiceContainer) {
  const { engine, log } = deps
  try {
    if (status === 'paused') return await engine.unpause(id)
    if (status !== 'created' && status !== 'exited') return false
    await startAtPlace(deps, start, id)
    return true
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'engine-down' || error.code === 'disk-full') throw error
    log.warn({ tag: key.tag, service, error: error.message }, 'kept container of a service cannot be started')
    return false
  }
}

/** The image that was pulled for it: its name may lead to another one meanwhile. @throws EngineError `missing` */
export async function imageOf({ engine, store }: Dependencies, id: PreviewId, service: Service): Promise<ImageRun> {
  const known = store.services.get(id, service.name)?.imageId
  const found = (known && (await engine.imageRun(known))) || (await engine.imageRun(service.image))
  if (!found)
    throw new EngineError('missing', `the image of its service ${service.name}, ${service.image}, is not here`)
  return found
}

async function planOf(deps: Dependencies, start: ServiceStart): Promise<ServicePlan> {
  const { id, service, image, prepared, generation } = start
  return serviceOptionsOf({
    config: deps.config,
    id,
    generation,
    service,
    level: levelOf(prepared.stack, service.name),
    image,
    environment: service.environment,
    volumes: prepared.volumes,
    network: prepared.network,
    groupParent: await deps.engine.groupParent(),
  })
}
