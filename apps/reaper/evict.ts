/** Pure. */
import {
  bytesAbove,
  couldFree,
  isEvicting,
  isKilled,
  usedPercent,
  chooseEvictions,
  type Disk,
  type Written,
} from '../shared/disk-space.ts'
import type { Preview } from '../shared/preview/preview.ts'

export interface DiskFacts {
  previews: readonly Preview[]
  written: Written
  disk: Disk
  marks: { high: number; low: number }
  /** It continues until the disk is below the low mark. */
  wasEvicting: boolean
}

export interface DiskAction {
  isEvicting: boolean
  chosen: Preview[]
  /** No preview is left to evict, and none is being evicted. */
  isStuck: boolean
}

export function evict({ previews, written, disk, marks, wasEvicting: under }: DiskFacts, now: number): DiskAction {
  const over = usedPercent(disk) >= (under ? marks.low : marks.high)
  if (!over) return { isEvicting: over, chosen: [], isStuck: false }
  // The preview that fills the disk is being killed: look again after that.
  if (previews.some(isKilled)) return { isEvicting: over, chosen: [], isStuck: false }
  // A byte below the mark, not at it.
  const bytes = bytesAbove(disk, marks.low) + 1
  // Where other programs fill the disk, stopping previews would not help and would never end.
  const wouldHelp = couldFree(previews, written, now) >= bytes
  const go = chooseEvictions(previews, written, bytes, now).filter(
    ({ state }) => wouldHelp || state === 'stopped' || state === 'failed',
  )
  return { isEvicting: over, chosen: go, isStuck: go.length === 0 && !isEvicting(previews, written) }
}
