/** Looks for the newer image of a preview, and pulls it before its next start. */
import { mayBeRenewed } from '../../shared/preview/image-update.ts'
import type { In, Preview } from '../../shared/preview/preview.ts'
import type { Lane } from '../../shared/queue.ts'
import { removeOldImages } from './old-images.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { notePulled, pull, type Pulled } from './pull.ts'
import { bytesOf, readTagOrLeaveIt } from './read-tag.ts'
import { isExpected, toFailureReason, restOf } from '../step/to-failure-reason.ts'
import { isDue } from '../step/capacity.ts'
import { whileWanted } from '../step/while-wanted.ts'

/** How long the registry may take: while a start waits, and otherwise. */
const PATIENCE_MS = { waits: 2_000, else: 10_000 }

/** Looks in the lookup lane, pulls in the update lane. Ends when a start or a stop comes. */
export async function updateImage(parts: Dependencies, lane: Lane, preview: Preview | undefined): Promise<Outcome> {
  if (!preview?.image?.pulled || !mayBeRenewed(preview)) return undefined
  const { store, config } = parts
  const { tag, newer } = preview
  // TAG_FILTER was changed: no image of this tag may start.
  if (!config.offers(tag)) return void store.apply(tag, { type: 'current', number: newer?.number })
  await whileStands<unknown>(parts, preview, (signal) =>
    lane === 'ask' ? askForNewer(parts, preview, signal, PATIENCE_MS.else) : renew(parts, preview, signal),
  )
  return undefined
}

export async function checkUpdateFirst(parts: Dependencies, preview: In<'queued'>): Promise<Outcome> {
  if (!isDue(preview, Date.now())) return undefined
  const ask = (signal: AbortSignal) => askForNewer(parts, preview, signal, PATIENCE_MS.waits)
  return (await whileStands(parts, preview, ask)) ? { sendOn: 'pull' } : undefined
}

async function askForNewer(
  { store, registry }: Dependencies,
  { tag, image, newer }: Preview,
  signal: AbortSignal,
  patience: number,
): Promise<boolean> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  const digest = await registry.digestOf(tag, image?.digest ?? undefined, ending)
  const isNewer = digest !== undefined && digest !== image?.digest
  store.apply(tag, isNewer ? { type: 'refresh', digest } : { type: 'current', number: newer?.number })
  return isNewer
}

async function renew(
  parts: Dependencies,
  { tag, image: was, newer, state }: Preview,
  signal: AbortSignal,
): Promise<void> {
  const { store, engine, config, disk, log } = parts
  if (!newer?.digest) return
  const { digest: noticed, number } = newer
  const began = Date.now()
  const read = await readTagOrLeaveIt(parts, tag, signal)
  if (read === 'missing') return void store.apply(tag, { type: 'current', number })
  const pullable = read === 'unread' ? undefined : read
  const bytes = pullable && bytesOf(pullable)
  // Only the update of a running preview frees disk space; that of an idle one can wait for its next start.
  const endClaim = state === 'running' ? await disk.claim(tag, signal, bytes) : await disk.claimAhead(tag, bytes)
  if (!endClaim)
    return log.info({ tag, digest: noticed }, 'no room on the disk for a newer image that nobody waits for')
  let pulled: Pulled | 'missing'
  try {
    pulled = await pull(parts, { tag, image: pullable, signal })
  } finally {
    endClaim()
  }
  if (pulled === 'missing') return void store.apply(tag, { type: 'current', number })
  const found = await engine.findImage(`${config.repository}:${tag}`)
  if (!found || signal.aborted) return
  // The engine may know an image by several digests; this is the tag's current one.
  const digest = pulled.digest ?? noticed
  const image = { ...found, digest, pulled: true }
  log.info({ tag, was: was?.digest, digest, bytes: image.bytes, ms: Date.now() - began }, 'image renewed')
  notePulled(parts, tag, image)
  store.apply(tag, { type: 'renewed', image, number })
  await removeOldImages(parts, tag)
}

/** Runs a step until the preview needs something else, and notes its failure as the update's. */
async function whileStands<T>(
  { store, log }: Dependencies,
  { tag, change, newer }: Preview,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await whileWanted(store, () => store.get(tag)?.change === change, step)
  } catch (error) {
    if (!isExpected(error) || error.code === 'engine-down') throw error
    log.warn({ tag, code: error.code, error: error.message }, 'the newest image could not be brought here')
    const reason = toFailureReason(error, 'pull-failed')
    store.apply(tag, { type: 'notRenewed', reason, number: newer?.number, rest: restOf(error) })
    return undefined
  }
}
