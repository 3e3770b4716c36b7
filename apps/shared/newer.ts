/**
 * What is known of an image newer than the one a preview has. What happens to it is life-newer.ts.
 *
 * A newer image is asked for by somebody, or noticed. Until it is here, or the registry has said that there is none, the
 * preview's next start has to look for it first; where it cannot be brought here, the one that is here is used.
 */
import type { Image, Newer, Preview } from './preview.ts'
import { words } from './reason.ts'

/** Whether a start has to look for a newer image before it takes the one that is here. */
export function wantsNewer({ image, newer }: Preview): boolean {
  return image !== null && newer !== null && newer.trouble === null
}

/** Whether a newer image can be brought here beside all else: nothing that asks for an image is under way. */
export function mayBeRenewed({ state }: Preview): boolean {
  return ['running', 'paused', 'stopped', 'failed'].includes(state)
}

/** Whether the registry has this for the tag, and it was found to be nothing that can run here. */
export function isHopeless({ newer }: Preview, digest: string): boolean {
  return newer?.trouble?.code === 'bad-image' && newer.digest === digest
}

/**
 * What is still to be looked for, once an image is here.
 * @param asked when the registry was asked for it: what is wanted since then may be newer
 */
export function stillNewer(newer: Newer | null, asked: number, image: Image): Newer | null {
  return newer && newer.at >= asked && newer.digest !== image.digest ? newer : null
}

/** As a start begins: what could not be brought here is tried again, unless it is nothing that can run here. */
export function tryAgain(newer: Newer | null): Newer | null {
  return newer?.trouble && newer.trouble.code !== 'bad-image' ? { ...newer, trouble: null } : newer
}

/** A notice, and before it why the newer image is not here, where there is one. */
export function withNewer(preview: Preview, notice: string | null): string | null {
  return [noticeOf(preview), notice].filter((text) => text !== null).join(' ') || null
}

/** A preview's notice without that. */
export function withoutNewer(preview: Preview): string | null {
  return preview.notice?.replace(noticeOf(preview) ?? '', '').trim() || null
}

function noticeOf({ tag, newer }: Preview): string | null {
  if (!newer?.trouble) return null
  const { heading } = words(tag, newer.trouble)
  const what = newer.digest === null ? 'There may be a newer image' : 'A newer image was pushed'
  return `${what}, but ${heading}; the one before is used. ${newer.trouble.detail}`
}
