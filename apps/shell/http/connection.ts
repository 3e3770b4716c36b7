/** One WebSocket of a client: frames (shared/shell/frames.ts), slowed both ways by who reads slowly, and noticed when it vanishes. */
import type { RawData, WebSocket } from 'ws'
import { readClientMessage, streams, type ClientMessage, type ServerMessage, type StreamNumber } from '../../shared/shell/frames.ts' // prettier-ignore

export const PING_MS = 10_000
/** RFC 6455, 7.4.1: its client has closed it because it is done. */
export const DONE = 1000
export const VANISHED_MS = 30_000
/** Beyond that the one who writes waits. */
const MOST_WAITING = 256 * 1024
/** What a client may say before its session has begun. */
const MOST_HELD = 64 * 1024

/** What hears a client. */
export interface Hearer {
  /** @returns undefined, or what to wait for before the client may go on */
  input: (bytes: Buffer) => Promise<void> | undefined
  told: (message: ClientMessage) => void
}

export interface Connection {
  say: (message: ServerMessage) => void
  /** @returns undefined, or what to wait for before there is more */
  send: (stream: StreamNumber, bytes: Buffer) => Promise<void> | undefined
  /** From now on, and what came before. */
  hear: (hearer: Hearer) => void
  /** Once all that was said has left. */
  close: () => Promise<void>
  /** Aborted when it is closed, or its client has vanished. The reason is the WebSocket's close code. */
  closed: AbortSignal
}

export interface Patience {
  pingMs: number
  vanishedMs: number
}

/** @param isPatient whether it may stop reading for long: what is behind a pipe does, a terminal does not */
export function openConnection(
  socket: WebSocket,
  isPatient: boolean,
  { pingMs, vanishedMs }: Patience = { pingMs: PING_MS, vanishedMs: VANISHED_MS },
): Connection {
  const closing = new AbortController()
  let hearer: Hearer | undefined
  let held: (Buffer | ClientMessage)[] = []
  let heldBytes = 0
  let heard = Date.now()
  let sent = 0
  let isStalled = false
  let isAsked = false
  let allLeft = Promise.resolve()

  const timer = setInterval(() => {
    if (!isStalled && Date.now() - heard > vanishedMs && !(isPatient && sent >= heard)) return socket.terminate()
    // One question at a time: `ws` as a client ends where 60 wait for its answer, and one that is slow, or slowed, answers
    // late. What asks nothing (RFC 6455, 5.5.3) fails too where the other end is closed, and nothing else tells that of a
    // client which is slowed.
    if (isAsked || isStalled) return socket.pong()
    isAsked = true
    return socket.ping()
  }, pingMs)

  socket.on('pong', () => {
    heard = Date.now()
    isAsked = false
  })
  socket.on('message', (data, isBinary) => {
    heard = Date.now()
    const message = isBinary ? inputOf(data) : readClientMessage(bytesOf(data).toString('utf8'))
    if (message === undefined) socket.close(1008, 'no such message')
    else if (hearer) pass(message)
    else hold(message)
  })
  // `close` follows.
  socket.on('error', () => {})
  socket.once('close', (code) => {
    clearInterval(timer)
    closing.abort(code)
  })

  /** Resolves too where it cannot be sent any more. */
  function leave(data: string | Buffer): Promise<void> {
    return (allLeft = new Promise((resolve) => socket.send(data, () => resolve())))
  }

  function hold(message: Buffer | ClientMessage) {
    held.push(message)
    heldBytes += Buffer.isBuffer(message) ? message.length : 64
    if (heldBytes > MOST_HELD) stall()
  }

  function pass(message: Buffer | ClientMessage) {
    if (!Buffer.isBuffer(message)) return hearer!.told(message)
    const full = hearer!.input(message)
    if (!full) return
    stall()
    void full.then(goOn)
  }

  function stall() {
    isStalled = true
    socket.pause()
  }

  function goOn() {
    isStalled = false
    heard = Date.now()
    socket.resume()
  }

  return {
    say: (message) => void leave(JSON.stringify(message)),

    send(stream, bytes) {
      sent = Date.now()
      const frame = Buffer.allocUnsafe(bytes.length + 1)
      frame[0] = stream
      bytes.copy(frame, 1)
      const isFull = socket.bufferedAmount + frame.length > MOST_WAITING
      const left = leave(frame)
      return isFull ? left : undefined
    },

    hear(now) {
      hearer = now
      const before = held
      held = []
      heldBytes = 0
      if (isStalled) goOn()
      for (const message of before) pass(message)
    },

    async close() {
      hearer = { input: () => undefined, told: () => {} }
      held = []
      if (isStalled) goOn()
      // `ws` cuts a closing that takes 30 s, and a slow reader may take longer to read what was said.
      await allLeft
      socket.close(1000)
    },

    closed: closing.signal,
  }
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}

/** Undefined for what is no input. */
function inputOf(data: RawData): Buffer | undefined {
  const bytes = bytesOf(data)
  return bytes[0] === streams.input ? bytes.subarray(1) : undefined
}
