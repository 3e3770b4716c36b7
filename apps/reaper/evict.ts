/** What is due when the engine's disk gets full. Pure, as plan.ts is. */
import {
  bytesAbove,
  couldFree,
  isComing,
  isKilled,
  usedPercent,
  whoGoes,
  type Disk,
  type Written,
} from '../shared/disk-space.ts'
import type { Preview } from '../shared/preview/preview.ts'

export interface DiskFacts {
  previews: readonly Preview[]
  written: Written
  disk: Disk
  /** Percent. */
  marks: { high: number; low: number }
  /** Whether the disk is being relieved already: then it goes on until it is below the low mark. */
  under: boolean
}

export interface DiskAction {
  /** The disk is to be relieved. */
  over: boolean
  /** Who is to go now, in this order. */
  go: Preview[]
  /** Nobody is left who could go, and nobody is on the way out. */
  stuck: boolean
}

/** @param now milliseconds since 1970 */
export function evict({ previews, written, disk, marks, under }: DiskFacts, now: number): DiskAction {
  const over = usedPercent(disk) >= (under ? marks.low : marks.high)
  if (!over) return { over, go: [], stuck: false }
  // Who has filled it is on the way out: it is seen after that whether others have to go at all.
  if (previews.some(isKilled)) return { over, go: [], stuck: false }
  // A byte below the mark, not at it.
  const bytes = bytesAbove(disk, marks.low) + 1
  // Where others have filled the disk, ending what runs would not help, and would go on for ever.
  const helps = couldFree(previews, written) >= bytes
  const go = whoGoes(previews, written, bytes, now).filter(
    ({ state }) => helps || state === 'stopped' || state === 'failed',
  )
  return { over, go, stuck: go.length === 0 && !isComing(previews, written) }
}
