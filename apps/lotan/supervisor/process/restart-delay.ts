/** A process that was up this long was healthy: its next start is at once. */
export const HEALTHY_AFTER_MS = 5_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000

/** Crashes in a row, soon after a start. @param lasted milliseconds that it was up this time */
export function crashesAfter(before: number, lasted: number): number {
  return lasted >= HEALTHY_AFTER_MS ? 1 : before + 1
}

/**
 * Milliseconds: 0 after the first crash (an operator may have killed it), then doubled each time.
 * @param chance 0 to 1: jitter, so that processes that crashed together do not restart together
 */
export function restartDelay(crashes: number, chance: number): number {
  if (crashes <= 1) return 0
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (crashes - 2)) * (0.75 + chance / 2)
}

export function isLongest(crashes: number): boolean {
  return crashes > 1 && FIRST_PAUSE_MS * 2 ** (crashes - 2) >= LONGEST_PAUSE_MS
}
