/**
 * What is known of an image newer than the one a preview has. What happens to it is update.ts.
 *
 * A newer image is asked for, or noticed. Until it is here, or the registry has said that there is none, the
 * preview's next start has to look for it first; where it cannot be brought here, the one that is here is used.
 */
import type { Image, ImageUpdate, Known, Preview, StartedBy } from './preview.ts'

/** Whether a start has to look for a newer image before it takes the one that is here. One that Lotan did not pull stays. */
export function wantsNewer({ image, update }: Pick<Known, 'image' | 'update'>): boolean {
  return image !== null && image.pulled && update !== null && update.failure === null
}

/** Whether a newer image that is not here yet was asked for: who waits for the preview waits for that. */
export function isAsked(preview: Preview): boolean {
  return wantsNewer(preview) && preview.update!.asked
}

/** Whether a newer image can be looked for beside all else: nothing is under way that is waited for. */
export function mayBeRenewed(preview: Preview): boolean {
  if (preview.state === 'paused') return preview.phase === 'frozen'
  return ['running', 'stopped', 'failed'].includes(preview.state)
}

/** Whether the registry has this for the tag, and it was found to be nothing that can run here. */
export function isHopeless({ update }: Preview, digest: string): boolean {
  return update?.failure?.code === 'bad-image' && update.digest === digest
}

/**
 * What is still to be looked for, once an image is here.
 * @param number of the asking that this image answers: what was asked for since then may be newer
 */
export function stillNewer(newer: ImageUpdate | null, number: number | undefined, image: Image): ImageUpdate | null {
  return newer && newer.number !== number && newer.digest !== image.digest ? newer : null
}

/**
 * As a start begins: what could not be brought here is tried again after its rest, unless it is nothing that can run
 * here. What Lotan starts by itself, it starts with what is here.
 * @param by who starts it
 * @param now milliseconds since 1970
 */
export function tryAgain(newer: ImageUpdate | null, by: StartedBy, now: number): ImageUpdate | null {
  if (!newer?.failure || newer.failure.code === 'bad-image' || by === 'reaper' || by === 'retry') return newer
  // A clock that stepped back must not make the rest longer.
  return Math.abs(now - newer.failure.at) < newer.failure.rest ? newer : { ...newer, failure: null }
}
