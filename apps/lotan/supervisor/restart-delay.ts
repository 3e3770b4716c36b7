/** How long a part that has ended waits for its next start. */

/** A part that was up this long was well: when it ends it is started again at once. */
export const HEALTHY_AFTER_MS = 5_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000

/**
 * How often in a row a part has ended soon after its start.
 * @param before the same, before this end
 * @param lasted how long it was up this time, milliseconds
 */
export function crashesAfter(before: number, lasted: number): number {
  return lasted >= HEALTHY_AFTER_MS ? 1 : before + 1
}

/**
 * How long to wait before the next start, milliseconds: nothing after the first end, since whoever was killed is wanted
 * back; only what keeps ending waits, twice as long each time.
 * @param crashes in a row, from 1
 * @param chance 0 to 1: parts that fell together must not get up together
 */
export function restartDelay(crashes: number, chance: number): number {
  if (crashes <= 1) return 0
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (crashes - 2)) * (0.75 + chance / 2)
}

/** Whether a pause is the longest there is: from then on all that could be said was said. */
export function isLongest(crashes: number): boolean {
  return crashes > 1 && FIRST_PAUSE_MS * 2 ** (crashes - 2) >= LONGEST_PAUSE_MS
}
