/** `/lost` and `/silent` of a second host. Whatever is found of a service, its preview's application is left alone. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Response } from 'express'
import { idOf, logFields } from '../../../shared/preview/preview-id.ts'
import type { RouterContext } from '../../context.ts'
import type { DecideNow } from '../decide-now.ts'
import type { Up } from '../decide.ts'
import { refuse, type Forwarder } from '../forward.ts'
import type { Hold } from '../hold.ts'
import { canRepeat, type GatewayRequest } from '../request.ts'
import type { UpService } from '../second-host.ts'
import { listens } from '../service-listens.ts'
import { hostPortIn, isAt } from '../upstream.ts'
import { CHECK_MS, RETRY_MS, staysUp } from './lost-container.ts'
import type { LostServices } from './lost-services.ts'

export interface FailureContext extends Pick<
  RouterContext,
  'config' | 'store' | 'nudges' | 'reaper' | 'meters' | 'log'
> {
  hold: Hold
  forwarder: Forwarder
  decideNow: DecideNow
  lostServices: LostServices
}

type UpWithService = Up & { service: UpService }

/** @param running as of onFailedUpstream */
export async function onFailedService(
  request: GatewayRequest,
  res: Response,
  running: 'refuse' | 'retry',
  context: FailureContext,
): Promise<unknown> {
  const { store, decideNow, hold, forwarder } = context
  const decision = decideNow(request)
  const again = () => (canRepeat(request) ? hold(request, res) : refuse(res, 'spent'))
  if (decision.do !== 'forward' || !decision.service) return again()
  const up = { preview: decision.preview, service: decision.service }
  const forward = () => (canRepeat(request) ? forwarder.forward(request, up, res) : refuse(res, 'spent'))
  if (!isAt(store.facts, up, request.tried)) return forward()
  switch (await lookAt(up, context)) {
    case 'lost':
      return again()
    case 'deaf':
      return (await listens(up, request, res, context)) ? forward() : refuse(res, 'deaf')
    case 'listens':
      return running === 'refuse' ? refuse(res, 'alive') : forward()
  }
}

/** `lost`: it is, or was, seen to. In doubt it `listens`. */
async function lookAt(
  up: UpWithService,
  { store, reaper, nudges, lostServices, log }: FailureContext,
): Promise<'lost' | 'deaf' | 'listens'> {
  const { service } = up
  const id = idOf(service)
  const end = Date.now() + CHECK_MS
  for (let checks = 0; ;) {
    const found = await reaper.container(service.container).catch(() => undefined)
    const now = store.services.get(id, service.name)
    if (now?.container !== service.container || now.since !== service.since) return 'lost'
    if (found && ('gone' in found || !found.running)) {
      lostServices.note(now)
      void nudges.tend(id)
      return 'lost'
    }
    if (found && (await staysUp(hostPortIn(store.facts, up)))) return 'listens'
    // Clients see a service's end a moment before the engine does.
    if (found && ++checks > 1) return 'deaf'
    if (Date.now() >= end) {
      log.warn({ ...logFields(id), service: service.name }, 'the reaper could not be asked about a container')
      return 'listens'
    }
    await sleep(RETRY_MS)
  }
}
