/** Pure. What Lotan does next with a preview by itself, in the few words of a row. */
import { isMissing, isPinned, MISSING_TOLD_MS, type Preview } from '../../../shared/preview/preview.ts'
import { forgottenAt, isRetriedAt, nextDue, type Due, type Timeouts } from '../../../shared/preview/timeouts.ts'
import { age, duration } from '../format.ts'

export interface NextWords {
  text: string
  /** Milliseconds since 1970; null where it comes at no time that is known. */
  at: number | null
  /** Within two minutes somebody's preview goes. */
  isSoon: boolean
}

const SOON_MS = 2 * 60_000

/** `Stops in 9 min`; null where nothing is going to happen. @param roomAt when it is stopped for one that waits, if it is */
export function nextOf(preview: Preview, timeouts: Timeouts, now: number, roomAt = Infinity): NextWords | null {
  if (preview.removeAt !== null)
    return { text: `Goes ${inTime(preview.removeAt - now)}`, at: preview.removeAt, isSoon: true }
  if (isPinned(preview, now)) return { text: pinnedText(preview, now), at: preview.pin!.until, isSoon: false }
  if (isMissing(preview)) {
    const at = preview.since + MISSING_TOLD_MS
    return { text: `Leaves ${inTime(at - now)}`, at, isSoon: false }
  }
  const due = nextDue(preview, timeouts, now)
  if (
    preview.state === 'failed' &&
    preview.retryAt !== null &&
    isRetriedAt(preview, Math.max(now, preview.retryAt), timeouts)
  )
    return { text: `Tried again ${inTime(preview.retryAt - now)}`, at: preview.retryAt, isSoon: false }
  if (roomAt < (due?.at ?? Infinity))
    return { text: `Stops for room ${inTime(roomAt - now)}`, at: roomAt, isSoon: roomAt - now < SOON_MS }
  if (due) {
    const left = due.at - now
    return { text: `${verbs[due.what]} ${inTime(left)}`, at: due.at, isSoon: due.what === 'stop' && left < SOON_MS }
  }
  const gone = forgottenAt(preview, timeouts)
  return gone === undefined || preview.state === 'failed' ? null : { text: 'Image gone', at: gone, isSoon: false }
}

const verbs: Record<Due['what'], string> = { pause: 'Pauses', stop: 'Stops', clean: 'Image goes' }

/** `Pinned`, `Pinned for 3 h`; empty where it is not. */
export function pinnedText(preview: Preview, now: number): string {
  if (!isPinned(preview, now)) return ''
  const { until } = preview.pin!
  return until === null ? 'Pinned' : `Pinned for ${age(until - now)}`
}

/** `in 9 min`, to the nearest minute from two minutes on; `now` for what is due. */
export function inTime(ms: number): string {
  return ms <= 0 ? 'now' : `in ${roundedTime(ms)}`
}

/** Changes once a minute, so that a page of them does not flicker. */
export function roundedTime(ms: number): string {
  const isLong = ms >= SOON_MS
  return duration(isLong ? Math.round(ms / 60_000) * 60_000 : Math.ceil(ms / 1_000) * 1_000)
}
