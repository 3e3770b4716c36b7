/** All changes with the preview that each is shown by, as the API tells of them. */
import type { PreviewJson } from '../../shared/api/preview.ts'
import type { PullRequestJson } from '../../shared/api/pull-request.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import { sourceOfPreview } from '../pages/image-source.ts'
import { changeJson } from './change-json.ts'

type WithTags = ReturnType<Store['changes']['withTags']>[number]

export function changesTold(known: readonly WithTags[], previews: readonly Preview[]): PullRequestJson[] {
  const byId = new Map(previews.map((preview) => [idOf(preview), preview]))
  return known.map((one) => toldOf(one, byId))
}

function toldOf({ change, tags }: WithTags, byId: ReadonlyMap<PreviewId, Preview>): PullRequestJson {
  const previewOf = (tag: string) => byId.get(idOf({ repository: change.repository, tag }))
  const meant = tags.find(({ tag, image }) => image ?? previewOf(tag)?.image) ?? tags[0]
  const preview = meant && previewOf(meant.tag)
  const revision = preview?.image ? sourceOfPreview(preview).revision : (meant?.image?.revision ?? null)
  const { behind, ...told } = changeJson(change, revision)
  return {
    repository: change.repository,
    ...told,
    tag: meant?.tag ?? null,
    // An unknown preview has no row.
    preview: (preview?.state ?? null) as PreviewJson['state'] | null,
    revision,
    behind,
  }
}
