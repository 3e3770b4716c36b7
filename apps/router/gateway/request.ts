/** Reads nginx's subrequest: what it tells about the client's request (nginx/locations/router-request.conf.ejs). */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Naming, Tag } from '../../shared/tag.ts'
import type { PairCall } from '../../shared/preview/pair-call.ts'
import { previewAtHost, type HostRows } from '../preview-at-host.ts'
import type { ClientRequest } from './decide.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

/**
 * What an earlier subrequest about the same request found. `alive`: the container runs and dropped the request; `full`:
 * too many are held; `unknown`: the tag may not be looked up now; `spent`: the request's body cannot be sent again; `deaf`:
 * the service runs, and does not listen.
 */
export type Verdict = 'alive' | 'deaf' | 'too-large' | 'full' | 'unknown' | 'spent' | 'interim' | 'trouble'

export interface GatewayRequest {
  /** Lower case, without port. */
  host: string
  /** The label below the domain; null for a host elsewhere. */
  label: string | null
  /** Null where the host can stand for no preview. */
  id: PreviewId | null
  tag: Tag | null
  /** Of its stack, where this is a second host. */
  service: string | null
  /** Who makes it, as the history says: a user or a token that the gate knows, else `visitor`. */
  who: string
  /** The client's; null where nginx has told none. */
  address: string | null
  /** The address at which a preview has sent it, by the connection itself; null where a preview has not. */
  peer: string | null
  /** Set by pairs.ts, where that preview may call this one. */
  call: (PairCall & { caller: PreviewId }) | undefined
  /** Its id in all logs; null where nginx has told none. */
  request: string | null
  /** As the client wrote it, with the query. */
  uri: string
  client: ClientRequest
  /** `client` is the same for the same address, user agent and path. */
  stream: { id: string; client: string } | undefined
  /** The upstream that failed; through the relay, its host and port. */
  tried: string
  /** Bytes received of a response whose head was not complete; 0 where unknown. */
  received: number
  verdict: Verdict | undefined
  /** What may let it through the gate: the secrets of passes, and a token. Empty where there is no gate. */
  passes: string[]
  bypass: string
  /** A browser asks whether a page of another site may send what it wants to. */
  isPreflight: boolean
  origin: string
  referer: string
  fetchSite: string
}

export function readGatewayRequest(
  req: Pick<IncomingMessage, 'headers'>,
  config: Naming,
  store: HostRows,
): GatewayRequest {
  const header = headerOf(req.headers)
  const host = header('x-host')
  const at = previewAtHost(host, config, store)
  const id = at?.id ?? null
  const peer = header('x-peer') || null
  const request = peer === null ? readRequest(req.headers) : asProgram(readRequest(req.headers))
  return {
    host,
    label: at?.label ?? null,
    id,
    tag: id === null ? null : splitId(id).tag,
    service: at?.service ?? null,
    who: 'visitor',
    address: header('x-address') || null,
    peer,
    call: undefined,
    request: header('x-request-id') || null,
    uri: header('x-uri') || '/',
    client: request,
    stream: request.stream ? { id: header('x-id'), client: clientOf(header) } : undefined,
    tried: header('x-tried-relay') || header('x-tried'),
    // One number per try: the last counts.
    received: Number(/\d+$/.exec(header('x-received'))?.[0] ?? 0),
    verdict: (header('x-verdict') as Verdict) || undefined,
    passes: header('x-passes').split(',').filter(Boolean),
    bypass: header('x-bypass'),
    isPreflight: header('x-preflight') !== '',
    origin: header('origin'),
    referer: header('referer'),
    fetchSite: header('sec-fetch-site'),
  }
}

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

/** What a preview sends is a program's request, whatever it says of itself: it gets no page, and waits. */
function asProgram(request: ClientRequest): ClientRequest {
  return { ...request, kind: 'person', stream: '', accept: '' }
}

/** A body has gone to the container that failed. */
export function canRepeat({ client }: GatewayRequest): boolean {
  return client.method === 'GET' || client.method === 'HEAD'
}

const streams = ['websocket', 'events'] as const

/** Hashed, since it is stored and holds the client's address. A query may hold a session or a counter. */
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
