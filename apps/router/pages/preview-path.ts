import { shownTag } from '../../shared/preview/copy-tag.ts'
import { NAMELESS, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

/** On the admin's host, of its page; below `/api/v1` of what the API tells of it. */
export function pathOf(id: PreviewId): string {
  const { repository, tag } = splitId(id)
  const below = repository === NAMELESS ? '' : `/repositories/${encodeURIComponent(repository)}`
  return `${below}/previews/${encodeURIComponent(shownTag(tag))}`
}

/** On the admin's host, of the terminal in it. */
export function shellPathOf(id: PreviewId): string {
  return `${pathOf(id)}/shell`
}
