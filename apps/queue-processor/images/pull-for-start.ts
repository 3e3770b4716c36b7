import { setTimeout as sleep } from 'node:timers/promises'
import { imageNameOf, referenceOf } from '../../shared/repository.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { wantsNewer } from '../../shared/preview/image-update.ts'
import type { Image, In, InPhase, Preview } from '../../shared/preview/preview.ts'
import type { Pullable } from '../../shared/registry/registry.ts'
import { findPairsAhead } from '../containers/find-pairs.ts'
import { noteServices, restServices } from '../services/note-services.ts'
import type { EndClaim } from './disk-space.ts'
import { removeOldImages } from './old-images.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { pullAllWithProgress } from './pull-all.ts'
import { notePulled, sourceOf, throwMissing, type Pulled } from './pull.ts'
import { packedSizeOf } from './service-pull.ts'
import { readTagIfReachable } from './read-tag.ts'
import { removeServiceImages, removeServiceImagesBeside, removeUnnamed } from './remove-service-images.ts'
import { labelsAhead, readStackImages, stackIn, type StackImages } from './stack-images.ts'
import { isDue, takePlace } from '../step/capacity.ts'
import { toFailureReason } from '../step/to-failure-reason.ts'
import { whileWanted } from '../step/while-wanted.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'

/** When the pull of an update fails, the preview starts with the image it has. */
export async function pullForStart(
  deps: Dependencies,
  preview: InPhase<'queued', 'pull'> | In<'pulling'>,
): Promise<Outcome> {
  const { config } = deps
  const id = idOf(preview)
  if (preview.state === 'queued') {
    if (!isDue(preview, Date.now())) return undefined
    if (!(await takePlace(deps, preview, { type: 'pull', places: config.maxRunning }))) return undefined
    deps.sandboxes.nudge()
  }

  let endClaim: EndClaim = () => {}
  try {
    const bytes = await pullImages(deps, id, (claim) => (endClaim = claim))
    endClaim(bytes)
  } catch (error) {
    const reason = toFailureReason(error, 'pull-failed')
    restServices(deps, id, reason.service === undefined ? undefined : { name: reason.service, reason })
    throw error
  } finally {
    endClaim()
  }
  return undefined
}

/** What was read of registries before the pull, for who clears up after it. */
interface Under {
  own?: Pullable
  stack?: StackImages
}

/** @returns the unpacked bytes of the tag's own image, where that was pulled */
async function pullImages(
  deps: Dependencies,
  id: PreviewId,
  onClaim: (claim: EndClaim) => void,
): Promise<number | undefined> {
  const { store, log } = deps
  const began = Date.now()
  const before = store.get(id)
  const number = before?.update?.number
  const under: Under = {}
  const pulled = await whileWanted(
    store,
    () => store.get(id)?.state === 'pulling',
    async (signal) =>
      before?.image && !wantsNewer(before)
        ? pullServices(deps, id, before.image, { signal, onClaim, under })
        : pullWithServices(deps, id, { signal, onClaim, under }),
  )
  if (!pulled) return void (await removeUnwanted(deps, id, under))
  if (pulled === 'missing') {
    log.info({ ...logFields(id), ms: Date.now() - began }, 'the registry has no such tag')
    return void store.apply(id, before?.image ? { type: 'current', number } : { type: 'missing' })
  }
  const { image } = pulled
  if (!store.apply(id, image ? { type: 'pulled', image, number } : { type: 'current' }))
    await removeUnwanted(deps, id, under)
  else if (image && before?.image) await removeOldImages(deps, id)
  if (under.stack) removeServiceImagesBeside(deps)
  return image?.bytes
}

interface Pulling {
  signal: AbortSignal
  onClaim: (claim: EndClaim) => void
  under: Under
}

/** The tag's own image is here. */
async function pullServices(deps: Dependencies, id: PreviewId, image: Image, pulling: Pulling) {
  const stack = await readAndNote(deps, id, image.labels, pulling, { renew: false })
  if (stack) await pullRest(deps, id, stack, pulling)
  return { image: null }
}

async function pullWithServices(deps: Dependencies, id: PreviewId, pulling: Pulling) {
  const { engine, config, disk, log } = deps
  const { signal, onClaim, under } = pulling
  const began = Date.now()
  const found = await readTagIfReachable(deps, id, signal)
  if (found === 'missing') return throwMissing(sourceOf(deps, id))
  const own = found === 'unread' ? undefined : found
  under.own = own
  const labels = await labelsAhead(deps, id, own, signal)
  const known = labels && (await readAndNote(deps, id, labels, pulling, { renew: true }))
  onClaim(await disk.claim(id, signal, own && packedSizeOf(own), known?.pulls))
  const pulled = await pullAllWithProgress(deps, { id, own, stack: known ?? null, signal })
  if (pulled === 'missing') return pulled

  findPairsAhead(deps, id)
  const here = await engine.findImage(imageNameOf(id, config))
  if (!here) throw new EngineError('pull-failed', 'the image was removed as soon as it was pulled')
  const image = imageOf(here, pulled.own)
  log.info({ ...logFields(id), digest: image.digest, bytes: image.bytes, ms: Date.now() - began }, 'image pulled')
  notePulled(deps, id, image)
  // Where its labels could not be read ahead, its start finds out what it lacks.
  if (known) noteServices(deps, id, known.stack, pulled.services)
  return { image }
}

/** The engine may know an image by several digests; this is the tag's current one. */
function imageOf(found: Image, own: Pulled | null): Image {
  return { ...found, digest: own?.digest ?? found.digest, pulled: true }
}

/** @throws EngineError `bad-stack` */
async function readAndNote(
  deps: Dependencies,
  id: PreviewId,
  labels: Record<string, string>,
  { signal, under }: Pulling,
  { renew }: { renew: boolean },
): Promise<StackImages | null> {
  const stack = stackIn(deps, id, labels)
  if (!stack) return null
  noteServices(deps, id, stack)
  under.stack = await readStackImages(deps, id, stack, { renew, signal })
  return under.stack
}

/** Images of services alone. */
async function pullRest(
  deps: Dependencies,
  id: PreviewId,
  stack: StackImages,
  { signal, onClaim }: Pulling,
): Promise<void> {
  if (stack.pulls.length > 0) onClaim(await deps.disk.claim(id, signal, null, stack.pulls))
  const pulled = await pullAllWithProgress(deps, { id, own: null, stack, signal })
  if (pulled !== 'missing') noteServices(deps, id, stack.stack, pulled.services)
}

/** Where the tag had an image before the pull, or one is wanted again, that stays. */
async function removeUnwanted(deps: Dependencies, id: PreviewId, { own, stack }: Under): Promise<void> {
  const { store, engine, config, log } = deps
  // The engine ends its side of the pull a moment later.
  await sleep(50)
  if (!isComing(store.get(id))) restServices(deps, id)
  await removeUnnamed(deps, stack?.pulls ?? [])
  await removeServiceImages(deps)
  const preview = store.get(id)
  if (preview?.image || isComing(preview)) return
  // The image may be there without its name yet.
  const digestName = own && `${referenceOf(id, config)}@${own.digest}`
  const hasNoTag = digestName !== undefined && (await engine.namesOf(digestName))?.length === 0
  const removed = await engine.removeImage(hasNoTag ? digestName : imageNameOf(id, config))
  if (removed === 'removed') log.info(logFields(id), 'image of a cancelled pull removed')
}

function isComing(preview: Preview | undefined): boolean {
  return preview !== undefined && ['queued', 'pulling', 'starting', 'running'].includes(preview.state)
}
