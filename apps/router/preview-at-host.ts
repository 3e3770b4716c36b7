import { findRepository } from '../shared/repository.ts'
import { idOf, splitCopy, splitId, type PreviewId } from '../shared/preview/preview-id.ts'
import type { Store } from '../shared/store/store.ts'
import { readHost, type Naming, type Subject } from '../shared/tag.ts'

/** What a host's finder reads. */
export type HostRows = Pick<Store, 'previewAt' | 'get'> & { services: Pick<Store['services'], 'at'> }

/**
 * It stands for what is known to live there, a preview or a service of one, else for what the label reads as. Rows of a
 * repository that is listed no more stay until they are removed: their hosts stand for nothing.
 * @returns null for a host elsewhere; a null `id` where it can stand for no preview
 */
export function previewAtHost(
  host: string,
  config: Naming,
  store: HostRows,
): { label: string; id: PreviewId | null; service: string | null } | null {
  const read = readHost(host, config)
  if (!read) return null
  const { label } = read
  const nothing = { label, id: null, service: null }
  const subject = knownAt(label, store) ?? { id: read.id, service: read.service }
  if (subject === 'two' || subject.id === null) return nothing
  // A copy is made, not pulled: nothing can come to a host of one that is not there.
  const { copy } = splitCopy(splitId(subject.id).tag)
  if (copy !== null && !store.get(subject.id)) return nothing
  return findRepository(subject.id, config) ? { label, ...subject } : nothing
}

/** `two`: it is neither's. */
function knownAt(label: string, store: HostRows): Subject | 'two' | undefined {
  const preview = store.previewAt(label)
  const service = store.services.at(label)
  if (preview === null || service === null || (preview !== undefined && service)) return 'two'
  if (service) return { id: idOf(service), service: service.name }
  return preview === undefined ? undefined : { id: preview, service: null }
}
