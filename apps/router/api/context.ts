/** What the API's routes work with. */
import type { RequestHandler } from 'express'
import type { PreviewJson } from '../../shared/api/preview.ts'
import type { Config } from '../../shared/config/config.ts'
import type { Log } from '../../shared/log.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { Nudges } from '../../shared/queue.ts'
import type { Store } from '../../shared/store/store.ts'
import { aheadOf } from '../pages/preview-list.ts'
import type { Reaper } from '../reaper-client.ts'
import type { StoreWatch } from '../watch/store-watch.ts'
import { viewOf } from './preview-view.ts'

export interface Parts {
  config: Config
  store: Store
  nudges: Pick<Nudges, 'nudge' | 'refresh' | 'ping' | 'workers'>
  changes: StoreWatch
  reaper: Pick<Reaper, 'engine' | 'figures' | 'logs'>
  log: Log
}

export interface ApiContext extends Parts {
  /** Lets a change pass only when Lotan's own page, or a program, asked for it. */
  own: RequestHandler
  /** One preview as the API shows it. */
  view: (preview: Preview) => PreviewJson
  /** All of them, by tag. */
  views: () => PreviewJson[]
}

export function apiContext(parts: Parts, own: RequestHandler): ApiContext {
  const { config, store, changes } = parts
  const facts = () => ({ lately: store.lately(), now: Date.now(), naming: config })
  return {
    ...parts,
    own,
    view(preview) {
      const ahead = preview.state === 'queued' ? store.ahead(preview) : 0
      return viewOf(preview, { ...facts(), ahead })
    },
    views() {
      const previews = changes.previews()
      const common = facts()
      return previews.map((preview) => viewOf(preview, { ...common, ahead: aheadOf(preview, previews) }))
    },
  }
}
