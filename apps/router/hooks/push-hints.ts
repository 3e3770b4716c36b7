import type { Config } from '../../shared/config/config.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Delivery } from './inbox.ts'
import type { Push } from './payloads/pushes.ts'
import { previewsOf } from './pushed-previews.ts'

type Needs = Pick<Config, 'repositories' | 'offers'>

/** Those that may start here. */
export function pushed(pushes: readonly Push[], { repositories, offers }: Needs): PreviewId[] {
  return [...new Set(pushes.flatMap((push) => previewsOf(push, repositories)))].filter(offers)
}

export function hintOf(id: PreviewId): Delivery['hints'][number] {
  const { repository, tag } = splitId(id)
  return { kind: 'push', repository, subject: tag }
}

export function hintsOf(pushes: readonly Push[], config: Needs): Delivery['hints'] {
  return pushed(pushes, config).map(hintOf)
}
