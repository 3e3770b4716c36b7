import { usedAt } from './preview/timeouts.ts'
import { idOf, type PreviewId } from './preview/preview-id.ts'
import { generationsOf, isPinned, startsAgain, type In, type Preview } from './preview/preview.ts'
import { AT_ONCE } from './preview/generation.ts'

/** Bytes. `total` is what users other than root can use, as `df` counts it. */
export interface Disk {
  total: number
  free: number
  /** How many more files fit; 0 where the disk does not count them. */
  inodes?: number
  root: string
}

/** Bytes that previews wrote in layers and volumes, where known. */
export type Written = Readonly<Record<PreviewId, number>>

/** A preview used within this time stays, and so does a failure that a visitor may be reading. */
const IDLE_MS = 60_000

export function usedPercent({ total, free }: Disk): number {
  return total > 0 ? (1 - free / total) * 100 : 0
}

export function bytesAbove(disk: Disk, percent: number): number {
  return Math.max(0, Math.ceil(disk.total * (1 - percent / 100)) - disk.free)
}

/**
 * In that order; all candidates when they are not enough. Previews that are going already count. Sizes are estimates,
 * since shared layers stay until the last image that uses them goes: measure again afterwards.
 */
export function chooseEvictions(previews: readonly Preview[], written: Written, bytes: number, now: number): Preview[] {
  const isOurs = (preview: Preview) => mayGo(preview, now) && sizeOf(preview, written) > 0
  const alreadyGoing = previews.filter(isGoing).filter(isOurs)
  // These sleep in a moment, so no awake preview has to go in their place.
  const soon = previews.filter((preview) => !isGoing(preview) && isStopping(preview) && isOurs(preview))
  let left = bytes - sizesOf(alreadyGoing, written)
  const chosen: Preview[] = []
  const choose = (candidates: Preview[]) => {
    for (const preview of candidates.filter(isOurs).sort((a, b) => usedAt(a) - usedAt(b))) {
      if (left <= 0) return
      chosen.push(preview)
      left -= sizeOf(preview, written)
    }
  }
  choose(previews.filter((preview) => isAsleep(preview, now) && !isGoing(preview)))
  left -= sizesOf(soon, written)
  choose(previews.filter((preview) => preview.state === 'paused' && preview.phase === 'frozen'))
  choose(previews.filter((preview) => preview.state === 'running' && now - usedAt(preview) >= IDLE_MS))
  return chosen
}

/** What is pinned stays, and so does a copy: it could not be pulled again. */
function mayGo(preview: Preview, now: number): boolean {
  return !preview.copy && !isPinned(preview, now)
}

export function couldFree(previews: readonly Preview[], written: Written, now: number): number {
  return sizesOf(
    previews.filter((preview) => mayGo(preview, now)),
    written,
  )
}

/** Whether neither the preview nor a generation that still runs has the image. */
export function isOld({ id }: { id: string }, preview: Preview | undefined): boolean {
  return preview?.image?.id !== id && !(preview && generationsOf(preview).some(({ image }) => image === id))
}

/** Also a preview that is being stopped: it can be evicted then. */
export function isEvicting(previews: readonly Preview[], written: Written): boolean {
  return previews.some((preview) => sizeOf(preview, written) > 0 && (isGoing(preview) || isStopping(preview)))
}

/** Because of what its container wrote. */
export function isKilled({ retiring }: Preview): boolean {
  return retiring.some(({ since }) => since === AT_ONCE)
}

/** `1.2 GB`, `300 MB`: decimal, as registries count. */
export function inWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const value = Math.max(0, bytes) / 1_000 ** power
  return `${value < 10 && power > 2 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}

function isGoing(preview: Preview): boolean {
  const isMeant = preview.state === 'stopped' || (preview.state === 'stopping' && !startsAgain(preview))
  return isMeant && preview.why === 'disk'
}

function isStopping(preview: Preview): preview is In<'stopping'> {
  return preview.state === 'stopping' && !startsAgain(preview)
}

function isAsleep(preview: Preview, now: number): boolean {
  return preview.state === 'stopped' || (preview.state === 'failed' && now - preview.since >= IDLE_MS)
}

/** An image that Lotan did not pull stays. */
function sizeOf(preview: Preview, written: Written): number {
  const { image } = preview
  return (image?.pulled ? image.bytes : 0) + (written[idOf(preview)] ?? 0)
}

function sizesOf(previews: readonly Preview[], written: Written): number {
  return previews.reduce((sum, preview) => sum + sizeOf(preview, written), 0)
}
