/** Where things are below /api/v1. The page of a preview has the same path, below nothing. Pure. */
import { shownTag } from '../preview/copy-tag.ts'
import { NAMELESS, splitId, type PreviewId } from '../preview/preview-id.ts'

/** `/previews/pr-7`, `/repositories/api/previews/pr-7` */
export function previewPath(id: PreviewId): string {
  const { repository, tag } = splitId(id)
  return `${repositoryPath(repository)}/previews/${encodeURIComponent(shownTag(tag))}`
}

/** What the paths of its previews and its tags begin with. */
export function repositoryPath(name: string): string {
  return name === NAMELESS ? '' : `/repositories/${encodeURIComponent(name)}`
}
