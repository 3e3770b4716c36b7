/**
 * Calls of previews to those that they go with in other repositories. Who calls is known by the address of the connection
 * itself, which is its slot's: no header counts. Decided before anything is looked up or woken, and instead of the gate.
 */
import type { Response } from 'express'
import { mayCall } from '../../shared/preview/pair.ts'
import { pairCallOf } from '../../shared/preview/pair-call.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { slotSchemeIn } from '../../shared/slots/slot-scheme.ts'
import { slotAt } from '../../shared/slots/slots.ts'
import { sendProblem } from '../api/conventions/problem.ts'
import type { RouterContext } from '../context.ts'
import type { GatewayRequest } from './request.ts'

type Asked = Pick<GatewayRequest, 'id' | 'service' | 'peer' | 'host'>

export function openPairs({ config, store }: Pick<RouterContext, 'config' | 'store'>) {
  /** Undefined for an address that no preview has now, as one that waits for the next. */
  function callerAt(peer: string): PreviewId | undefined {
    const scheme = slotSchemeIn(store.facts)
    const slot = scheme?.kind === 'network' ? slotAt(scheme.subnet, peer) : null
    return slot === null ? undefined : store.holderOf(slot)
  }

  return {
    /** The answer tells who calls, for nginx's log. @returns undefined where it may not */
    callOf({ id, service, peer }: Asked, res: Response): GatewayRequest['call'] {
      const caller = peer === null ? undefined : callerAt(peer)
      const preview = caller === undefined ? undefined : store.get(caller)
      if (caller === undefined || !preview) return undefined
      res.set('X-Caller', caller)
      if (id === null || service !== null || !mayCall(caller, id, config)) return undefined
      return { caller, ...pairCallOf(preview, store.get(id), config) }
    },

    refuse({ host }: Asked, res: Response): unknown {
      return sendProblem(res, 'not-a-pair', `${host} is none that the calling preview goes with.`)
    },
  }
}
