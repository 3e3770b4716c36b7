/** Talks to a Lotan's API. */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'

const CONNECT_MS = 10_000
/** The API's event streams say something every 15 s. */
const SILENCE_MS = 40_000

export interface Api {
  /** `http://previews.example.com:8080`, without a final slash. */
  base: string
  /** Where to connect to, and whether by HTTPS, where that is known better than the address says. */
  connect: { host: string; port: number; secure: boolean } | null
  token: string
}

/** A preview as the API shows it, as far as the command line looks at it. */
export interface View {
  tag: string
  url: string
  state: string
  reason: string | null
  image: string | null
  progress: { bytes: number; total: number; layers: number; layersDone: number; percent: number } | null
  position: number | null
  timing: { start: number | null }
  /** Milliseconds that a start of it usually takes. */
  usual?: number | null
}

/** RFC 9457, with Lotan's own members. */
export interface Problem {
  status: number
  detail: string
  tag?: string
  state?: string
  advice?: string
}

/** `json` is undefined where the answer is none, or no object. `away`: nobody answered, and why. */
export type Answer =
  { status: number; json: Partial<View & Problem> | undefined; location: string | undefined } | { away: string }

export type Event = { event: 'preview'; data: View } | { event: 'removed'; data: { tag: string } }

/** One GET below /api/v1. @param within milliseconds for all of it */
export async function ask(api: Api, path: string, within: number): Promise<Answer> {
  const signal = AbortSignal.timeout(Math.ceil(within))
  try {
    const answer = await open(api, path, 'application/json', signal)
    let text = ''
    for await (const piece of answer.setEncoding('utf8') as AsyncIterable<string>) text += piece
    return { status: answer.statusCode ?? 0, json: objectIn(text), location: answer.headers.location }
  } catch (error) {
    return { away: signal.aborted ? `no answer in ${Math.round(within / 1_000)} s` : whyOf(error) }
  }
}

/**
 * The events of a stream, until it ends.
 *
 * @returns undefined where the API knows nothing there (404)
 * @throws when there is none for another reason; the events throw when it breaks off, or says nothing any more
 */
export async function listen(api: Api, path: string, signal: AbortSignal): Promise<AsyncGenerator<Event> | undefined> {
  const answer = await open(api, path, 'text/event-stream', signal)
  if (answer.statusCode === 200) return eventsIn(answer)
  answer.destroy()
  if (answer.statusCode === 404) return undefined
  throw new Error(`the event stream answers ${answer.statusCode}`)
}

async function* eventsIn(answer: IncomingMessage): AsyncGenerator<Event> {
  answer.setTimeout(SILENCE_MS, () => answer.destroy(new Error('no word from the event stream')))
  let rest = ''
  for await (const piece of answer.setEncoding('utf8') as AsyncIterable<string>) {
    const frames = (rest + piece).split('\n\n')
    rest = frames.pop()!
    for (const frame of frames) {
      const match = /^event: (preview|removed)\ndata: (.*)$/.exec(frame)
      if (match) yield { event: match[1], data: JSON.parse(match[2]!) } as Event
    }
  }
}

/** Where it connects to, for messages: `127.0.0.1:8080`. */
export function addressOf(api: Api): string {
  const { host, port } = placeOf(api)
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function open(api: Api, path: string, accept: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { host: name } = new URL(api.base)
  return new Promise((resolve, reject) => {
    const { get } = isSecure(api) ? https : http
    const headers = { Host: name, Authorization: `Bearer ${api.token}`, Accept: accept }
    const request = get({ ...placeOf(api), path: `/api/v1${path}`, headers, agent: false, signal }, resolve)
    request.on('error', reject)
    const patience = setTimeout(() => request.destroy(new Error('no connection in 10 s')), CONNECT_MS)
    request.on('close', () => clearTimeout(patience))
    request.on('socket', (socket) => socket.once('connect', () => clearTimeout(patience)))
  })
}

function placeOf(api: Api): { host: string; port: number } {
  if (api.connect) return api.connect
  const { hostname, port } = new URL(api.base)
  // Such names are this machine's, but only browsers and curl know that by themselves.
  const host = hostname.endsWith('.localhost') ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, '')
  return { host, port: Number(port || (isSecure(api) ? 443 : 80)) }
}

function isSecure({ base, connect }: Api): boolean {
  return connect?.secure ?? base.startsWith('https:')
}

function objectIn(text: string): Partial<View & Problem> | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined
  }
}

function whyOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ECONNREFUSED':
      return 'nobody listens there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name does not resolve'
    default:
      return message || code || 'the connection failed'
  }
}
