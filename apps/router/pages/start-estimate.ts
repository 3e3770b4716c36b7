/** The store keeps the durations of others of this repository, since rows are deleted. */
import { wantsNewer } from '../../shared/preview/image-update.ts'
import { startsAgain, type Preview } from '../../shared/preview/preview.ts'
import type { Lately } from '../../shared/preview/start-times.ts'

/**
 * A pull is reckoned from what there is to fetch, else by this preview's own last one that fetched its image. Other
 * images say nothing of it.
 * @returns milliseconds from click to first answer; null before anything is known
 */
export function startEstimateOf(preview: Preview, lately: Lately): number | null {
  const start = preview.took.start ?? medianOf(lately.start)
  if (start === undefined) return null
  if (!needsPull(preview)) return Math.round(start)
  const pull = pullEstimateOf(preview, lately)
  return pull === undefined ? null : Math.round(pull + start)
}

function pullEstimateOf(preview: Preview, { pullRate }: Lately): number | undefined {
  const progress = preview.state === 'pulling' ? preview.progress : null
  const rate = medianOf(pullRate)
  // Before it has a phase it is not known what there is to fetch.
  if (progress?.phase && progress.total > 0 && rate) return progress.total / rate
  if (preview.state === 'starting') return pullDuration(preview) ?? preview.took.pull
  // Its newer image may be of another size.
  return preview.image ? undefined : preview.took.pull
}

/** Of this start's own. */
function pullDuration({ stages: { pulling, starting } }: Preview): number | undefined {
  return pulling === undefined || starting === undefined ? undefined : starting - pulling
}

export function startEstimateWhilePending(preview: Preview, lately: Lately): number | null {
  return isStarting(preview) ? startEstimateOf(preview, lately) : null
}

/** Also where it may need one: of a newer image, which is asked for first. */
export function needsPull(preview: Preview): boolean {
  if (preview.state === 'removing' || !preview.image) return true
  if (preview.state === 'queued' && wantsNewer(preview)) return true
  if (preview.state === 'paused') return false
  return preview.state !== 'stopping' && preview.stages.pulling !== undefined
}

function isStarting(preview: Preview): boolean {
  return ['queued', 'pulling', 'starting'].includes(preview.state) || startsAgain(preview)
}

/** A median, since one slow pull or huge image must not decide. */
export function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
  return middle.length > 0 ? middle.reduce((a, b) => a + b, 0) / middle.length : undefined
}
