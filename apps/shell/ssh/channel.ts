/**
 * The channel of one session. ssh2's own stream keeps what has to wait for the client's window, and mixes it up where
 * output and errors wait at the same time, or one after the other: so they are written one piece at a time.
 */
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { ServerChannel } from 'ssh2'
import type { Size } from '../../shared/engine/engine.ts'

export interface Terminal {
  /** As in TERM. */
  name: string
  size: Size
}

export interface SessionChannel {
  /** What the client says. */
  input: ServerChannel
  /** Null: none. Its size is what it was last. */
  terminal: Terminal | null
  /** Aborted once it has gone. */
  left: AbortSignal
  /** Once the client has taken it. */
  out: (chunk: Buffer) => Promise<void>
  err: (chunk: Buffer) => Promise<void>
  /** One line or several to be read, among the errors. */
  tell: (text: string) => Promise<void>
  /** Later ones are ignored, as what is written is. */
  exit: (code: number) => Promise<void>
  /** @param signal without SIG */
  cut: (signal: string) => Promise<void>
}

/** What ssh2 keeps: once it is sent it would be sent again. */
interface Kept {
  _chunk?: Buffer | undefined
  _chunkcb?: unknown
  _chunkErr?: Buffer | undefined
  _chunkcbErr?: unknown
}

/** A client that reads nothing does not keep a session from its end. */
const LAST_WORDS_MS = 1_000

export function openChannel(
  channel: ServerChannel,
  socket: Socket,
  terminal: Terminal | null,
  left: AbortSignal,
): SessionChannel {
  const gone = new Promise<void>((resolve) => {
    if (left.aborted) resolve()
    left.addEventListener('abort', () => resolve(), { once: true })
  })
  let last = Promise.resolve()
  let isOver = false

  function write(stream: Writable, chunk: Buffer): Promise<void> {
    last = last.then(async () => {
      if (isOver || left.aborted || chunk.length === 0) return
      await Promise.race([drained(socket), gone])
      await Promise.race([written(stream, chunk), gone])
    })
    return last
  }

  function written(stream: Writable, chunk: Buffer): Promise<void> {
    return new Promise((resolve) => {
      stream.write(chunk, () => {
        Object.assign(channel as Kept, { _chunk: undefined, _chunkcb: undefined, _chunkErr: undefined, _chunkcbErr: undefined }) // prettier-ignore
        resolve()
      })
    })
  }

  async function end(say: () => void): Promise<void> {
    if (isOver) return
    await Promise.race([last, gone, timeout(LAST_WORDS_MS)])
    if (isOver) return
    isOver = true
    try {
      say()
      channel.eof()
      channel.close()
    } catch {
      // Its connection has gone.
    }
  }

  const lines = (text: string) => (terminal ? text.replace(/\r?\n/g, '\r\n') : text)
  return {
    input: channel,
    terminal,
    left,
    out: (chunk) => write(channel, chunk),
    err: (chunk) => write(channel.stderr, chunk),
    tell: (text) => write(channel.stderr, Buffer.from(lines(`${text}\n`))),
    exit: (code) => end(() => channel.exit(code)),
    cut: (signal) => end(() => channel.exit(signal, false, '')),
  }
}

/** Once what was written to it before has left this process: ssh2 does not wait for that. */
export function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}
