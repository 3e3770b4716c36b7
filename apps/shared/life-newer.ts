/**
 * How a preview comes by a newer image: it is wanted, it is here or does not come, and where the preview runs, a
 * generation of it comes up beside the one that serves, and takes over.
 */
import { asked, known, starting, stopped } from './life-states.ts'
import { stillNewer, withNewer, withoutNewer } from './newer.ts'
import { isOutdated, isRouted, type Event, type Image, type In, type Newer, type Preview } from './preview.ts'
import { words, type Reason } from './reason.ts'

/**
 * The newest image is wanted, whatever came of an earlier try.
 * @param digest what the registry told, where it was asked; that is news only once
 */
export function refresh(preview: Preview, digest: string | undefined, now: number): Preview | undefined {
  if (preview.state === 'removing' || preview.state === 'unknown') return undefined
  // Without an image a start asks the registry in any case; one of somebody else's stays as it is.
  if (preview.image ? !preview.image.pulled : preview.state !== 'pulling') return undefined
  if (digest !== undefined && (digest === preview.newer?.digest || digest === preview.image?.digest)) return undefined
  return { ...preview, newer: { at: now, digest: digest ?? null, trouble: null }, notice: withoutNewer(preview) }
}

/** There is no newer image, by an answer to what was asked then. Whoever waited for one has the image that is here. */
export function current(preview: Preview, askedAt: number, now: number): Preview | undefined {
  const { image } = preview
  if (!image) return undefined
  const newer = stillNewer(preview.newer, askedAt, image)
  if (preview.state !== 'pulling' && newer === preview.newer) return undefined
  return orStart({ ...preview, newer, notice: withoutNewer(preview) }, now)
}

/** There is a newer image, or there may be one, but it does not come: the one that is here is used. */
export function notRenewed(preview: Preview, reason: Reason, now: number): Preview | undefined {
  if (!preview.image) return undefined
  // That it is tried in vain again and again is no news.
  if (preview.state !== 'pulling' && (!preview.newer || preview.newer.trouble?.code === reason.code)) return undefined
  const newer: Newer = { at: now, digest: null, ...preview.newer, trouble: reason }
  return orStart({ ...preview, newer, notice: withNewer({ ...preview, newer }, withoutNewer(preview)) }, now)
}

/** Whoever waited for a newer image that does not come starts with the one that is here. */
function orStart(preview: Preview, now: number): Preview {
  return preview.state === 'pulling' ? starting(known(preview), now) : preview
}

/** A newer image is here. What runs is replaced by it, what sleeps has it with its next start, and a failure is void. */
export function renewed(preview: Preview, image: Image, askedAt: number, now: number): Preview | undefined {
  const was = preview.image
  if (!was || (was.id === image.id && was.digest === image.digest)) return undefined
  const newer = stillNewer(preview.newer, askedAt, image)
  const notice = withoutNewer(preview)
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

/** The container of a generation that was leaving is gone. */
export function left(preview: Preview, generation: number): Preview | undefined {
  const leaving = preview.leaving.filter(({ number }) => number !== generation)
  return leaving.length < preview.leaving.length ? { ...preview, leaving } : undefined
}
