import { findRepository } from '../shared/repository.ts'
import type { PreviewId } from '../shared/preview/preview-id.ts'
import type { Store } from '../shared/store/store.ts'
import { readHost, type Naming } from '../shared/tag.ts'

/**
 * The preview is the known one that lives at this host, else the one that the label reads as. Rows of a repository that
 * is listed no more stay until they are removed: their hosts stand for nothing.
 * @returns null for a host elsewhere; a null `id` where it can stand for no preview
 */
export function previewAtHost(
  host: string,
  config: Naming,
  store: Pick<Store, 'previewAt'>,
): { label: string; id: PreviewId | null } | null {
  const read = readHost(host, config)
  if (!read) return null
  const known = store.previewAt(read.label)
  const id = known === undefined ? read.id : known
  return { label: read.label, id: id !== null && findRepository(id, config) ? id : null }
}
