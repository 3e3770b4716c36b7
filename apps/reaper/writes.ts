/**
 * Pure. Measuring takes long (1.4 s for 200 000 files) and reading the free space nothing: no container can have
 * written more than the disk has lost.
 */
import type { Config } from '../shared/config/config.ts'
import { usedPercent, type Disk } from '../shared/disk-space.ts'
import { diskLimit } from '../shared/config/limits.ts'
import { besideOf, generationOf, type Preview } from '../shared/preview/preview.ts'
import { AT_ONCE, type Generation } from '../shared/preview/generation.ts'
import { bytesOf } from '../shared/config/values/amount.ts'
import { idOf, type PreviewId } from '../shared/preview/preview-id.ts'
import type { ServiceRow } from '../shared/stack/service-state.ts'

export interface Measurement {
  at: number
  took: number
  bytes: number
  /** That part of them which lies in volumes: it stays when the preview goes to make room. */
  data?: number
  /** The disk's `BytesLost` at that time. */
  lost: number
  ran: boolean
}

/** When a container without a measurement was first seen. */
export type FirstSight = Pick<Measurement, 'at' | 'lost'>

export interface Writer {
  preview: PreviewId
  generation: number
  container: string
  /** Containers of services that run beside it, and have the same limit with it. */
  services?: string[]
  limit: string
  /** Neither stopped nor frozen. */
  runs: boolean
}

/** A preview to kill, with the reason for the admin. `limit` is null where the disk is the reason. */
export interface DiskFiller {
  writer: Writer
  limit: string | null
  bytes: number
}

/** Bytes the disk has lost since this process began; space that became free again does not count. */
export type BytesLost = number

/** Finds slow writes, and writes hidden by deletions. */
const MEASURE_EVERY_MS = 60_000
/** As long as the disk has lost little: with hundreds of idle previews their measuring would be most of Lotan's work. */
const MEASURE_QUIET_MS = 10 * 60_000
/** Measuring takes at most this part of the time, or half of it while the disk loses much. */
const MAX_LOAD_DIVISOR = 20
/** Each file takes an inode too, and a disk may run out of these first: one counts as this many bytes. */
const PER_INODE = 4_096
const MIN_LOSS = 1e6
/** A measurement starts two programs: its start, and what starts beside it, have more use for the processor. */
const FIRST_MS = 5_000
const SOON_MS = 10_000
const RECENT_MS = 60_000

export function lostBetween(before: Disk, now: Disk): number {
  const inodes = before.inodes && now.inodes !== undefined ? (before.inodes - now.inodes) * PER_INODE : 0
  return Math.max(0, before.free - now.free, inodes)
}

/** Without those that are being killed. */
export function writersOf(
  preview: Preview,
  config: Pick<Config, 'limits'>,
  services: readonly Pick<ServiceRow, 'container'>[] = [],
): Writer[] {
  const { value: limit } = diskLimit(preview.image?.labels ?? {}, config.limits)
  const own = generationOf(preview)
  const isIdle =
    preview.state === 'stopped' ||
    preview.state === 'queued' ||
    (preview.state === 'paused' && preview.phase !== 'draining')
  const writer = (runs: boolean) => (generation: Generation) => {
    const { number, container } = generation
    return container === null ? [] : [{ preview: idOf(preview), generation: number, container, limit, runs }]
  }
  const beside = besideOf(preview).filter((one) => !('since' in one) || one.since !== AT_ONCE)
  const containers = services.flatMap(({ container }) => container ?? [])
  // Services are the preview's, whichever of its generations serves.
  const withServices = (one: Writer) => (containers.length > 0 ? { ...one, services: containers } : one)
  return [...(own ? [own] : []).flatMap(writer(!isIdle)).map(withServices), ...beside.flatMap(writer(true))]
}

export function isDue(
  { runs, limit }: Writer,
  last: Measurement | FirstSight,
  { lost, disk }: { lost: BytesLost; disk: Disk | undefined },
  now: number,
): boolean {
  const lostSince = lost - last.lost
  if (!('bytes' in last)) {
    const mayBeIts = disk !== undefined && lostSince >= Math.max(MIN_LOSS, Math.min(bytesOf(limit)!, disk.free / 20))
    return mayBeIts || Math.abs(now - last.at) >= FIRST_MS
  }
  // A stopped container writes no more.
  if (!runs && !last.ran) return false
  // Absolute: a clock that stepped back must not silence it.
  const since = Math.abs(now - last.at)
  const left = bytesOf(limit)! - last.bytes
  const isQuiet = runs && disk !== undefined && lostSince < Math.max(MIN_LOSS, Math.min(left, disk.free) / 20)
  if (since >= Math.max(isQuiet ? MEASURE_QUIET_MS : MEASURE_EVERY_MS, MAX_LOAD_DIVISOR * last.took)) return true
  if (!disk || since < 2 * last.took) return false
  return lostSince >= Math.max(MIN_LOSS, Math.min(left, disk.free / 20))
}

/** Those of the last minute, and the one before them. */
export function keepRecent(measurements: readonly Measurement[], now: number): Measurement[] {
  const first = measurements.findLastIndex(({ at }) => now - at >= RECENT_MS)
  return measurements.slice(Math.max(0, first))
}

export function overLimit(writer: Writer, { bytes }: Measurement): DiskFiller | undefined {
  return bytes > bytesOf(writer.limit)! ? { writer, limit: writer.limit, bytes } : undefined
}

/**
 * Previews below their limit that wrote as much as is still free within 10 s or, above the high mark, a quarter of that
 * within a minute; never less than a hundredth of the disk. The fastest come first.
 */
export function fillers(
  writers: readonly { writer: Writer; looks: readonly Measurement[] }[],
  { disk, high }: { disk: Disk; high: number },
): DiskFiller[] {
  const isOver = usedPercent(disk) >= high
  return writers
    .map(({ writer, looks: measurements }) => ({
      writer,
      soon: growthOf(measurements, SOON_MS),
      recent: growthOf(measurements, RECENT_MS),
    }))
    .filter(({ writer, soon, recent }) => {
      const least = disk.total / 100
      return writer.runs && (soon >= Math.max(least, disk.free) || (isOver && recent >= Math.max(least, disk.free / 4)))
    })
    .sort((a, b) => b.recent - a.recent)
    .map(({ writer, recent }) => ({ writer, limit: null, bytes: recent }))
}

/** Bytes written in the last `span`, in proportion where measurements lie further apart. */
function growthOf(measurements: readonly Measurement[], span: number): number {
  const last = measurements.at(-1)
  if (!last) return 0
  const before = measurements.slice(0, -1)
  const from = before.find(({ at }) => last.at - at <= span) ?? before.at(-1)
  return from ? (last.bytes - from.bytes) * Math.min(1, span / Math.max(1, last.at - from.at)) : 0
}
