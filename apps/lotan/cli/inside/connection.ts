/** A WebSocket of a session: a ticket for it, bytes and messages either way, and what became of it. */
import net from 'node:net'
import tls from 'node:tls'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { WebSocket } from 'ws'
import { previewPath } from '../../../shared/api/paths.ts'
import type { Problem } from '../../../shared/api/problem.ts'
import type { PreviewId } from '../../../shared/preview/preview-id.ts'
import { streams, SUBPROTOCOL, type ClientMessage, type ServerMessage, type StreamNumber } from '../../../shared/shell/frames.ts' // prettier-ignore
import { isSecure, placeOf, whyOf, type Api } from '../api.ts'
import { away, call, failureOf, strange } from '../call.ts'
import { exit, Failure } from '../command.ts'
import { readServerMessage } from './messages.ts'

const HANDSHAKE_MS = 30_000
/** Routers in between forget a connection that is silent. */
const PING_MS = 15_000
const SILENCE_MS = 45_000
/** Lotan sends pieces of streams. */
const MOST_BYTES = 16 * 1024 * 1024

export interface Connection {
  /** Resolves once there is room for more. */
  send(piece: Buffer): Promise<void>
  tell(message: ClientMessage): void
  /** Nothing comes until `resume`. */
  pause(): void
  resume(): void
  close(): void
}

export interface Hear {
  message(message: ServerMessage): void
  bytes(stream: StreamNumber, piece: Buffer): void
  /** Last, and once; of a connection that was open. */
  closed(): void
}

/** @throws Failure */
export async function askTicket(api: Api, id: PreviewId): Promise<string> {
  const { json } = await call(api, `${previewPath(id)}/tickets`, { method: 'POST' })
  const { ticket } = (json ?? {}) as Record<string, unknown>
  if (typeof ticket !== 'string') throw strange(api, 'something else than a ticket')
  return ticket
}

/** @param kind `exec`, `run`, `forward` @throws Failure */
export async function connect(
  api: Api,
  id: PreviewId,
  kind: 'exec' | 'run' | 'forward',
  query: readonly (readonly [name: string, value: string])[],
  hear: Hear,
): Promise<Connection> {
  const ticket = await askTicket(api, id)
  const asked = new URLSearchParams({ ticket })
  for (const [name, value] of query) asked.append(name, value)
  const socket = await open(api, `${previewPath(id)}/${kind}?${asked.toString()}`)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', (error) => reject(away(api, whyOf(error))))
    socket.once('unexpected-response', (request, answer: IncomingMessage) => {
      refusalOf(answer, api).then(reject, reject).finally(() => request.destroy()) // prettier-ignore
    })
    listen(socket, hear)
  })
  return {
    send: (piece) =>
      new Promise((resolve) => {
        socket.send(Buffer.concat([Buffer.of(streams.input), piece]), () => resolve())
      }),
    tell: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(),
  }
}

async function open(api: Api, path: string): Promise<WebSocket> {
  // Other commands need not load it.
  const { WebSocket } = await import('ws')
  const secure = isSecure(api)
  const { host, hostname } = new URL(api.base)
  const place = placeOf(api)
  const servername = net.isIP(hostname.replace(/^\[|\]$/g, '')) ? undefined : hostname
  return new WebSocket(`${secure ? 'wss' : 'ws'}://${host}${path}`, SUBPROTOCOL, {
    headers: { Host: host },
    createConnection: (() => (secure ? tls.connect({ ...place, servername }) : net.connect(place))) as typeof net.connect, // prettier-ignore
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: MOST_BYTES,
    perMessageDeflate: false,
  })
}

/** Before the first message may come. */
function listen(socket: WebSocket, hear: Hear): void {
  let heard = performance.now()
  let pinging: NodeJS.Timeout | undefined
  function ping() {
    // What is not read tells nothing.
    if (socket.isPaused) heard = performance.now()
    if (performance.now() - heard > SILENCE_MS) socket.terminate()
    else if (socket.readyState === socket.OPEN) socket.ping()
  }
  socket.on('pong', () => (heard = performance.now()))
  socket.on('message', (data: Buffer, isBinary) => {
    heard = performance.now()
    if (!isBinary) {
      const message = readServerMessage(data.toString())
      if (message) hear.message(message)
    } else if (data[0] === streams.output || data[0] === streams.errors) hear.bytes(data[0], data.subarray(1))
  })
  socket.on('error', () => {})
  let wasOpen = false
  // One that is refused has no end.
  socket.once('open', () => {
    wasOpen = true
    pinging = setInterval(ping, PING_MS)
  })
  socket.on('close', () => {
    clearInterval(pinging)
    if (wasOpen) hear.closed()
  })
}

async function refusalOf(answer: IncomingMessage, api: Api): Promise<Failure> {
  const status = answer.statusCode ?? 0
  const said = await text(answer).catch(() => '')
  let sent: Partial<Problem> | undefined
  try {
    sent = JSON.parse(said) as Partial<Problem>
  } catch {
    // A proxy's page.
  }
  // The token was good: what is refused is the ticket.
  if (status === 401 && typeof sent?.detail === 'string') return new Failure(exit.unexpected, sent.detail)
  return failureOf(status, sent, api, answer.headers.location)
}
