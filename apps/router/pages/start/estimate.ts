/** The store keeps the durations of others of this repository, since rows are deleted. */
import { median } from '../../../shared/median.ts'
import { startsAgain, type Preview } from '../../../shared/preview/preview.ts'
import type { Lately } from '../../../shared/preview/start-times.ts'

/**
 * A pull is reckoned from what there is to fetch, and from nothing else: the last one of the same tag may have found most
 * layers here, or been of another size.
 * @returns milliseconds from click to first answer; null before anything is known
 */
export function startEstimateOf(preview: Preview, lately: Lately): number | null {
  const start = preview.took.start ?? median(lately.start)
  if (start === undefined || isLookedUp(preview)) return null
  if (!needsPull(preview)) return Math.round(start)
  const pull = pullEstimateOf(preview, lately)
  return pull === undefined ? null : Math.round(pull + start)
}

function pullEstimateOf(preview: Preview, { pullRate }: Lately): number | undefined {
  // The pull of this very start.
  if (preview.state === 'starting' || preview.state === 'running') return preview.took.pull
  const bytes = preview.state === 'pulling' ? preview.progress?.total : undefined
  const rate = median(pullRate)
  return bytes && rate ? bytes / rate : undefined
}

/** Whether there is a newer image to pull is not known yet. */
function isLookedUp(preview: Preview): boolean {
  return preview.state === 'queued' && preview.phase === 'checkUpdate'
}

export function startEstimateWhilePending(preview: Preview, lately: Lately): number | null {
  return isStarting(preview) ? startEstimateOf(preview, lately) : null
}

export function needsPull(preview: Preview): boolean {
  if (preview.state === 'removing' || !preview.image) return true
  if (preview.state === 'queued' && preview.phase === 'pull') return true
  if (preview.state === 'paused') return false
  return preview.state !== 'stopping' && preview.stages.pulling !== undefined
}

function isStarting(preview: Preview): boolean {
  return ['queued', 'pulling', 'starting'].includes(preview.state) || startsAgain(preview)
}
