/**
 * How long a start usually takes: by the last one of the preview itself, else by those of others of this repository.
 * The store remembers the latter, since rows go with time.
 */
import type { Lately, Preview } from '../../shared/preview/preview.ts'

/**
 * @param lately what the last pulls and starts of any preview took
 * @returns milliseconds from the click to the first answer; null before anything is known
 */
export function startEstimateOf(preview: Preview, lately: Lately): number | null {
  const start = preview.took.start ?? median(lately.start)
  if (start === undefined || !needsPull(preview)) return start ?? null
  const pull = preview.took.pull ?? median(lately.pull)
  return pull === undefined ? null : pull + start
}

/** The same, of a preview that is on its way up; null of any other. */
export function startEstimateWhilePending(preview: Preview, lately: Lately): number | null {
  return isComingUp(preview) ? startEstimateOf(preview, lately) : null
}

/** Whether the image has to come, or has come, from the registry for this start. */
export function needsPull(preview: Preview): boolean {
  if (preview.state === 'removing' || !preview.image) return true
  if (preview.state === 'paused') return false
  return preview.state !== 'stopping' && preview.stages.pulling !== undefined
}

function isComingUp(preview: Preview): boolean {
  if ('thenStart' in preview) return preview.thenStart
  return preview.state === 'queued' || preview.state === 'pulling' || preview.state === 'starting'
}

/** One slow day of the registry, or one huge image, must not speak for all. */
function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
  return middle.length > 0 ? Math.round(middle.reduce((a, b) => a + b, 0) / middle.length) : undefined
}
