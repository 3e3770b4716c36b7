import { shownTag } from '../../shared/preview/copy-tag.ts'
import { generationOf, isPinned, type Preview, type Waiter } from '../../shared/preview/preview.ts'
import { wantsNewer } from '../../shared/preview/image-update.ts'
import { ago, duration } from '../pages/format.ts'

/** Which image it runs with, or would, and why that one. */
export function imageWords(preview: Preview, repository: string): string {
  const { image, tag, update } = preview
  if (preview.copy)
    return preview.copy.kept
      ? `Its own: what ${shownTag(preview.copy.of)} was as it was kept, with what its application had written.`
      : `That of ${shownTag(preview.copy.of)} as it was cloned.`
  if (!image) return `No image of it is here; its next start pulls ${repository}:${tag}.`
  const generation = generationOf(preview)
  const other = generation && generation.image !== image.id
  const whose = image.pulled
    ? `Lotan pulled it as ${repository}:${tag}.`
    : 'It was on the engine before Lotan, which neither renews nor removes it.'
  if (other && preview.rejectedImage === image.id)
    return `${whose} Its container did not come up: the one of the image before serves on, until the tag is pushed again.`
  if (other) return `${whose} It is newer than the one that serves, and is about to take over.`
  if (update?.failure)
    return `${whose} There is, or may be, a newer one, which could not be brought here: ${update.failure.code}.`
  if (wantsNewer(preview)) return `${whose} A newer one is being looked for.`
  return `${whose} It is the newest that is known of.`
}

/** Why it is awake. Undefined where it is not. */
/** @param inside `anna is inside`; null where no session is */
export function awakeWords(
  preview: Preview,
  isOpen: boolean | null,
  inside: string | null,
  now: number,
): string | undefined {
  if (preview.state !== 'running' && preview.state !== 'paused') return undefined
  if (preview.state === 'paused' && preview.phase === 'frozen') return undefined
  const seen =
    preview.lastSeen === null
      ? 'It has not been used since it came up'
      : `It was last used ${ago(now - preview.lastSeen)}`
  const reasons = [
    seen,
    ...(isOpen ? ['a client is connected, which counts while bytes move'] : []),
    ...(inside === null ? [] : [`${inside}, which counts while bytes move`]),
    ...(isPinned(preview, now) ? [pinWords(preview.pin!.until, now)] : []),
  ]
  return `${reasons.join('; ')}.`
}

/** What wakes it. Undefined where it is not asleep. */
export function asleepWords(preview: Preview): string | undefined {
  if (preview.state === 'paused' && preview.phase === 'frozen')
    return 'It is frozen, with its memory. The next visit wakes it, and so does a start: lotan start, or Wake on the admin page.'
  if (preview.state === 'stopped') return 'It is stopped. The next visit starts it, and so does lotan start.'
  return undefined
}

export const waiterWords: Record<Waiter['who'], string> = {
  person: 'A person waits for it: its start goes before those that no person waits for.',
  program: 'A program waits for it: its start goes after those that a person waits for.',
}

function pinWords(until: number | null, now: number): string {
  return until === null ? 'it is pinned' : `it is pinned for ${duration(until - now)}`
}
