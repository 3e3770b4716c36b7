/** What nginx tells of a request when it asks the router about it: see nginx/ask.conf.ejs. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Config } from '../../shared/config/config.ts'
import type { Store } from '../../shared/store/store.ts'
import { readHost } from '../../shared/tag.ts'
import type { ClientRequest } from './decide.ts'

/**
 * What an earlier ask about a request has come to: its container runs and dropped it, or answered with headers too large
 * to pass on, no more can be held, its tag cannot be looked up just now, its body is spent, its body is spent since the
 * application sent an interim answer, or Lotan itself is in trouble.
 */
export type Verdict = 'alive' | 'too-large' | 'full' | 'unknown' | 'spent' | 'interim' | 'trouble'

export interface GatewayRequest {
  /** The host that was asked for: lower case, without port. */
  host: string
  /** The label below the domain, for people to read; null for a host elsewhere. */
  label: string | null
  tag: string | null
  /** Path and query as the client wrote them. */
  uri: string
  client: ClientRequest
  /** A stream or a WebSocket: the request's id, and who opens what, the same for the same address, user agent and path. */
  stream: { id: string; client: string } | undefined
  /** The upstream that did not answer, on an ask about a lost one; the place where it was reached through the relay. */
  tried: string
  /** How many bytes came of an answer whose head was never whole; 0 where that is not known. */
  received: number
  verdict: Verdict | undefined
  origin: string
  referer: string
  fetchSite: string
}

/** Reads an ask from its headers. A host's tag is the known tag that lives there, else the one its label reads as. */
export function readGatewayRequest(
  req: Pick<IncomingMessage, 'headers'>,
  config: Pick<Config, 'domain' | 'transliterate'>,
  store: Pick<Store, 'tagAt'>,
): GatewayRequest {
  const header = headerOf(req.headers)
  const host = header('x-host')
  const place = readHost(host, config)
  const known = place && store.tagAt(place.label)
  const request = readRequest(req.headers)
  return {
    host,
    label: place?.label ?? null,
    tag: known === undefined ? place!.tag : known,
    uri: header('x-uri') || '/',
    client: request,
    stream: request.stream ? { id: header('x-id'), client: clientOf(header) } : undefined,
    tried: header('x-tried-relay') || header('x-tried'),
    // Of several tries the last counts.
    received: Number(/\d+$/.exec(header('x-received'))?.[0] ?? 0),
    verdict: (header('x-verdict') as Verdict) || undefined,
    origin: header('origin'),
    referer: header('referer'),
    fetchSite: header('sec-fetch-site'),
  }
}

/** What says how a request is to be answered, whatever it is about. */
export function readRequest(headers: IncomingHttpHeaders): ClientRequest {
  const header = headerOf(headers)
  return {
    method: header('x-method') || 'GET',
    kind: header('x-kind') === 'robot' ? 'robot' : 'person',
    stream: streams.find((stream) => stream === header('x-stream')) ?? '',
    accept: header('accept'),
    fetchMode: header('sec-fetch-mode'),
    fetchDest: header('sec-fetch-dest'),
    upgrade: header('upgrade-asked'),
    insecure: header('upgrade-insecure-requests'),
    prefer: header('prefer'),
  }
}

const streams = ['websocket', 'events'] as const

/** Not the address itself, since this is written down. The query is left out: some put a session or a counter there. */
function clientOf(header: (name: string) => string): string {
  const [path = ''] = header('x-uri').split('?')
  const parts = [header('x-address'), header('user-agent'), path]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}

function headerOf(headers: IncomingHttpHeaders) {
  return (name: string): string => {
    const value = headers[name]
    return typeof value === 'string' ? value : ''
  }
}
