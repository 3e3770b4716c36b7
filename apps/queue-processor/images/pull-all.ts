/** A preview's own image and those of its services are pulled side by side: one that fails ends the others. */
import { furthest, together, type PartOfPull } from '../../shared/engine/pull-progress.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { sinceUnpacking, type Progress } from '../../shared/preview/start-times.ts'
import type { Pullable } from '../../shared/registry/registry.ts'
import type { Dependencies } from '../dependencies.ts'
import type { ChosenImage } from '../services/note-services.ts'
import { pull, sourceOf, type Pulled, type Source } from './pull.ts'
import { packedSizeOf, type ServicePull } from './service-pull.ts'
import { noSuchImage, ofService, type StackImages } from './stack-images.ts'

/** Every write of the progress wakes all watchers of the store. */
const PROGRESS_EVERY_MS = 250

interface AllPulls {
  id: PreviewId
  /** The tag's own, as its registry has it; undefined leaves it to the engine, null: it is not pulled. */
  own: Pullable | undefined | null
  stack: StackImages | null
  signal: AbortSignal
  onProgress?: (progress: Progress) => void
}

export interface AllPulled {
  /** Null where it was not pulled. */
  own: Pulled | null
  /** By service, with those that were here. */
  services: Map<string, ChosenImage>
}

interface Part {
  image: Pullable | undefined
  run: (signal: AbortSignal, onProgress: (progress: Progress) => void) => Promise<void>
}

export async function pullAll(
  deps: Dependencies,
  { id, own, stack, signal, onProgress }: AllPulls,
): Promise<AllPulled | 'missing'> {
  const done: AllPulled = { own: null, services: new Map(stack?.here) }
  const parts: Part[] = []
  if (own !== null)
    parts.push({
      image: own,
      run: async (signal, onProgress) => {
        const pulled = await pull(deps, { source: sourceOf(deps, id), image: own, signal, onProgress })
        if (pulled === 'missing') throw new TagMissing()
        done.own = pulled
      },
    })
  for (const one of stack?.pulls ?? [])
    parts.push({
      image: one.read,
      run: async (signal, onProgress) => {
        const chosen = await pullService(deps, one, signal, onProgress)
        for (const service of one.services) done.services.set(service, chosen)
      },
    })
  try {
    await runTogether(parts, signal, onProgress)
    return done
  } catch (error) {
    if (error instanceof TagMissing) return 'missing'
    throw error
  }
}

class TagMissing extends Error {}

async function runTogether(
  parts: readonly Part[],
  signal: AbortSignal,
  onProgress: (progress: Progress) => void = () => {},
): Promise<void> {
  const sizes = parts.flatMap(({ image }) => (image ? packedSizeOf(image) : []))
  const usual = sizes.length > 0 ? Math.round(sizes.reduce((a, b) => a + b) / sizes.length) : 1
  const states = parts.map(({ image }): PartOfPull => ({ weight: image ? packedSizeOf(image) : usual, progress: null }))
  const failing = new AbortController()
  const ending = AbortSignal.any([signal, failing.signal])
  let failed: { error: unknown } | undefined
  const work = parts.map(async ({ run }, i) => {
    const state = states[i]!
    try {
      await run(ending, (progress) => {
        state.progress = furthest(state.progress, progress)
        onProgress(together(states))
      })
    } catch (error) {
      failed ??= { error }
      failing.abort(new Error('another image of the preview could not be pulled'))
    }
  })
  await Promise.all(work)
  if (failed) throw failed.error
}

/** @throws with the service that lacks it */
async function pullService(
  deps: Dependencies,
  { image, services: [service = ''], read, here }: ServicePull,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<ChosenImage> {
  const { engine, store, log } = deps
  const { repository, name, digest: wanted } = image
  const source: Source = { repository, name, registry: deps.registryAt(repository) }
  const began = Date.now()
  try {
    const pulled = await pull(deps, { source, image: read, signal, onProgress }).catch(asMissing)
    if (pulled === 'missing') throw noSuchImage(name)
    const digest = pulled.digest ?? wanted
    const found = await engine.findImage(digest === null ? name : `${repository}@${digest}`)
    if (!found) throw new EngineError('pull-failed', `${name} was removed as soon as it was pulled`)
    store.serviceImages.note({ id: found.id, image: name, digest })
    log.info({ image: name, digest, bytes: found.bytes, ms: Date.now() - began }, 'image of a service pulled')
    return { id: found.id, digest }
  } catch (error) {
    if (!here || signal.aborted || !(error instanceof EngineError) || error.code === 'engine-down')
      throw ofService(error, service)
    log.warn(
      { image: name, code: error.code, error: error.message },
      'the newer image could not be pulled, the one that is here is used',
    )
    return here
  }
}

/** What REPOSITORY should say is no answer to it. */
function asMissing(error: unknown): 'missing' {
  if (error instanceof EngineError && error.code === 'no-repository') return 'missing'
  throw error
}

/** As `pullAll`, for a preview in `pulling`, which shows how far it is. */
export async function pullAllWithProgress(
  deps: Dependencies,
  pulls: Omit<AllPulls, 'onProgress'>,
): Promise<AllPulled | 'missing'> {
  const { store } = deps
  const { id } = pulls
  // After a restart of this process the progress continues where it was.
  const preview = store.get(id)
  let previous = preview?.state === 'pulling' ? preview.progress : null
  let latest = previous
  const writeProgress = () => {
    if (latest && latest !== previous) store.progress(id, (previous = latest))
  }
  const onProgress = (progress: Progress) =>
    void (latest = sinceUnpacking(latest, furthest(latest, progress), Date.now()))
  // Clears `waitsFor`.
  if (latest?.waitsFor) onProgress(latest)
  writeProgress()
  const timer = setInterval(writeProgress, PROGRESS_EVERY_MS)
  try {
    return await pullAll(deps, { ...pulls, onProgress })
  } finally {
    clearInterval(timer)
  }
}
