/** Which previews a push means: its registry may know itself by another host than Lotan does. Pure. */
import { idOf, NAMELESS, type PreviewId } from '../../shared/preview/preview-id.ts'
import { splitReference } from '../../shared/image-reference.ts'
import type { Repository } from '../../shared/repository.ts'
import type { Push } from './payloads/pushes.ts'

type Listed = Pick<Repository, 'name' | 'reference'>

export function previewsOf(push: Push, repositories: readonly Listed[]): PreviewId[] {
  return repositoriesOf(push, repositories).map(({ name }) => idOf({ repository: name, tag: push.tag }))
}

/** By its path; by its host too, where that tells several apart. */
function repositoriesOf({ host, repository }: Push, listed: readonly Listed[]): readonly Listed[] {
  if (repository === null) return listed.filter(({ name }) => name === NAMELESS || listed.length === 1)
  const named = host === null ? listed.filter(({ name, reference }) => [name, reference].includes(repository)) : []
  if (named.length > 0) return named
  const sent = splitReference(host === null ? repository : `${host}/${repository}`)
  const ofPath = listed.filter(({ reference }) => [repository, sent.name].includes(splitReference(reference).name))
  const isHostKnown = host !== null || sent.name !== repository
  const ofHost = ofPath.filter(({ reference }) => isHostKnown && splitReference(reference).host === sent.host)
  return ofHost.length > 0 ? ofHost : ofPath
}
