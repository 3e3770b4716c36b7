import { openStepWatch, type Clocks } from '../../shared/clock.ts'

/** A visit is known within 4.5 s, and by the new time. */
const REST_MS = 10_000

/**
 * Times that were noted before a step of the clock cannot be compared with those after it.
 * @returns asks whether there was one a moment ago; it has to be called once a second
 */
export function openClockWatch(clocks?: Clocks): () => boolean {
  const steady = clocks?.steady ?? (() => performance.now())
  const stepped = openStepWatch(clocks)
  let at = -Infinity
  return () => {
    if (stepped() !== 0) at = steady()
    return steady() - at < REST_MS
  }
}
