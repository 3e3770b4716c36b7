import type { RouterContext } from '../context.ts'
import { FREE } from '../../shared/forge/standing.ts'
import { asVisitorsSee } from '../../shared/preview/preview.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { slotSchemeIn } from '../../shared/slots/slot-scheme.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import { decide, type Decision } from './decide.ts'
import type { LostServices } from './failed-upstream/lost-services.ts'
import type { GatewayRequest } from './request.ts'
import { askedService, type AskedService } from './second-host.ts'

/** Starts that the machine does at once before they slow each other down (measured: it saturates at 2 to 4). */
const START_LANES = 2

export type DecideNow = (request: GatewayRequest) => Decision

export function decideFrom({
  config,
  store,
  changes,
  streams,
  lostServices,
}: Pick<RouterContext, 'config' | 'store' | 'changes' | 'streams'> & { lostServices: LostServices }): DecideNow {
  const laneFree = () => {
    const starting = changes
      .previews()
      .filter((preview) => preview.state === 'starting' && preview.stages.waiting === undefined)
    return starting.length < START_LANES
  }
  const askedOf = ({ id, service }: GatewayRequest, preview: Preview | undefined): AskedService | undefined => {
    if (id === null || service === null) return undefined
    const stack = preview?.image ? stackOf(id, preview.image, config) : undefined
    const slotKind = slotSchemeIn(store.facts)?.kind
    return askedService(service, { preview, stack, row: store.services.get(id, service), slotKind, ...lostServices })
  }
  return (request) => {
    const now = Date.now()
    const { id, call } = request
    const preview = id === null ? undefined : asVisitorsSee(store.get(id))
    const missingUntil = id === null || preview ? undefined : store.missing(id, now)
    const comesBack = () => streams.comesBack(request)
    const { hold, offers } = config
    const standing = id === null ? FREE : store.standing(id, now)
    const asked = askedOf(request, preview)
    const facts = { id, standing, preview, missingUntil, hold, offers, laneFree, comesBack, call, asked }
    return decide(request.client, facts, now)
  }
}
