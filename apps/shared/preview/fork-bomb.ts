/** Curbed is a preview that tries to make processes without end. */

export interface Look {
  /** Milliseconds on a clock that never steps back. */
  at: number
  /** New processes that the container was refused since it started. */
  refused: number
}

/**
 * A fork bomb is refused 300 (a shell's) to 8,000 (a program's) processes a second for as long as it runs. What has
 * come to its limit by chance is refused a few, and gives up or waits.
 */
const BOMB_PER_SECOND = 50
const BOMB_MS = 3_000
const QUIET_MS = 5_000

/**
 * What of the processor a curbed container may have. Making and ending processes holds up the kernel for all. Fewer
 * processes do not help, since their refusals cost as much (p99 of a neighbour: 5.3 times with 64 processes, 3.3 with
 * 512).
 */
export const CURBED_CPUS = 0.2

export function lately(looks: readonly Look[], now: number): Look[] {
  const first = looks.findLastIndex(({ at }) => now - at >= QUIET_MS)
  return looks.slice(Math.max(0, first))
}

/** From the third second of a bomb on, until five with next to no refusal. @param looks of one run, the oldest first */
export function isCurbed(looks: readonly Look[], before: boolean): boolean {
  const last = looks.at(-1)
  if (!last) return before
  const rateSince = (from: Look) => ((last.refused - from.refused) * 1_000) / Math.max(1, last.at - from.at)
  const from = looks.findLast(({ at }) => last.at - at >= (before ? QUIET_MS : BOMB_MS))
  if (!from) return before
  if (before) return rateSince(from) >= BOMB_PER_SECOND / 10
  // All along, and not in one burst.
  const steps = looks.slice(looks.indexOf(from)).map((look, i, all) => [all[i - 1], look] as const)
  return steps.every(([a, b]) => !a || (b.refused - a.refused) * 1_000 >= BOMB_PER_SECOND * (b.at - a.at))
}
