/**
 * How a preview comes by a newer image: it is wanted, it is here or does not come, and where the preview runs, a
 * generation of it comes up beside the one that serves, and takes over.
 */
import { asked, known, starting, stopped } from './states.ts'
import { stillNewer, withNewer, withoutNewer } from './image-update.ts'
import {
  AT_ONCE,
  FAILURE_REST_MS,
  isOutdated,
  isRouted,
  type Event,
  type Generation,
  type In,
  type Newer,
  type Preview,
} from './preview.ts'
import { words, type Reason } from './failure-reason.ts'

/**
 * The newest image is wanted, whatever came of an earlier try.
 * @param digest what the registry told, where it was asked; that is news only once
 */
export function refresh(preview: Preview, digest: string | undefined): Preview | undefined {
  if (preview.state === 'removing' || preview.state === 'unknown') return undefined
  // Without an image a start asks the registry in any case; one of somebody else's stays as it is.
  if (preview.image ? !preview.image.pulled : preview.state !== 'pulling') return undefined
  if (digest !== undefined && (digest === preview.newer?.digest || digest === preview.image?.digest)) return undefined
  const refreshes = preview.refreshes + 1
  const isAsked = digest === undefined || (preview.newer?.asked ?? false)
  const newer: Newer = { number: refreshes, digest: digest ?? null, asked: isAsked, trouble: null }
  return { ...preview, newer, refreshes, notice: withoutNewer(preview) }
}

/** There is no newer image, by the answer to that asking. Whoever waited for one has the image that is here. */
export function current(preview: Preview, number: number | undefined, now: number): Preview | undefined {
  const { image } = preview
  if (!image) return undefined
  const newer = stillNewer(preview.newer, number, image)
  if (newer === preview.newer && !isKeptWaiting(preview)) return undefined
  return goOn({ ...preview, newer, notice: withoutNewer(preview) }, now)
}

/** There is a newer image, or there may be one, but it does not come: the one that is here is used. */
export function notRenewed(
  preview: Preview,
  { reason, number, rest = FAILURE_REST_MS }: Omit<Extract<Event, { type: 'notRenewed' }>, 'type'>,
  now: number,
): Preview | undefined {
  if (!preview.image) return undefined
  // What was asked for since then has not been tried; and that it is tried in vain again and again is no news.
  const was = preview.newer
  const isNews = was !== null && was.number === number && was.trouble?.code !== reason.code
  if (!isNews && !isKeptWaiting(preview)) return undefined
  const newer = isNews ? { ...was, trouble: { ...reason, at: now, rest } } : was
  return goOn({ ...preview, newer, notice: withNewer({ ...preview, newer }, withoutNewer(preview)) }, now)
}

/** Whether its start is kept waiting for an answer about its newest image. */
function isKeptWaiting({ state }: Preview): boolean {
  return state === 'pulling' || state === 'queued'
}

/** What waited for a newer image that does not come starts with the one that is here. */
function goOn(preview: Preview, now: number): Preview {
  if (preview.state === 'pulling') return starting(known(preview), now)
  return preview.state === 'queued' ? asked(preview) : preview
}

/** A newer image is here. What runs is replaced by it, what sleeps has it with its next start, and a failure is void. */
export function renewed(
  preview: Preview,
  { image, number }: Extract<Event, { type: 'renewed' }>,
  now: number,
): Preview | undefined {
  const was = preview.image
  if (!was) return undefined
  if (was.id === image.id && was.digest === image.digest) return current(preview, number, now)
  const newer = stillNewer(preview.newer, number, image)
  const notice = withoutNewer(preview)
  if (was.id === image.id && ['running', 'paused', 'stopped'].includes(preview.state))
    return renamed({ ...preview, image, newer, notice })
  switch (preview.state) {
    case 'running':
      // The one that is coming up from an older image still is not wanted any more, and one that did not come up is no news.
      return asked({
        ...preview,
        ...known(preview),
        image,
        newer,
        notice: preview.unfit ? null : notice,
        unfit: null,
        coming: null,
      })
    case 'paused':
    case 'stopped':
      return { ...preview, image, newer, notice }
    case 'failed':
      return stopped({ ...known(preview), image, newer, notice, crashes: 0 }, null, 'renewed', now)
    default:
      return undefined
  }
}

/**
 * The tag has the same image by another digest, since its index was pushed again with another attestation, say: the same
 * containers go on, and are that digest's.
 */
function renamed(preview: Preview): Preview {
  const { image } = preview
  const of = <G extends Generation>(generation: G): G =>
    generation.image === image!.id ? { ...generation, digest: image!.digest } : generation
  const coming = 'coming' in preview && preview.coming ? { coming: of(preview.coming) } : {}
  const generation = 'generation' in preview && preview.generation ? { generation: of(preview.generation) } : {}
  return { ...preview, ...coming, ...generation } as Preview
}

/** A generation of the newer image comes up beside the one that serves, at the slot that the store has given it. */
export function replace(preview: Preview, event: Extract<Event, { type: 'replace' }>): Preview | undefined {
  if (preview.state !== 'running' || preview.coming || !preview.image || !isOutdated(preview)) return undefined
  if (event.slot === undefined) return undefined
  const number = preview.generations + 1
  const { id, digest } = preview.image
  const coming = { number, container: null, slot: event.slot, image: id, digest, port: event.port }
  return { ...preview, generations: number, coming }
}

/** The newer container answers: the route moves to it, and the older one leaves. */
export function takenOver(
  preview: In<'running'>,
  event: Extract<Event, { type: 'answered' }>,
  now: number,
): In<'running'> | undefined {
  const { coming, generation } = preview
  if (coming?.number !== event.generation || !isRouted(coming)) return undefined
  const leaving = [...preview.leaving, { ...generation, since: now }]
  return asked({
    ...preview,
    generation: coming,
    coming: null,
    leaving,
    notice: withNewer(preview, event.notice),
    unfit: null,
  })
}

/** The newer image does not come up: the older container serves on, and the admin is told. */
export function unfit(preview: In<'running'>, reason: Reason): In<'running'> | undefined {
  if (!preview.coming) return undefined
  const { heading } = words(preview.tag, reason)
  const notice = `A newer image was pushed, but ${heading}; the one before serves on. ${reason.detail}`
  return { ...preview, ...known(preview), coming: null, unfit: preview.coming.image, notice }
}

/** A generation that leaves is not waited for any more. */
export function atOnce<P extends Preview>(preview: P, generation: number): P {
  const leaving = preview.leaving.map((one) => (one.number === generation ? { ...one, since: AT_ONCE } : one))
  return { ...preview, leaving }
}

/** The container of a generation that was leaving is gone. */
export function left(preview: Preview, generation: number): Preview | undefined {
  const leaving = preview.leaving.filter(({ number }) => number !== generation)
  return leaving.length < preview.leaving.length ? { ...preview, leaving } : undefined
}
