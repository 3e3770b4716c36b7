/** Writes at the speed that a forge lets be: many at once first, then one at a time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ForgeError } from './forge.ts'

interface Pace {
  /** So many may come at once. */
  burst: number
  everyMs: number
  /** A call that would have to wait longer fails with `limited`: who asks has a loop of its own. */
  mostWaitMs: number
}

/** @returns what waits for a write's turn, and throws a ForgeError where that is too far */
export function openPace({ burst, everyMs, mostWaitMs }: Pace): () => Promise<void> {
  let nextAt = -Infinity
  return async () => {
    const now = performance.now()
    const turn = Math.max(nextAt, now - (burst - 1) * everyMs)
    const wait = turn - now
    if (wait > mostWaitMs)
      throw new ForgeError('limited', 'Lotan writes no faster than the forge lets it', { retryAt: Date.now() + wait })
    nextAt = turn + everyMs
    if (wait > 0) await sleep(wait)
  }
}
