/** Stops and removes previews, and cleans up unused ones: the stop lane. */
import { duesOf } from '../../shared/preview/timeouts.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { Image, In } from '../../shared/preview/preview.ts'
import { waitForDrain, waitForGrace } from './drain.ts'
import { removeOldImages } from '../images/old-images.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { removeStrays } from './remove-strays.ts'

export const STOP_SECONDS = 10

export async function stopPreview(deps: Dependencies, preview: In<'stopping'>): Promise<Outcome> {
  const { store, engine, log } = deps
  const { tag, generation } = preview
  const began = Date.now()
  if (generation?.container) {
    await engine.stop(generation.container, STOP_SECONDS)
    log.info({ tag, generation: generation.number, why: preview.why, ms: Date.now() - began }, 'container stopped')
  }
  store.apply(tag, { type: 'ended' })
  await removeStrays(deps, tag)
  return undefined
}

/** Drains before the end. A click calls the preview back, and so does use of an idle one. */
export async function drainPreview(deps: Dependencies, preview: In<'stopping'> | In<'removing'>): Promise<Outcome> {
  return { background: drain(deps, preview) }
}

async function drain(deps: Dependencies, preview: In<'stopping'> | In<'removing'>): Promise<Outcome> {
  const { store } = deps
  const { tag } = preview
  const isIdle = preview.state === 'stopping' && (preview.why === 'idle' || preview.why === 'disk')
  const usage = await waitForDrain(deps, preview)
  if (!usage) return undefined
  if (isIdle && usage.used && store.apply(tag, { type: 'inUse' })) return undefined
  if (await waitForGrace(deps, preview)) store.apply(tag, { type: 'ending' })
  return undefined
}

export async function removePreview(deps: Dependencies, preview: In<'removing'>): Promise<Outcome> {
  const { store } = deps
  const { tag, generation } = preview
  if (generation?.container) await tryStop(deps, tag, generation.container)
  await discard(deps, tag, preview.image)
  store.apply(tag, { type: 'removed' })
  await removeOldImages(deps, tag)
  return undefined
}

/** A container that cannot be stopped is removed by force later. @throws EngineError where the engine is down */
export async function tryStop({ engine, log }: Pick<Dependencies, 'engine' | 'log'>, tag: string, container: string) {
  try {
    await engine.stop(container, STOP_SECONDS)
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
    log.warn({ tag, container: container.slice(0, 12), error: error.message }, 'container cannot be stopped')
  }
}

export async function cleanUp(deps: Dependencies, preview: In<'stopped'> | In<'failed'>): Promise<Outcome> {
  const { store, config } = deps
  const { tag, image } = preview
  const [due] = duesOf(preview, config)
  if (!due || due.at > Date.now()) return void (await removeStrays(deps, tag))
  await discard(deps, tag, image)
  store.apply(tag, { type: 'cleaned' })
  await removeOldImages(deps, tag)
  return undefined
}

async function discard({ config, engine, log }: Dependencies, tag: string, image: Image | null): Promise<void> {
  const began = Date.now()
  const containers = await engine.list(tag)
  for (const { id } of containers) await engine.remove(id)
  // By name and never by force: another tag or program may use the image. And only while the name still leads to the
  // image that Lotan pulled.
  const reference = `${containers[0]?.repository ?? config.repository}:${tag}`
  const isOurs = image?.pulled && (await engine.findImage(reference))?.id === image.id
  const removed = isOurs ? await engine.removeImage(reference) : 'not ours'
  log.info({ tag, containers: containers.length, image: removed, ms: Date.now() - began }, 'preview cleaned up')
}
