import type { Response } from 'express'
import { hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { RouterContext } from '../context.ts'
import type { Up } from './decide.ts'
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
  const relayed = noteRelayed()

  /** X-Relay: where the relay sends the request, if it goes through it. X-App-Port: the port inside the container. */
  function answerYes(request: GatewayRequest, up: Up, res: Response, audience: Audience) {
    // Not before nginx has the answer: where it has given up waiting, it has told of the end already.
    res.on('finish', () => streams.passes(request, Date.now()))
    const upstream = relayed.has(up) ? 'relay' : upstreamIn(store.facts, up)
    const hostPort = hostPortText(hostPortIn(store.facts, up))
    const { port } = up.service ?? up.preview.generation
    res.set({ 'X-Upstream': upstream, 'X-Relay': hostPort, 'X-App-Port': port })
    return res.set('Cache-Control', cacheControl[audience]).status(200).end()
  }

  /** @returns whether this response is a person's first after the start, and so tells its timing */
  function addTiming({ client }: GatewayRequest, { preview, service }: Up, res: Response): boolean {
    const timing = client.kind === 'person' && !service ? coldStarts.first(preview) : undefined
    if (timing) res.set('X-Timing', timing)
    return timing !== undefined
  }

  return {
    forward(request: GatewayRequest, up: Up, res: Response) {
      return answerYes(request, up, res, 'this-request')
    },

    /** A stream is counted, and the timing of a cold start is for one response. */
    forwardCached(request: GatewayRequest, up: Up, res: Response) {
      const isForOne = addTiming(request, up, res) || request.stream !== undefined
      return answerYes(request, up, res, isForOne ? 'this-request' : 'all-of-its-kind')
    },

    forwardAfterWait(request: GatewayRequest, up: Up, res: Response) {
      addTiming(request, up, res)
      return answerYes(request, up, res, 'this-request')
    },

    relay(up: Up, tried: string) {
      if (isAt(store.facts, up, tried)) relayed.add(up)
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
