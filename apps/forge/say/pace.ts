/** How often a change is written into: at once, then more seldom while it goes on changing. Pure. */

const FIRST_MS = 4_000
const LONGEST_MS = 8_000
/** After so long without a write the next one is at once again. */
const QUIET_MS = 30_000

export interface Pace {
  /** Of the last write, milliseconds of the process's clock. */
  at: number
  /** Until the next one. */
  rest: number
}

/** After a write. Twenty pushes in ten seconds are told at 0 s, 4 s and 12 s. */
export function paced(last: Pace | undefined, now: number): Pace {
  const isQuiet = !last || now - last.at >= QUIET_MS
  return { at: now, rest: isQuiet ? FIRST_MS : Math.min(LONGEST_MS, last.rest * 2) }
}

export function mayWrite(last: Pace | undefined, now: number): boolean {
  return !last || now - last.at >= last.rest
}

export function isQuiet(last: Pace, now: number): boolean {
  return now - last.at >= QUIET_MS
}
