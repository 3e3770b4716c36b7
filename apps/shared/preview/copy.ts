/** Clones and kept copies of previews ("Snapshots, clones and kept bugs" in docs/stacks.md). Pure. */
import { isTag } from '../tag.ts'
import { baseTag, copyTag, isCopy, readShownTag, shownTag } from './copy-tag.ts'
import { idOf, splitId, type PreviewId, type PreviewKey, type Tag } from './preview-id.ts'

/** What the row of a copy says of it. */
export interface Copy {
  /** The tag of the preview that it was made of: its base, or another copy of that. */
  of: Tag
  /** When, milliseconds since 1970. */
  at: number
  /** Frozen with what its application had written. */
  kept: boolean
  /** Whether it may be given LOTAN_CONTAINER_SECRET_X: a copy of a fork's preview is trusted no more than that was. */
  trusted: boolean
}

/** The preview whose tag the registry has: itself, but for a copy. */
export function baseId(id: PreviewId): PreviewId {
  return baseTag(id)
}

export function copyId(of: PreviewId, name: string): PreviewId {
  return copyTag(of, name)
}

/** What is told of a preview. */
export function shownKey(id: PreviewId): PreviewKey {
  return splitId(shownTag(id))
}

/** @param isKnown whether there is such a preview */
export function meantBy(shown: PreviewId, isKnown: (copy: PreviewId) => boolean): PreviewId {
  const { repository, tag } = splitId(shown)
  const read = readShownTag(tag)
  if (read === undefined) return shown
  const copy = idOf({ repository, tag: read })
  return isKnown(copy) ? copy : shown
}

/** @param sent as people write it @returns undefined for what can be no preview at all */
export function previewNamed(
  { repository, tag: sent }: PreviewKey,
  isKnown: (copy: PreviewId) => boolean,
): PreviewId | undefined {
  if (isCopy(sent) || sent.includes('/')) return undefined
  const id = meantBy(idOf({ repository, tag: sent }), isKnown)
  const { tag } = splitId(id)
  return isCopy(tag) || isTag(tag) ? id : undefined
}
