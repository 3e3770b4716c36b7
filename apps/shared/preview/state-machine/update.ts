import { firstQueuedPhase, known, nudged, starting, stopped } from './states.ts'
import { given } from './start.ts'
import { stillNewer } from '../image-update.ts'
import type { EventOf } from '../event.ts'
import { FAILURE_REST_MS, isOutdated, type In, type ImageUpdate, type Preview } from '../preview.ts'
import { AT_ONCE, isRouted, type Generation } from '../generation.ts'
import type { Reason } from '../failure-reason.ts'
import type { Notice } from '../notice.ts'

/** Voids an earlier failure. `digest`: what the registry told, where it was asked; that is news only once. */
export function refresh<P extends Preview>(preview: P, { digest }: EventOf<'refresh'>): P | undefined {
  // Without an image a start asks the registry in any case; an image that Lotan did not pull stays as it is.
  if (preview.image ? !preview.image.pulled : preview.state !== 'pulling') return undefined
  if (digest !== undefined && (digest === preview.update?.digest || digest === preview.image?.digest)) return undefined
  const refreshes = preview.refreshes + 1
  const isAsked = digest === undefined || (preview.update?.asked ?? false)
  const update: ImageUpdate = { number: refreshes, digest: digest ?? null, asked: isAsked, failure: null }
  return { ...preview, update, refreshes }
}

export function refreshFirst(preview: In<'queued'>, event: EventOf<'refresh'>): In<'queued'> | undefined {
  const refreshed = refresh(preview, event)
  return refreshed && preview.phase === 'start' ? { ...refreshed, phase: 'checkUpdate' } : refreshed
}

/** There is no newer image: the one that is here is what was waited for. */
export function current(
  preview: Preview,
  { number }: Pick<EventOf<'current'>, 'number'>,
  now: number,
): Preview | undefined {
  const { image } = preview
  if (!image) return undefined
  const update = stillNewer(preview.update, number, image)
  if (update === preview.update && !isKeptWaiting(preview)) return undefined
  return goOn({ ...preview, update }, now)
}

/** There may be a newer image, but it does not come: the one that is here is used. */
export function notRenewed(
  preview: Preview,
  { reason, number, rest = FAILURE_REST_MS }: Omit<EventOf<'notRenewed'>, 'type'>,
  now: number,
): Preview | undefined {
  if (!preview.image) return undefined
  // What was asked for since then has not been tried; and that it is tried in vain again and again is no news.
  const was = preview.update
  const isNews = was !== null && was.number === number && was.failure?.code !== reason.code
  if (!isNews && !isKeptWaiting(preview)) return undefined
  const update = isNews ? { ...was, failure: { ...reason, at: now, rest } } : was
  return goOn({ ...preview, update }, now)
}

function isKeptWaiting({ state }: Preview): boolean {
  return state === 'pulling' || state === 'queued'
}

function goOn(preview: Preview, now: number): Preview {
  if (preview.state === 'pulling') return starting(known(preview), now)
  return preview.state === 'queued' ? nudged({ ...preview, phase: firstQueuedPhase(preview) }) : preview
}

type Renewed = EventOf<'renewed'>

/** A newer image is here; where it is the one that the preview has, the registry has none that is newer. */
function unlessSame<P extends Preview>(step: (preview: P, event: Renewed, now: number) => Preview | undefined) {
  return (preview: P, event: Renewed, now: number): Preview | undefined => {
    const { image } = preview
    if (!image) return undefined
    const isSame = image.id === event.image.id && image.digest === event.image.digest
    return isSame ? current(preview, event, now) : step(preview, event, now)
  }
}

/** What comes up or goes has it with its next start, which asks again. */
export const renewedMeanwhile = unlessSame(() => undefined)

