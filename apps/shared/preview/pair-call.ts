/**
 * What a preview's call to one that it goes with means for the time that both are up. It is activity as old as the
 * caller's last visit: previews that only call each other fall asleep, as if they were silent. Pure.
 */
import type { Preview } from './preview.ts'
import { idleTimeOf, usedAt, visitedAt, type Timeouts } from './timeouts.ts'

/** All in milliseconds since 1970. */
export interface PairCall {
  /** When the caller was last visited. */
  visited: number
  /** Until then it wakes what it calls: that visit keeps the caller awake, and would keep the other one awake too. */
  wakesUntil: number
  /** The call is held no longer than this: the caller may be stopped from then on. */
  staysUntil: number
}

export function pairCallOf(
  caller: Preview,
  target: Preview | undefined,
  timeouts: Pick<Timeouts, 'stopAfter'>,
): PairCall {
  const visited = visitedAt(caller)
  const own = idleTimeOf(caller, timeouts)
  const others = target ? idleTimeOf(target, timeouts) : timeouts.stopAfter
  return {
    visited,
    wakesUntil: visited + Math.min(own, others),
    staysUntil: Math.max(visited, usedAt(caller)) + own,
  }
}
