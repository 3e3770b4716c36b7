/** Which preview is meant: a tag of a repository, as one text, since it is the key of maps and a part of jobs' ids. */
import { shownTag } from './copy-tag.ts'

export type Tag = string & { readonly kind?: 'tag' }

/** `pr-7` for the nameless repository, `api/pr-7` for the one named `api`. A tag has no slash; a copy's has a `~`. */
export type PreviewId = string & { readonly kind?: 'preview' }

/** The name of the repository that the setting REPOSITORY gives. */
export const NAMELESS = ''

export interface PreviewKey {
  repository: string
  tag: Tag
}

export function idOf({ repository, tag }: PreviewKey): PreviewId {
  return repository === NAMELESS ? `${tag}` : `${repository}/${tag}`
}

export function splitId(id: PreviewId): PreviewKey {
  const end = id.indexOf('/')
  return { repository: end < 0 ? NAMELESS : id.slice(0, end), tag: id.slice(end + 1) }
}

/** The tag of a copy is `TAG~COPY`: no registry has one with a tilde. */
export function copyOf(original: Tag, copy: string): Tag {
  return `${original}~${copy}`
}

/** `copy` is null for what is no copy. */
export function splitCopy(tag: Tag): { original: Tag; copy: string | null } {
  const end = tag.indexOf('~')
  return end < 0 ? { original: tag, copy: null } : { original: tag.slice(0, end), copy: tag.slice(end + 1) }
}

export function compareKeys(a: PreviewKey, b: PreviewKey): number {
  const [one, other] = a.repository === b.repository ? [a.tag, b.tag] : [a.repository, b.repository]
  return one < other ? -1 : Number(one > other)
}

export function logFields(id: PreviewId): { repository?: string; tag: Tag } {
  const { repository, tag } = splitId(id)
  const shown = shownTag(tag)
  return repository === NAMELESS ? { tag: shown } : { repository, tag: shown }
}
