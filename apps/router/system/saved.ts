import type { System } from '../../shared/api/system.ts'
import type { Store } from '../../shared/store/store.ts'

const WEEK_MS = 7 * 24 * 60 * 60_000
const HOUR_MS = 60 * 60_000
const GB = 1_024 ** 3

/** What sleeping has saved in the last seven days. */
export function savedOf({ slept: sleptSince }: Pick<Store['overview'], 'slept'>, now: number): System['saved'] {
  const since = now - WEEK_MS
  const { slept, byteMs, previews } = sleptSince(since, now)
  const [hours, memoryHours] = [rounded(slept / HOUR_MS), rounded(byteMs / HOUR_MS / GB)]
  const words =
    previews === 0
      ? 'No preview that was measured has slept in the last seven days.'
      : `${previews} previews slept for ${hours} hours in the last seven days, and would have taken ${memoryHours} GB hours of memory.`
  return { since: new Date(since).toISOString(), previews, hours, memoryHours, words }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
