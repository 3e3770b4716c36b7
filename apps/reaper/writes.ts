/**
 * Whose files are to be looked at now, and who fills the disk. Pure, as plan.ts is.
 *
 * To look through a preview's files costs the more, the more there are (200 000 take 1.4 s), and to ask how much is free
 * costs nothing. So that is what is asked every second: nobody can have written more than the disk has lost.
 */
import type { Config } from '../shared/config/config.ts'
import { usedPercent, type Disk } from '../shared/disk-space.ts'
import { diskLimit } from '../shared/config/limits.ts'
import { AT_ONCE, besideOf, generationOf, type Generation, type Preview } from '../shared/preview/preview.ts'
import { bytesOf } from '../shared/config/values/amount.ts'

/** One look at what a container has written. */
export interface Look {
  /** When it began, milliseconds since 1970. */
  at: number
  /** How long it took, milliseconds. */
  took: number
  bytes: number
  /** How much the disk had lost until then, as `Lost` counts it. */
  lost: number
  /** Whether it could still write. */
  ran: boolean
}

/** A container that may have written something. */
export interface Writer {
  tag: string
  generation: number
  container: string
  /** What it may write, as it was set. */
  limit: string
  /** Whether it may be writing: it is neither stopped nor frozen. */
  runs: boolean
}

/** Who has written so much that it has to end, with the reason for the admin. `limit` is null where the disk is why. */
export interface Filler {
  writer: Writer
  limit: string | null
  bytes: number
}

/** All that the disk has lost since this began, bytes: what became free again meanwhile is not taken off. */
export type Lost = number

/** What writes slowly, or is hidden by what goes at the same time, is found by looking now and then. */
const LOOK_EVERY_MS = 60_000
/** Looking takes at most this part of the time, unless the disk loses much: then half of it. */
const EASE = 20
/** Each file takes an inode too, and a disk may run out of these first: so many bytes are counted for one. */
const PER_INODE = 4_096
const LEAST = 1e6
const SOON_MS = 10_000
const LATELY_MS = 60_000

/** How much of a disk is gone that was there a moment ago, bytes. */
export function lostBetween(before: Disk, now: Disk): number {
  const inodes = before.inodes && now.inodes !== undefined ? (before.inodes - now.inodes) * PER_INODE : 0
  return Math.max(0, before.free - now.free, inodes)
}

/** The containers of a preview that may have written something, but for those that are killed for it already. */
export function writersOf(preview: Preview, config: Pick<Config, 'limits'>): Writer[] {
  const { value: limit } = diskLimit(preview.image?.labels ?? {}, config.limits)
  const own = generationOf(preview)
  const rests =
    preview.state === 'stopped' || preview.state === 'queued' || (preview.state === 'paused' && !preview.draining)
  const writer = (runs: boolean) => (generation: Generation) => {
    const { number, container } = generation
    return container === null ? [] : [{ tag: preview.tag, generation: number, container, limit, runs }]
  }
  const beside = besideOf(preview).filter((one) => !('since' in one) || one.since !== AT_ONCE)
  return [...(own ? [own] : []).flatMap(writer(!rests)), ...beside.flatMap(writer(true))]
}

/** Whether a container's files are to be looked at. @param last the last look, undefined where there was none */
export function isDue(
  { runs, limit }: Writer,
  last: Look | undefined,
  { lost, disk }: { lost: Lost; disk: Disk | undefined },
  now: number,
): boolean {
  if (!last) return true
  // What rests has written all that it will.
  if (!runs && !last.ran) return false
  // A clock that stepped back must not silence it.
  const since = Math.abs(now - last.at)
  if (since >= Math.max(LOOK_EVERY_MS, EASE * last.took)) return true
  if (!disk || since < 2 * last.took) return false
  const left = bytesOf(limit)! - last.bytes
  return lost - last.lost >= Math.max(LEAST, Math.min(left, disk.free / 20))
}

/** The looks that are kept: those of the last minute, and the one before them. */
export function keepLately(looks: readonly Look[], now: number): Look[] {
  const first = looks.findLastIndex(({ at }) => now - at >= LATELY_MS)
  return looks.slice(Math.max(0, first))
}

/** Whether a container has written more than it may. */
export function overLimit(writer: Writer, { bytes }: Look): Filler | undefined {
  return bytes > bytesOf(writer.limit)! ? { writer, limit: writer.limit, bytes } : undefined
}

/**
 * Who fills the disk though it has not come to its own limit: it has written within 10 s as much as is still free; or,
 * above the high mark, a quarter of that within a minute. What is less than a hundredth of the disk is never meant.
 *
 * @returns who has written the most lately first
 */
export function fillers(
  writers: readonly { writer: Writer; looks: readonly Look[] }[],
  { disk, high }: { disk: Disk; high: number },
): Filler[] {
  const isOver = usedPercent(disk) >= high
  return writers
    .map(({ writer, looks }) => ({ writer, soon: grew(looks, SOON_MS), lately: grew(looks, LATELY_MS) }))
    .filter(({ writer, soon, lately }) => {
      const least = disk.total / 100
      return writer.runs && (soon >= Math.max(least, disk.free) || (isOver && lately >= Math.max(least, disk.free / 4)))
    })
    .sort((a, b) => b.lately - a.lately)
    .map(({ writer, lately }) => ({ writer, limit: null, bytes: lately }))
}

/** How much more there was at the last look than so long before it, bytes. Where looks lie further apart, in proportion. */
function grew(looks: readonly Look[], span: number): number {
  const last = looks.at(-1)
  if (!last) return 0
  const before = looks.slice(0, -1)
  const from = before.find(({ at }) => last.at - at <= span) ?? before.at(-1)
  return from ? (last.bytes - from.bytes) * Math.min(1, span / Math.max(1, last.at - from.at)) : 0
}