export const renewedWhileRunning = unlessSame<In<'running'>>((preview, event) => {
  const renewed = withImage(preview, event)
  if (preview.image?.id === event.image.id) return withDigest(renewed)
  // A generation of an older image still is not wanted any more, and that one did not come up is no news.
  const notices = preview.rejectedImage ? [] : preview.notices
  return nudged({ ...renewed, ...known(renewed), notices, rejectedImage: null, pending: null })
})

export const renewedAtRest = unlessSame<In<'paused'> | In<'stopped'>>((preview, event) => {
  const renewed = withImage(preview, event)
  return preview.image?.id === event.image.id ? withDigest(renewed) : renewed
})

export const renewedAfterFailure = unlessSame<In<'failed'>>((preview, event, now) =>
  stopped({ ...known(withImage(preview, event)), crashes: 0 }, null, 'renewed', now),
)

function withImage<P extends Preview>(preview: P, { image, number }: Renewed): P {
  return { ...preview, image, update: stillNewer(preview.update, number, image) }
}

/** The same image by another digest: its index was pushed again with another attestation, say. Its containers go on. */
function withDigest(preview: In<'running'> | In<'paused'> | In<'stopped'>): Preview {
  const { image, generation } = preview
  const of = <G extends Generation | null>(generation: G): G =>
    generation?.image === image?.id ? { ...generation, digest: image!.digest } : generation
  if (preview.state === 'running')
    return { ...preview, generation: of(preview.generation), pending: of(preview.pending) }
  return { ...preview, generation: of(generation) } as Preview
}

export function replace(
  preview: In<'running'>,
  { slot, sandbox = null, port, pairs, trusted, stack }: EventOf<'replace'>,
): In<'running'> | undefined {
  const { image } = preview
  if (!image || !isOutdated(preview) || preview.pending || slot === undefined) return undefined
  const number = preview.generations + 1
  const of = { slot, sandbox, digest: image.digest, port, ...(pairs && { pairs }), ...given({ trusted, stack }) }
  const pending = { number, container: null, image: image.id, ...of }
  return { ...preview, generations: number, pending }
}

export function created(preview: In<'running'>, { generation, container }: EventOf<'created'>) {
  return withComing(preview, generation, { container })
}

export function slotTaken(preview: In<'running'>, { generation, slot, sandbox = null }: EventOf<'slotTaken'>) {
  return slot === undefined ? undefined : withComing(preview, generation, { container: null, slot, sandbox })
}

function withComing(preview: In<'running'>, number: number, what: Partial<Generation>): In<'running'> | undefined {
  const { pending } = preview
  return pending?.number === number ? { ...preview, pending: { ...pending, ...what } } : undefined
}

export function takenOver(preview: In<'running'>, event: EventOf<'answered'>, now: number): In<'running'> | undefined {
  const { pending, generation } = preview
  if (pending?.number !== event.generation || !isRouted(pending)) return undefined
  const retiring = [...preview.retiring, { ...generation, since: now }]
  return nudged({
    ...preview,
    generation: pending,
    pending: null,
    retiring,
    notices: event.notices,
    rejectedImage: null,
  })
}

/** It did not come up, or what it says of its services cannot be used. */
export function rejected(preview: In<'running'>, reason: Reason): In<'running'> | undefined {
  const image = preview.pending?.image ?? (isOutdated(preview) ? preview.image?.id : undefined)
  if (image === undefined) return undefined
  const notices: Notice[] = [{ code: 'update-rejected', reason }]
  return { ...preview, ...known(preview), pending: null, rejectedImage: image, notices }
}

export function atOnce<P extends Preview>(preview: P, generation: number): P {
  const retiring = preview.retiring.map((one) => (one.number === generation ? { ...one, since: AT_ONCE } : one))
  return { ...preview, retiring }
}

export function left(preview: Preview, { generation }: EventOf<'left'>): Preview | undefined {
  const retiring = preview.retiring.filter(({ number }) => number !== generation)
  return retiring.length < preview.retiring.length ? { ...preview, retiring } : undefined
}
