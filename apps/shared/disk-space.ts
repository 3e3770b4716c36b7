/**
 * The engine's disk, and who makes room on it. Pure: the reaper acts by it when the disk gets full, the
 * queue-processor when an image would not fit.
 *
 * Only images that Lotan pulled are thought of, and what previews have written beside them. What sleeps goes first, then what is paused, and what runs only when
 * nobody has been there for a while; in each case the longest unused first.
 */
import { usedAt } from './preview/timeouts.ts'
import { AT_ONCE, generationsOf, type In, type Preview } from './preview/preview.ts'

/** Bytes. `total` is what can be used at all, as `df` counts it: without what is kept for root alone. */
export interface Disk {
  total: number
  free: number
  /** How many more files there is room for; 0 where the disk does not count them. */
  inodes?: number
  /** The engine's data root. */
  root: string
}

/** What previews have written beside their images, in layers and volumes: bytes by tag, where that is known. */
export type Written = Readonly<Record<string, number>>

/** Whoever was here within this long is not sent away; nor is a failure that somebody may be reading about. */
const IDLE_MS = 60_000

/** How full the disk is, percent. */
export function usedPercent({ total, free }: Disk): number {
  return total > 0 ? (1 - free / total) * 100 : 0
}

/** How many bytes have to go until the disk is less full than this. */
export function bytesAbove(disk: Disk, percent: number): number {
  return Math.max(0, Math.ceil(disk.total * (1 - percent / 100)) - disk.free)
}

/**
 * Which previews are to go, so that so many bytes become free; those that are going already count. Their images' sizes
 * are an estimate, since what images share stays until the last of them goes: look again after it. What they wrote goes
 * with their containers.
 *
 * @returns in the order in which they should go; all there are when they are not enough
 */
export function chooseEvictions(previews: readonly Preview[], written: Written, bytes: number, now: number): Preview[] {
  const isOurs = (preview: Preview) => sizeOf(preview, written) > 0
  const going = previews.filter(isGoing).filter(isOurs)
  // What is being stopped anyway sleeps in a moment: nobody who is awake has to go in its place.
  const soon = previews.filter((preview) => !isGoing(preview) && isStopping(preview) && isOurs(preview))
  let left = bytes - sizesOf(going, written)
  const chosen: Preview[] = []
  const take = (candidates: Preview[]) => {
    for (const preview of candidates.filter(isOurs).sort((a, b) => usedAt(a) - usedAt(b))) {
      if (left <= 0) return
      chosen.push(preview)
      left -= sizeOf(preview, written)
    }
  }
  take(previews.filter((preview) => isAsleep(preview, now) && !isGoing(preview)))
  left -= sizesOf(soon, written)
  take(previews.filter((preview) => preview.state === 'paused' && !preview.draining && !preview.thenStart))
  take(previews.filter((preview) => preview.state === 'running' && now - usedAt(preview) >= IDLE_MS))
  return chosen
}

/** How many bytes could become free at most, if everybody went who is not here now. */
export function couldFree(previews: readonly Preview[], written: Written): number {
  return sizesOf(previews, written)
}

/** Whether an image that was pulled for a tag is not the one that its preview has, or is just ending. */
export function isOld({ id }: { id: string }, preview: Preview | undefined): boolean {
  return preview?.image?.id !== id && !(preview && generationsOf(preview).some(({ image }) => image === id))
}

/** Whether room is being made already: it has been asked for, or somebody is being stopped who can be asked then. */
export function isEvicting(previews: readonly Preview[], written: Written): boolean {
  return previews.some((preview) => sizeOf(preview, written) > 0 && (isGoing(preview) || isStopping(preview)))
}

/** Whether a container is being killed for what it wrote, which goes with it in a moment. */
export function isKilled({ leaving }: Preview): boolean {
  return leaving.some(({ since }) => since === AT_ONCE)
}

/** `1.2 GB`, `300 MB`: as registries count, in words for the admin. */
export function inWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const value = Math.max(0, bytes) / 1_000 ** power
  return `${value < 10 && power > 2 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}

function isGoing(preview: Preview): boolean {
  const isMeant = preview.state === 'stopped' || (preview.state === 'stopping' && !preview.thenStart)
  return isMeant && preview.why === 'disk'
}

function isStopping(preview: Preview): preview is In<'stopping'> {
  return preview.state === 'stopping' && !preview.thenStart
}

function isAsleep(preview: Preview, now: number): boolean {
  return preview.state === 'stopped' || (preview.state === 'failed' && now - preview.since >= IDLE_MS)
}

/** What would become free with a preview: an image that somebody else has brought stays. */
function sizeOf({ tag, image }: Preview, written: Written): number {
  return (image?.pulled ? image.bytes : 0) + (written[tag] ?? 0)
}

function sizesOf(previews: readonly Preview[], written: Written): number {
  return previews.reduce((sum, preview) => sum + sizeOf(preview, written), 0)
}
