import type { Response } from 'express'
import type { In } from '../../shared/preview/preview.ts'
import { hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { RouterContext } from '../context.ts'
import { noteRelayed } from './relayed-containers.ts'
import type { GatewayRequest, Verdict } from './request.ts'
import { noteColdStarts } from './server-timing.ts'
import { hostPortIn, isAt, upstreamIn } from './upstream.ts'

type Audience = 'this-request' | 'all-of-its-kind'

/** A killed router goes unnoticed for 7 s. No cached route outlives the 10 s a container has after its route ends. */
const cacheControl: Record<Audience, string> = {
  'this-request': 'no-store',
  'all-of-its-kind': 'max-age=2, stale-while-revalidate=1, stale-if-error=5',
}

export type Forwarder = ReturnType<typeof openForwarder>

export function openForwarder({ store, streams }: Pick<RouterContext, 'store' | 'streams'>) {
  const coldStarts = noteColdStarts(store.list())
  const relayed = noteRelayed(store.get)

  /** X-Relay: where the relay sends the request, if it goes through it. X-App-Port: the port inside the container. */
  function answerYes(request: GatewayRequest, preview: In<'running'>, res: Response, audience: Audience) {
    // Not before nginx has the answer: where it has given up waiting, it has told of the end already.
    res.on('finish', () => streams.passes(request, Date.now()))
    const upstream = relayed.has(preview) ? 'relay' : upstreamIn(store.facts, preview)
    const hostPort = hostPortText(hostPortIn(store.facts, preview))
    res.set({ 'X-Upstream': upstream, 'X-Relay': hostPort, 'X-App-Port': preview.generation.port })
    return res.set('Cache-Control', cacheControl[audience]).status(200).end()
  }

  /** @returns whether this response is a person's first after the start, and so tells its timing */
  function addTiming({ client }: GatewayRequest, preview: In<'running'>, res: Response): boolean {
    const timing = client.kind === 'person' ? coldStarts.first(preview) : undefined
    if (timing) res.set('X-Timing', timing)
    return timing !== undefined
  }

  return {
    forward(request: GatewayRequest, preview: In<'running'>, res: Response) {
      return answerYes(request, preview, res, 'this-request')
    },

    /** A stream is counted, and the timing of a cold start is for one response. */
    forwardCached(request: GatewayRequest, preview: In<'running'>, res: Response) {
      const isForOne = addTiming(request, preview, res) || request.stream !== undefined
      return answerYes(request, preview, res, isForOne ? 'this-request' : 'all-of-its-kind')
    },

    forwardAfterWait(request: GatewayRequest, preview: In<'running'>, res: Response) {
      addTiming(request, preview, res)
      return answerYes(request, preview, res, 'this-request')
    },

    relay(preview: In<'running'>, tried: string) {
      if (isAt(store.facts, preview, tried)) relayed.add(preview)
    },
  }
}

/** 401: nginx asks at once for what the visitor gets. */
export function refuseEntry(res: Response) {
  return res.set('Cache-Control', cacheControl['this-request']).status(401).end()
}

/** 403; nginx passes the verdict on when it asks for the visitor's response. */
export function refuse(res: Response, verdict?: Verdict) {
  if (verdict) res.set('X-Verdict', verdict)
  return res.set('Cache-Control', cacheControl['this-request']).status(403).end()
}
