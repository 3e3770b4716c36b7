/** Looks for the newer image of a preview, and pulls it before its next start. */
import { mayBeRenewed } from '../../shared/preview/image-update.ts'
import type { In, Preview } from '../../shared/preview/preview.ts'
import type { Lane } from '../../shared/queue.ts'
import { removeOldImages } from './old-images.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { notePulled, pull, type Pulled } from './pull.ts'
import { packedSizeOf, readTagIfReachable } from './read-tag.ts'
import { isExpected, toFailureReason, retryAfterOf } from '../step/to-failure-reason.ts'
import { isDue } from '../step/capacity.ts'
import { whileWanted } from '../step/while-wanted.ts'

/** How long the registry may take: while a start waits, and otherwise. */
const TIMEOUT_MS = { waits: 2_000, else: 10_000 }

/** Looks in the lookup lane, pulls in the update lane. Ends when a start or a stop comes. */
export async function updateImage(deps: Dependencies, lane: Lane, preview: Preview | undefined): Promise<Outcome> {
  if (!preview?.image?.pulled || !mayBeRenewed(preview)) return undefined
  const { store, config } = deps
  const { tag, update } = preview
  // TAG_FILTER was changed: no image of this tag may start.
  if (!config.offers(tag)) return void store.apply(tag, { type: 'current', number: update?.number })
  await unlessInterrupted<unknown>(deps, preview, (signal) =>
    lane === 'lookup' ? findUpdate(deps, preview, signal, TIMEOUT_MS.else) : pullUpdate(deps, preview, signal),
  )
  return undefined
}

export async function checkUpdateFirst(deps: Dependencies, preview: In<'queued'>): Promise<Outcome> {
  if (!isDue(preview, Date.now())) return undefined
  const ask = (signal: AbortSignal) => findUpdate(deps, preview, signal, TIMEOUT_MS.waits)
  return (await unlessInterrupted(deps, preview, ask)) ? { nextLane: 'pull' } : undefined
}

async function findUpdate(
  { store, registry }: Dependencies,
  { tag, image, update }: Preview,
  signal: AbortSignal,
  timeout: number,
): Promise<boolean> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
  const digest = await registry.digestOf(tag, image?.digest ?? undefined, ending)
  const isNewer = digest !== undefined && digest !== image?.digest
  store.apply(tag, isNewer ? { type: 'refresh', digest } : { type: 'current', number: update?.number })
  return isNewer
}

async function pullUpdate(
  deps: Dependencies,
  { tag, image: was, update, state }: Preview,
  signal: AbortSignal,
): Promise<void> {
  const { store, engine, config, disk, log } = deps
  if (!update?.digest) return
  const { digest: noticed, number } = update
  const began = Date.now()
  const read = await readTagIfReachable(deps, tag, signal)
  if (read === 'missing') return void store.apply(tag, { type: 'current', number })
  const pullable = read === 'unread' ? undefined : read
  const bytes = pullable && packedSizeOf(pullable)
  // Only the update of a running preview frees disk space; that of an idle one can wait for its next start.
  const endClaim = state === 'running' ? await disk.claim(tag, signal, bytes) : await disk.claimForPrepull(tag, bytes)
  if (!endClaim) return log.info({ tag, digest: noticed }, 'no disk space for an update, the next start will free some')
  let pulled: Pulled | 'missing'
  try {
    pulled = await pull(deps, { tag, image: pullable, signal })
  } finally {
    endClaim()
  }
  if (pulled === 'missing') return void store.apply(tag, { type: 'current', number })
  const found = await engine.findImage(`${config.repository}:${tag}`)
  if (!found || signal.aborted) return
  // The engine may know an image by several digests; this is the tag's current one.
  const digest = pulled.digest ?? noticed
  const image = { ...found, digest, pulled: true }
  log.info({ tag, was: was?.digest, digest, bytes: image.bytes, ms: Date.now() - began }, 'image updated')
  notePulled(deps, tag, image)
  store.apply(tag, { type: 'renewed', image, number })
  await removeOldImages(deps, tag)
}

/** Runs a step until the preview needs something else, and notes its failure as the update's. */
async function unlessInterrupted<T>(
  { store, log }: Dependencies,
  { tag, change, update }: Preview,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await whileWanted(store, () => store.get(tag)?.change === change, step)
  } catch (error) {
    if (!isExpected(error) || error.code === 'engine-down') throw error
    log.warn({ tag, code: error.code, error: error.message }, 'the newer image could not be pulled')
    const reason = toFailureReason(error, 'pull-failed')
    store.apply(tag, { type: 'notRenewed', reason, number: update?.number, rest: retryAfterOf(error) })
    return undefined
  }
}
