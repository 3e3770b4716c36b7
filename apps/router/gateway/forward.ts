/** The two answers to nginx's subrequests: the upstream that a request goes to, or a refusal. */
import type { Response } from 'express'
import type { In } from '../../shared/preview/preview.ts'
import { hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { RouterContext } from '../context.ts'
import { noteRelayed } from './relayed-containers.ts'
import type { GatewayRequest, Verdict } from './request.ts'
import { noteColdStarts } from './server-timing.ts'
import { hostPortIn, isAt, upstreamIn } from './upstream.ts'

/** Which requests nginx may give an answer to: this one, or all of the same host and kind for a while. */
type Audience = 'this-request' | 'all-of-its-kind'

/**
 * With these figures a router that is killed goes unnoticed for 7 s, and no cached route outlives the 10 s for which a
 * container is left alone after its route has ended.
 */
const cacheControl: Record<Audience, string> = {
  'this-request': 'no-store',
  'all-of-its-kind': 'max-age=2, stale-while-revalidate=1, stale-if-error=5',
}

export type Forwarder = ReturnType<typeof openForwarder>

export function openForwarder({ store, streams }: Pick<RouterContext, 'store' | 'streams'>) {
  const coldStarts = noteColdStarts(store.list())
  const relayed = noteRelayed(store.get)

  /**
   * 200 with X-Upstream, X-Relay (where the relay sends the request, if it goes through it), X-App-Port (the port inside
   * the container) and Cache-Control.
   */
  function answerYes(request: GatewayRequest, preview: In<'running'>, res: Response, audience: Audience) {
    streams.passes(request, Date.now())
    const upstream = relayed.has(preview) ? 'relay' : upstreamIn(store.facts, preview)
    const hostPort = hostPortText(hostPortIn(store.facts, preview))
    res.set({ 'X-Upstream': upstream, 'X-Relay': hostPort, 'X-App-Port': preview.generation.port })
    return res.set('Cache-Control', cacheControl[audience]).status(200).end()
  }

  /** Adds how long the start took, where this is a person's first response after it. @returns whether it is */
  function addTiming({ client }: GatewayRequest, preview: In<'running'>, res: Response): boolean {
    const timing = client.kind === 'person' ? coldStarts.first(preview) : undefined
    if (timing) res.set('X-Timing', timing)
    return timing !== undefined
  }

  return {
    /** For lookups that nginx does not cache. */
    forward(request: GatewayRequest, preview: In<'running'>, res: Response) {
      return answerYes(request, preview, res, 'this-request')
    },

    /** For `/route`. A stream is counted, and the timing of a cold start is for one response. */
    forwardCached(request: GatewayRequest, preview: In<'running'>, res: Response) {
      const isForOne = addTiming(request, preview, res) || request.stream !== undefined
      return answerYes(request, preview, res, isForOne ? 'this-request' : 'all-of-its-kind')
    },

    forwardAfterWait(request: GatewayRequest, preview: In<'running'>, res: Response) {
      addTiming(request, preview, res)
      return answerYes(request, preview, res, 'this-request')
    },

    /** Sends a container's requests through nginx's relay from now on. @param tried where the interim response came from */
    relay(preview: In<'running'>, tried: string) {
      if (isAt(store.facts, preview, tried)) relayed.add(preview)
    },
  }
}

/** 403; nginx passes the verdict on when it asks for the visitor's response. */
export function refuse(res: Response, verdict?: Verdict) {
  if (verdict) res.set('X-Verdict', verdict)
  return res.set('Cache-Control', cacheControl['this-request']).status(403).end()
}
