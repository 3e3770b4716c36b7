import { copyImageName } from '../../shared/slots/container-name.ts'
import { baseId } from '../../shared/preview/copy.ts'
import { isCopy } from '../../shared/preview/copy-tag.ts'
import { duesOf } from '../../shared/preview/timeouts.ts'
import { findRepository } from '../../shared/repository.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { Image, In } from '../../shared/preview/preview.ts'
import { waitForDrain, waitForGrace } from './drain.ts'
import { removeOldImages } from '../images/old-images.ts'
import { giveToService, removeServiceImages } from '../images/remove-service-images.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { stackOfImage } from '../services/stack-of-preview.ts'
import { hasServices, removeServices, stopServices } from '../services/stop-services.ts'
import { removeStrays } from './remove-strays.ts'
import { idOf, logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

export const STOP_SECONDS = 10

/** Services may take their time, and hold no lane. */
export async function stopPreview(deps: Dependencies, preview: In<'stopping'>): Promise<Outcome> {
  return hasServices(deps, idOf(preview)) ? { background: stop(deps, preview) } : stop(deps, preview)
}

async function stop(deps: Dependencies, preview: In<'stopping'>): Promise<Outcome> {
  const { store, engine, log } = deps
  const { generation } = preview
  const id = idOf(preview)
  const began = Date.now()
  if (generation?.container) {
    await engine.stop(generation.container, graceOf(deps, id, preview.image))
    log.info(
      { ...logFields(id), generation: generation.number, why: preview.why, ms: Date.now() - began },
      'container stopped',
    )
  }
  await stopServices(deps, id)
  store.apply(id, { type: 'ended' })
  await removeStrays(deps, id)
  return undefined
}

/** A click calls the preview back, and so does use of an idle one. */
export async function drainPreview(deps: Dependencies, preview: In<'stopping'> | In<'removing'>): Promise<Outcome> {
  return { background: drain(deps, preview) }
}

async function drain(deps: Dependencies, preview: In<'stopping'> | In<'removing'>): Promise<Outcome> {
  const { store } = deps
  const id = idOf(preview)
  const isIdle = preview.state === 'stopping' && (preview.why === 'idle' || preview.why === 'disk')
  const usage = await waitForDrain(deps, preview)
  if (!usage) return undefined
  if (isIdle && usage.used && store.apply(id, { type: 'inUse' })) return undefined
  if (await waitForGrace(deps, preview)) store.apply(id, { type: 'ending' })
  return undefined
}

export async function removePreview(deps: Dependencies, preview: In<'removing'>): Promise<Outcome> {
  const { store } = deps
  const { generation } = preview
  const id = idOf(preview)
  if (generation?.container) await tryStop(deps, id, generation.container, graceOf(deps, id, preview.image))
  await discard(deps, id, preview.image)
  await deps.volumes.removeAll(id)
  store.apply(id, { type: 'removed' })
  // Of its base an older image may have been left for it alone.
  await removeOldImages(deps, baseId(id))
  await removeServiceImages(deps)
  return undefined
}

/** A container that cannot be stopped is removed by force later. @throws EngineError where the engine is down */
export async function tryStop(
  { engine, log }: Pick<Dependencies, 'engine' | 'log'>,
  id: PreviewId,
  container: string,
  graceSeconds: number,
) {
  try {
    await engine.stop(container, graceSeconds)
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
    log.warn(
      { ...logFields(id), container: container.slice(0, 12), error: error.message },
      'container cannot be stopped',
    )
  }
}

export async function cleanUp(deps: Dependencies, preview: In<'stopped'> | In<'failed'>): Promise<Outcome> {
  const { store, config } = deps
  const { image } = preview
  const id = idOf(preview)
  // The whole of a copy goes at that time: the reaper asks for it.
  if (preview.copy) return void (await removeStrays(deps, id))
  const [due] = duesOf(preview, config)
  if (!due || due.at > Date.now()) return void (await removeStrays(deps, id))
  await discard(deps, id, image)
  store.apply(id, { type: 'cleaned' })
  await removeOldImages(deps, id)
  await removeServiceImages(deps)
  return undefined
}

/** Seconds that its application has to end. */
export function graceOf(deps: Pick<Dependencies, 'config'>, id: PreviewId, image: Image | null): number {
  return stackOfImage(deps, id, image)?.app.stopSeconds ?? STOP_SECONDS
}

async function discard(deps: Dependencies, id: PreviewId, image: Image | null): Promise<void> {
  const { config, store, engine, log } = deps
  const began = Date.now()
  const containers = await engine.list(id)
  for (const container of containers) await engine.remove(container.id)
  await removeServices(deps, id)
  // By name and never by force: another tag or program may use the image. And only while the name still leads to the
  // image that Lotan pulled.
  // The repository may be listed no more, or be another's.
  const from = containers[0]?.reference ?? pulledFrom(store, id, image) ?? findRepository(id, config)?.reference
  const reference = isCopy(id) ? copyImageName(config.instance, id) : `${from}:${splitId(id).tag}`
  const isOurs =
    isCopy(id) || (image?.pulled && from !== undefined && (await engine.findImage(reference))?.id === image.id)
  const isGiven = isOurs && !isCopy(id) && image !== null && giveToService(store, id, image, reference)
  const removed = isOurs && !isGiven ? await engine.removeImage(reference) : 'not ours'
  log.info(
    { ...logFields(id), containers: containers.length, image: removed, ms: Date.now() - began },
    'preview cleaned up',
  )
}

function pulledFrom({ pulled }: Dependencies['store'], id: PreviewId, image: Image | null): string | undefined {
  return pulled.list().find((one) => idOf(one) === id && one.id === image?.id)?.reference
}
