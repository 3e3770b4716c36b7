/** Less than this is the daily correction of a clock. */
const STEP_MS = 1_000

export interface Clocks {
  /** Milliseconds since 1970. */
  wall: () => number
  /** Milliseconds that no step changes. */
  steady: () => number
}

const machine: Clocks = { wall: Date.now, steady: () => performance.now() }

/**
 * Looks for steps of the clock. A machine that slept has one ahead.
 * @returns asks by how many milliseconds it was stepped since it was asked last; 0 for no step
 */
export function openStepWatch({ wall, steady }: Clocks = machine): () => number {
  let offset = wall() - steady()
  return () => {
    const before = offset
    offset = wall() - steady()
    return Math.abs(offset - before) >= STEP_MS ? offset - before : 0
  }
}
