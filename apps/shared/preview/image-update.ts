/**
 * A newer image is asked for, or noticed. Until it is here, or the registry says that there is none, the preview's next
 * start looks for it first. Where it cannot be brought here, the image that is here is used.
 */
import type { Image, ImageUpdate, Known, Preview, StartedBy } from './preview.ts'

/** An image that Lotan did not pull stays. */
export function wantsNewer({ image, update }: Pick<Known, 'image' | 'update'>): boolean {
  return image !== null && image.pulled && update !== null && update.failure === null
}

export function isAsked(preview: Preview): boolean {
  return wantsNewer(preview) && preview.update!.asked
}

/** Nothing is under way that a visitor waits for. */
export function mayBeRenewed(preview: Preview): boolean {
  if (preview.state === 'paused') return preview.phase === 'frozen'
  return ['running', 'stopped', 'failed'].includes(preview.state)
}

export function isHopeless({ update }: Preview, digest: string): boolean {
  const code = update?.failure?.code
  return (code === 'bad-image' || code === 'bad-stack') && update?.digest === digest
}

/** @param number which asking `image` answers: what was asked for since then may be newer */
export function stillNewer(newer: ImageUpdate | null, number: number | undefined, image: Image): ImageUpdate | null {
  return newer && newer.number !== number && newer.digest !== image.digest ? newer : null
}

/** A start tries again what failed, after its rest. What Lotan starts by itself takes the image that is here. */
export function tryAgain(newer: ImageUpdate | null, by: StartedBy, now: number): ImageUpdate | null {
  if (!newer?.failure || newer.failure.code === 'bad-image' || by === 'reaper' || by === 'retry') return newer
  // A clock that stepped back must not make the rest longer.
  return Math.abs(now - newer.failure.at) < newer.failure.rest ? newer : { ...newer, failure: null }
}
