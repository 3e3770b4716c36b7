/** The only file that writes and reads these labels. */
import { idOf, NAMELESS, splitId, type PreviewId } from '../preview/preview-id.ts'

/** `lotan.repository` is taken: it tells where the image was pulled from. */
const REPOSITORY = 'lotan.repository-name'
const TAG = 'lotan.tag'

/** A container without a repository's name is the nameless one's, as all were once. */
export function previewLabels(id: PreviewId): Record<string, string> {
  const { repository, tag } = splitId(id)
  return repository === NAMELESS ? { [TAG]: tag } : { [REPOSITORY]: repository, [TAG]: tag }
}

export function previewOf(labels: Record<string, string>): PreviewId | undefined {
  const tag = labels[TAG]
  return tag === undefined ? undefined : idOf({ repository: labels[REPOSITORY] ?? NAMELESS, tag })
}
