/** Each function of the router names the members that it takes. */
import type { Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Store } from '../shared/store/store.ts'
import type { noteActivity } from './gateway/activity.ts'
import type { Gate } from './gate/gate.ts'
import type { Inbox } from './hooks/inbox.ts'
import type { noteStreams } from './gateway/open-streams.ts'
import type { Brand } from './pages/brand.ts'
import type { Meters } from './metrics/meters.ts'
import type { Reaper } from './reaper-client.ts'
import type { Waiters } from './waiters.ts'
import type { StoreWatch } from './watch/store-watch.ts'

export interface RouterContext {
  config: Config
  log: Log
  store: Store
  nudges: Pick<Nudges, 'nudge' | 'tend' | 'refresh' | 'data' | 'ping' | 'workers' | 'lanes' | 'redisVersion'>
  changes: StoreWatch
  waiters: Waiters
  gate: Gate
  /** What hooks have told. */
  inbox: Inbox
  brand: Brand
  activity: ReturnType<typeof noteActivity>
  streams: ReturnType<typeof noteStreams>
  reaper: Reaper
  meters: Meters
}
