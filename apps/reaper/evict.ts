/** Decides which previews make room when the engine's disk is full. Pure. */
import {
  bytesAbove,
  couldFree,
  isComing,
  isKilled,
  usedPercent,
  evictionOrder,
  type Disk,
  type Written,
} from '../shared/disk-space.ts'
import type { Preview } from '../shared/preview/preview.ts'

export interface DiskFacts {
  previews: readonly Preview[]
  written: Written
  disk: Disk
  marks: { high: number; low: number }
  /** Eviction has begun: it continues until the disk is below the low mark. */
  under: boolean
}

export interface DiskAction {
  over: boolean
  go: Preview[]
  /** No preview is left to evict, and none is being evicted. */
  stuck: boolean
}

export function evict({ previews, written, disk, marks, under }: DiskFacts, now: number): DiskAction {
  const over = usedPercent(disk) >= (under ? marks.low : marks.high)
  if (!over) return { over, go: [], stuck: false }
  // The preview that fills the disk is being killed: look again after that.
  if (previews.some(isKilled)) return { over, go: [], stuck: false }
  // A byte below the mark, not at it.
  const bytes = bytesAbove(disk, marks.low) + 1
  // Where other programs fill the disk, stopping previews would not help and would never end.
  const helps = couldFree(previews, written) >= bytes
  const go = evictionOrder(previews, written, bytes, now).filter(
    ({ state }) => helps || state === 'stopped' || state === 'failed',
  )
  return { over, go, stuck: go.length === 0 && !isComing(previews, written) }
}
