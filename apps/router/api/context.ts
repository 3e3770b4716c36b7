import type { PreviewJson } from '../../shared/api/preview.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { aheadOf } from '../../shared/preview/start-queue.ts'
import type { RouterContext } from '../context.ts'
import { fullOf } from '../words/full-words.ts'
import { viewOf } from './preview-view.ts'

export interface ApiContext extends RouterContext {
  view: (preview: Preview) => PreviewJson
  /** Of all previews, unless it is given some. */
  views: (of?: readonly Preview[]) => PreviewJson[]
}

export function apiContext(router: RouterContext): ApiContext {
  const { config, store, changes } = router
  const facts = (now = Date.now()) => ({
    full: fullOf(store, config, now),
    lately: store.lately(),
    now,
    naming: config,
  })
  return {
    ...router,
    view(preview) {
      const ahead = preview.state === 'queued' ? store.ahead(preview) : 0
      return viewOf(preview, { ...facts(), ahead })
    },
    views(of) {
      const previews = changes.previews()
      const common = facts()
      return (of ?? previews).map((preview) =>
        viewOf(preview, { ...common, ahead: aheadOf(preview, previews, common.now) }),
      )
    },
  }
}
