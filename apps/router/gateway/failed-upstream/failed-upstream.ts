/** `/lost` and `/silent`. Holds the request if the container is gone, else tries it again or gives up. */
import type { Response } from 'express'
import { refuse } from '../forward.ts'
import { onFailedService, type FailureContext } from './failed-service.ts'
import { isLostContainer } from './lost-container.ts'
import { canRepeat, type GatewayRequest } from '../request.ts'
import { isAt } from '../upstream.ts'
import { logFields } from '../../../shared/preview/preview-id.ts'

/** The most of a response's head that nginx reads, bytes: proxy_buffer_size. */
const LARGEST_HEAD = 32 * 1024

/** @param running what to do when the container runs: `retry` where its backlog was full, so it did not accept */
export async function onFailedUpstream(
  request: GatewayRequest,
  res: Response,
  running: 'refuse' | 'retry',
  { hold, forwarder, ...context }: FailureContext,
): Promise<unknown> {
  const { store, log } = context
  if (request.received >= LARGEST_HEAD) {
    log.warn(
      request.id === null ? {} : logFields(request.id),
      'the response headers of an application are larger than 32 kB',
    )
    return refuse(res, 'too-large')
  }
  // Its change was closed meanwhile, say.
  if (request.id !== null && store.standing(request.id, Date.now()).is !== 'free') return refuse(res)
  const preview = request.id === null ? undefined : store.get(request.id)
  if (preview?.state !== 'running') return canRepeat(request) ? hold(request, res) : refuse(res, 'spent')
  if (request.service !== null) return onFailedService(request, res, running, { hold, forwarder, ...context })
  const hasMoved = !isAt(store.facts, { preview }, request.tried)
  if (!hasMoved && (await isLostContainer(preview, context)))
    return canRepeat(request) ? hold(request, res) : refuse(res, 'spent')
  if (!hasMoved && running === 'refuse') return refuse(res, 'alive')
  return canRepeat(request) ? forwarder.forward(request, { preview }, res) : refuse(res, 'spent')
}
