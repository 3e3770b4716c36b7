/** Gathers the facts for `decide`. */
import type { Config } from '../../shared/config/config.ts'
import type { Store } from '../../shared/store/store.ts'
import type { StoreWatch } from '../watch/store-watch.ts'
import { decide, type Decision } from './decide.ts'
import type { noteStreams } from './open-streams.ts'
import type { GatewayRequest } from './request.ts'

/** Starts that the machine does at once before they slow each other down (measured: it saturates at 2 to 4). */
const START_LANES = 2

interface Parts {
  config: Pick<Config, 'hold' | 'offers'>
  store: Pick<Store, 'get' | 'missing'>
  changes: Pick<StoreWatch, 'previews'>
  streams: Pick<ReturnType<typeof noteStreams>, 'comesBack'>
}

export type DecideNow = (request: GatewayRequest) => Decision

export function decideFrom({ config, store, changes, streams }: Parts): DecideNow {
  const laneFree = () => {
    const starting = changes
      .previews()
      .filter((preview) => preview.state === 'starting' && preview.stages.waiting === undefined)
    return starting.length < START_LANES
  }
  return (request) => {
    const now = Date.now()
    const { tag } = request
    const preview = tag === null ? undefined : store.get(tag)
    const missingUntil = tag === null || preview ? undefined : store.missing(tag, now)
    const comesBack = () => streams.comesBack(request)
    const { hold, offers } = config
    return decide(request.client, { tag, preview, missingUntil, hold, offers, laneFree, comesBack }, now)
  }
}
