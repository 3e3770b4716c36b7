/**
 * The streams and WebSockets that pass through to previews: noted when nginx asks about them, and when it says that they
 * have ended; written to SQLite a few times a second. A restart of the router loses none of it.
 */
import fs from 'node:fs'
import type { OpenedStream, Store } from '../../shared/store/store.ts'
import type { GatewayRequest } from './request.ts'

/** No more than this wait to be written; who opens more in that time is not noted. */
const MOST_UNWRITTEN = 2_000
/** A file that is longer than this is emptied once it is read, bytes. */
const LONGEST_FILE = 1_000_000

/**
 * @param file where nginx says what has ended
 * @param options.every how often that is read and written, milliseconds
 */
export function noteStreams(store: Pick<Store, 'streams' | 'isResting'>, file: string, { every }: { every: number }) {
  const opened = new Map<string, OpenedStream>()
  const tail = openTail(file)
  let unwritten: string[] = []

  const write = () => {
    const ended = [...unwritten, ...tail()]
    if (opened.size === 0 && ended.length === 0) return
    // What could not be written is tried again, as far as it can be kept.
    if (!store.streams({ opened: opened.values(), ended })) return void (unwritten = ended.slice(-MOST_UNWRITTEN))
    unwritten = []
    opened.clear()
  }
  const timer = setInterval(write, every)

  return {
    /** Reads and writes what there is now. */
    write,

    /** A request passes through to its preview. Those of robots, and those that are no stream, do not matter. */
    passes({ tag, client: request, stream }: GatewayRequest, now: number) {
      if (tag === null || !stream || request.kind !== 'person' || opened.size >= MOST_UNWRITTEN) return
      opened.set(stream.id, { ...stream, tag, at: now })
    },

    /** Whether a stream or WebSocket only comes back: it was open when its preview went. */
    comesBack: ({ tag, stream }: GatewayRequest): boolean =>
      tag !== null && stream !== undefined && store.isResting(tag, stream.client),

    close() {
      clearInterval(timer)
      write()
    },
  }
}

/** Reads what was added to a file since the last time, whole lines only. */
function openTail(file: string): () => string[] {
  let offset = 0
  let known = ''
  return () => {
    try {
      return added()
    } catch {
      // It is not there before nginx is.
      return []
    }
  }

  function added(): string[] {
    const { size, ino, birthtimeMs } = fs.statSync(file)
    // nginx begins a new one whenever it is started.
    if (known !== `${ino} ${birthtimeMs}` || size < offset) offset = 0
    known = `${ino} ${birthtimeMs}`
    if (size === offset) return []
    const text = readFrom(file, offset, size - offset)
    const whole = text.lastIndexOf('\n') + 1
    offset += whole
    if (offset === size && size > LONGEST_FILE) {
      // nginx appends, wherever the end is.
      fs.truncateSync(file, 0)
      offset = 0
    }
    return text.slice(0, whole).split('\n').filter(Boolean)
  }
}

function readFrom(file: string, offset: number, length: number): string {
  const descriptor = fs.openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(length)
    return buffer.toString('latin1', 0, fs.readSync(descriptor, buffer, 0, length, offset))
  } finally {
    fs.closeSync(descriptor)
  }
}
