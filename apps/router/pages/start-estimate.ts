/** The store keeps the durations of others of this repository, since rows are deleted. */
import { startsAgain, type Preview } from '../../shared/preview/preview.ts'
import type { Lately } from '../../shared/preview/start-times.ts'

/** @returns milliseconds from click to first answer; null before anything is known */
export function startEstimateOf(preview: Preview, recentDurations: Lately): number | null {
  const start = preview.took.start ?? median(recentDurations.start)
  if (start === undefined || !needsPull(preview)) return start ?? null
  const pull = preview.took.pull ?? median(recentDurations.pull)
  return pull === undefined ? null : pull + start
}

export function startEstimateWhilePending(preview: Preview, recentDurations: Lately): number | null {
  return isStarting(preview) ? startEstimateOf(preview, recentDurations) : null
}

export function needsPull(preview: Preview): boolean {
  if (preview.state === 'removing' || !preview.image) return true
  if (preview.state === 'paused') return false
  return preview.state !== 'stopping' && preview.stages.pulling !== undefined
}

function isStarting(preview: Preview): boolean {
  return ['queued', 'pulling', 'starting'].includes(preview.state) || startsAgain(preview)
}

/** A median, since one slow pull or huge image must not decide. */
function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
  return middle.length > 0 ? Math.round(middle.reduce((a, b) => a + b, 0) / middle.length) : undefined
}
