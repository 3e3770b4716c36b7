import type { RouterContext } from '../context.ts'
import { FREE } from '../../shared/forge/standing.ts'
import { asVisitorsSee } from '../../shared/preview/preview.ts'
import { decide, type Decision } from './decide.ts'
import type { GatewayRequest } from './request.ts'

/** Starts that the machine does at once before they slow each other down (measured: it saturates at 2 to 4). */
const START_LANES = 2

export type DecideNow = (request: GatewayRequest) => Decision

export function decideFrom({
  config,
  store,
  changes,
  streams,
}: Pick<RouterContext, 'config' | 'store' | 'changes' | 'streams'>): DecideNow {
  const laneFree = () => {
    const starting = changes
      .previews()
      .filter((preview) => preview.state === 'starting' && preview.stages.waiting === undefined)
    return starting.length < START_LANES
  }
  return (request) => {
    const now = Date.now()
    const { id, call } = request
    const preview = id === null ? undefined : asVisitorsSee(store.get(id))
    const missingUntil = id === null || preview ? undefined : store.missing(id, now)
    const comesBack = () => streams.comesBack(request)
    const { hold, offers } = config
    const standing = id === null ? FREE : store.standing(id, now)
    return decide(request.client, { id, standing, preview, missingUntil, hold, offers, laneFree, comesBack, call }, now)
  }
}
