import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { createParser } from 'eventsource-parser'
import { http } from '../../shared/http.ts'
import type { ApiEvent } from '../../shared/api/event.ts'
import type { PreviewJson } from '../../shared/api/preview.ts'
import type { Problem } from '../../shared/api/problem.ts'

const CONNECT_MS = 10_000
/** The API's event streams send something every 15 s. */
const SILENCE_MS = 40_000

export interface Api {
  /** `http://previews.example.com:8080`, without a final slash. */
  base: string
  /** Null: as `base` says. */
  connect: { host: string; port: number; secure: boolean } | null
  token: string
}

/** An older Lotan sends no `usual`. */
export type View = Pick<PreviewJson, 'tag' | 'url' | 'state' | 'reason' | 'image' | 'progress' | 'position'> & {
  timing: Pick<PreviewJson['timing'], 'start'>
  usual?: PreviewJson['usual']
  repository?: string
  digest?: PreviewJson['digest']
  engine?: PreviewJson['engine']
}

export type Event = { event: 'preview'; data: View } | Extract<ApiEvent, { event: 'removed' }>

export type Refusal = Pick<Problem, 'status' | 'detail' | 'advice'> & Partial<Problem>

/** `json` is undefined unless the body is an object. `away`: why no answer came. */
export type Answer = { status: number; json: Sent | undefined; location: string | undefined } | { away: string }

/** All optional: a proxy may have sent it. */
type Sent = Partial<View & Problem>

/** @param path below /api/v1 @param within milliseconds for the whole answer */
export async function ask(api: Api, path: string, within: number, method = 'GET'): Promise<Answer> {
  const signal = AbortSignal.timeout(Math.ceil(within))
  try {
    const answer = await open(api, path, { method, accept: 'application/json', signal })
    let text = ''
    for await (const piece of answer.setEncoding('utf8') as AsyncIterable<string>) text += piece
    return { status: answer.statusCode ?? 0, json: objectIn(text), location: answer.headers.location }
  } catch (error) {
    return { away: signal.aborted ? `no answer in ${Math.round(within / 1_000)} s` : whyOf(error) }
  }
}

/** @returns undefined on 404 @throws when it cannot be opened; the generator, when it breaks off or falls silent */
export async function listen(api: Api, path: string, signal: AbortSignal): Promise<AsyncGenerator<Event> | undefined> {
  const answer = await open(api, path, { accept: 'text/event-stream', signal })
  if (answer.statusCode === 200) return eventsIn(answer)
  answer.destroy()
  if (answer.statusCode === 404) return undefined
  throw new Error(`the event stream answers ${answer.statusCode}`)
}

async function* eventsIn(answer: IncomingMessage): AsyncGenerator<Event> {
  answer.setTimeout(SILENCE_MS, () => answer.destroy(new Error('no word from the event stream')))
  const come: Event[] = []
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === 'preview' || event === 'removed') come.push({ event, data: JSON.parse(data) })
    },
  })
  for await (const piece of answer.setEncoding('utf8') as AsyncIterable<string>) {
    parser.feed(piece)
    yield* come.splice(0)
  }
}

export function addressOf(api: Api): string {
  const { host, port } = placeOf(api)
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

export interface Sending {
  accept: string
  signal: AbortSignal
  method?: string
  /** Sent as JSON. */
  body?: object
  /** A tar, sent instead. What it throws, `open` does. */
  stream?: AsyncIterable<Uint8Array>
}

/** @param path below /api/v1 */
export function open(api: Api, path: string, sending: Sending): Promise<IncomingMessage> {
  const { accept, signal, method = 'GET', body, stream } = sending
  const { host: name } = new URL(api.base)
  const text = body && JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const send = isSecure(api) ? https.request : http.request
    const headers = {
      Host: name,
      Authorization: `Bearer ${api.token}`,
      Accept: accept,
      ...(stream && { 'Content-Type': 'application/x-tar' }),
      ...(text !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
    }
    const request = send({ ...placeOf(api), path: `/api/v1${path}`, method, headers, agent: false, signal }, resolve)
    request.on('error', reject)
    const patience = setTimeout(() => request.destroy(new Error('no connection in 10 s')), CONNECT_MS)
    request.on('close', () => clearTimeout(patience))
    request.on('socket', (socket) => socket.once('connect', () => clearTimeout(patience)))
    if (!stream) return void request.end(text)
    const source = Readable.from(stream).on('error', (error) => request.destroy(error))
    // What is refused is not sent to its end.
    request.once('response', () => source.destroy())
    source.pipe(request)
  })
}

/** Where to connect. */
export function placeOf(api: Api): { host: string; port: number } {
  if (api.connect) return api.connect
  const { hostname, port } = new URL(api.base)
  // Browsers and curl resolve these names to this machine by themselves; Node does not.
  const host = hostname.endsWith('.localhost') ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, '')
  return { host, port: Number(port || (isSecure(api) ? 443 : 80)) }
}

export function isSecure({ base, connect }: Api): boolean {
  return connect?.secure ?? base.startsWith('https:')
}

function objectIn(text: string): Sent | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined
  }
}

export function whyOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name does not resolve'
    default:
      return message || code || 'the connection failed'
  }
}
