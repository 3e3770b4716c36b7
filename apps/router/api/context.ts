import type { PreviewJson } from '../../shared/api/preview.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { aheadOf } from '../../shared/preview/start-queue.ts'
import { openChanges } from '../changes/open-changes.ts'
import type { RouterContext } from '../context.ts'
import { fullOf } from '../words/full-words.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import { allStackRows, stackRowsOf } from '../services/stack-rows.ts'
import { viewOf } from './preview-view.ts'

export interface ApiContext extends RouterContext {
  view: (preview: Preview) => PreviewJson
  /** Of all previews, unless it is given some. */
  views: (of?: readonly Preview[]) => PreviewJson[]
}

export function apiContext(router: RouterContext): ApiContext {
  const { config, store, changes } = router
  const shown = openChanges(router)
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
      const id = idOf(preview)
      return viewOf(preview, { ...facts(), ahead, change: shown.of(id), rows: stackRowsOf(id, store) })
    },
    views(of) {
      const previews = changes.previews()
      const common = facts()
      const changeOf = shown.all()
      const rowsOf = allStackRows(store)
      return (of ?? previews).map((preview) =>
        viewOf(preview, {
          ...common,
          ahead: aheadOf(preview, previews, common.now),
          change: changeOf(idOf(preview)),
          rows: rowsOf(idOf(preview)),
        }),
      )
    },
  }
}
