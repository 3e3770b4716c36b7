import { imageNameOf } from '../../shared/repository.ts'
import { mayBeRenewed } from '../../shared/preview/image-update.ts'
import type { InPhase, Preview } from '../../shared/preview/preview.ts'
import type { Lane } from '../../shared/queue.ts'
import { removeOldImages } from './old-images.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { pullAll, type AllPulled } from './pull-all.ts'
import { notePulled } from './pull.ts'
import { packedSizeOf } from './service-pull.ts'
import { readTagIfReachable } from './read-tag.ts'
import { removeServiceImages } from './remove-service-images.ts'
import { labelsAhead, readStackImages, stackIn } from './stack-images.ts'
import { noteServices } from '../services/note-services.ts'
import { isExpected, toFailureReason, retryAfterOf } from '../step/to-failure-reason.ts'
import { isDue } from '../step/capacity.ts'
import { whileWanted } from '../step/while-wanted.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'

const REGISTRY_TIMEOUT_MS = { whileStartWaits: 2_000, else: 10_000 }

/** Ends when a start or a stop comes. */
export async function updateImage(deps: Dependencies, lane: Lane, preview: Preview | undefined): Promise<Outcome> {
  if (!preview?.image?.pulled || !mayBeRenewed(preview)) return undefined
  const { store, config } = deps
  const { update } = preview
  const id = idOf(preview)
  if (store.standing(id, Date.now()).is !== 'free') return undefined
  // TAG_FILTER was changed: no image of this tag may start.
  if (!config.offers(id)) return void store.apply(id, { type: 'current', number: update?.number })
  await unlessInterrupted<unknown>(deps, preview, (signal) =>
    lane === 'lookup' ? findUpdate(deps, preview, signal, REGISTRY_TIMEOUT_MS.else) : pullUpdate(deps, preview, signal),
  )
  return undefined
}

/** Beside the lane: the registry's answer must not delay other starts. */
export async function checkUpdateFirst(
  deps: Dependencies,
  preview: InPhase<'queued', 'checkUpdate'>,
): Promise<Outcome> {
  return { background: checkUpdate(deps, preview) }
}

async function checkUpdate(deps: Dependencies, preview: InPhase<'queued', 'checkUpdate'>): Promise<Outcome> {
  if (!isDue(preview, Date.now())) return undefined
  const ask = (signal: AbortSignal) => findUpdate(deps, preview, signal, REGISTRY_TIMEOUT_MS.whileStartWaits)
  if (await unlessInterrupted(deps, preview, ask)) deps.store.apply(idOf(preview), { type: 'exists' })
  return undefined
}

async function findUpdate(
  { store, registryOf }: Dependencies,
  preview: Preview,
  signal: AbortSignal,
  timeout: number,
): Promise<boolean> {
  const { tag, image, update } = preview
  const ending = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
  const digest = await registryOf(idOf(preview)).digestOf(tag, image?.digest ?? undefined, ending)
  const isNewer = digest !== undefined && digest !== image?.digest
  store.apply(idOf(preview), isNewer ? { type: 'refresh', digest } : { type: 'current', number: update?.number })
  return isNewer
}

async function pullUpdate(deps: Dependencies, preview: Preview, signal: AbortSignal): Promise<void> {
  const { image: was, update, state } = preview
  const id = idOf(preview)
  const { store, engine, config, disk, log } = deps
  if (!update?.digest) return
  const { digest: noticed, number } = update
  const began = Date.now()
  const read = await readTagIfReachable(deps, id, signal)
  if (read === 'missing') return void store.apply(id, { type: 'current', number })
  const own = read === 'unread' ? undefined : read
  const labels = await labelsAhead(deps, id, own, signal)
  const stack = labels && (await stackImagesOf(deps, id, labels, signal))
  const bytes = own && packedSizeOf(own)
  // Only the update of a running preview frees disk space; that of an idle one can wait for its next start.
  const endClaim =
    state === 'running'
      ? await disk.claim(id, signal, bytes, stack?.pulls)
      : await disk.claimForPrepull(id, bytes, stack?.pulls)
  if (!endClaim)
    return log.info({ ...logFields(id), digest: noticed }, 'no disk space for an update, the next start will free some')
  let pulled: AllPulled | 'missing'
  try {
    pulled = await pullAll(deps, { id, own, stack: stack ?? null, signal })
  } finally {
    endClaim()
  }
  if (pulled === 'missing') return void store.apply(id, { type: 'current', number })
  const found = await engine.findImage(imageNameOf(id, config))
  if (!found || signal.aborted) return
  // The engine may know an image by several digests; this is the tag's current one.
  const digest = pulled.own?.digest ?? noticed
  const image = { ...found, digest, pulled: true }
  log.info({ ...logFields(id), was: was?.digest, digest, bytes: image.bytes, ms: Date.now() - began }, 'image updated')
  notePulled(deps, id, image)
  // Without labels before the pull its next start pulls what it lacks.
  if (labels === undefined) stackIn(deps, id, image.labels)
  if (stack) noteServices(deps, id, stack.stack, pulled.services)
  store.apply(id, { type: 'renewed', image, number })
  await removeOldImages(deps, id)
  if (stack) await removeServiceImages(deps)
}

/** @throws EngineError `bad-stack` */
async function stackImagesOf(deps: Dependencies, id: PreviewId, labels: Record<string, string>, signal: AbortSignal) {
  const stack = stackIn(deps, id, labels)
  return stack && readStackImages(deps, id, stack, { renew: true, signal })
}

async function unlessInterrupted<T>(
  { store, log }: Dependencies,
  preview: Preview,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const { change, update } = preview
  const id = idOf(preview)
  try {
    return await whileWanted(store, () => store.get(id)?.change === change, step)
  } catch (error) {
    if (!isExpected(error) || error.code === 'engine-down') throw error
    log.warn({ ...logFields(id), code: error.code, error: error.message }, 'the newer image could not be pulled')
    const reason = toFailureReason(error, 'pull-failed')
    store.apply(id, { type: 'notRenewed', reason, number: update?.number, rest: retryAfterOf(error) })
    return undefined
  }
}
