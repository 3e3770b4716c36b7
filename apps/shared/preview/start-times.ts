/** Bytes. `total` is what there is to fetch; where no manifest could be read it grows as layers become known. */
export interface Progress {
  bytes: number
  total: number
  layers: number
  layersDone: number
  /** 0 to 100, never backwards. */
  percent: number
  /** `unpacking`: all bytes are here. Absent before the engine has told what there is to fetch. */
  phase?: 'downloading' | 'unpacking'
  /** When that was first so, milliseconds since 1970. */
  unpackingSince?: number
  /** Nothing moves, since there is no room for it on the engine's disk yet. */
  waitsFor?: 'room'
}

/** Of the current, or the last, start. Milliseconds since 1970. */
export interface Stages {
  queued?: number
  pulling?: number
  /** All bytes of the image were here. */
  unpacking?: number
  starting?: number
  /** The container's process runs; its first answer is awaited. */
  waiting?: number
  running?: number
  /** When it first ran since it was asked for, where Lotan has started it again by itself since. */
  first?: number
  /** Where another preview's call has started it: the visit that the call goes back to. */
  called?: number
  /** When its container could last not be frozen. */
  unfrozen?: number
}

/** Notes when all bytes were here, on what has just been told of a pull. @param now milliseconds since 1970 */
export function sinceUnpacking(before: Progress | null, told: Progress, now: number): Progress {
  return told.phase === 'unpacking' ? { ...told, unpackingSince: before?.unpackingSince ?? now } : told
}

/** Milliseconds, of the last that succeeded: the "usually" of the waiting page. */
export interface Took {
  pull?: number
  start?: number
}

/** Of the last ones of any preview, oldest first. */
export interface Lately {
  /** Bytes that were fetched a millisecond: of pulls of a megabyte or more, unpacking included. */
  pullRate: number[]
  /** Milliseconds. */
  start: number[]
}
