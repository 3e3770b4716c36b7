/** nginx's requests tell when a stream opens, and its log when it ends; a restart of the router loses none. */
import fs from 'node:fs'
import type { OpenedStream, Store } from '../../shared/store/store.ts'
import type { GatewayRequest } from './request.ts'

const MOST_UNWRITTEN = 2_000
const MAX_FILE_BYTES = 1_000_000

/** @param file nginx's log of ended streams */
export function noteStreams(
  store: Pick<Store, 'streams' | 'isResting'>,
  file: string,
  { everyMs }: { everyMs: number },
) {
  const opened = new Map<string, OpenedStream>()
  const tail = openTail(file)
  let unwritten: string[] = []

  const write = () => {
    const ended = [...unwritten, ...tail()]
    if (opened.size === 0 && ended.length === 0) return
    if (!store.streams({ opened: opened.values(), ended })) return void (unwritten = ended.slice(-MOST_UNWRITTEN))
    unwritten = []
    opened.clear()
  }
  const timer = setInterval(write, everyMs)

  return {
    write,

    passes({ id, client: request, stream }: GatewayRequest, now: number) {
      if (id === null || !stream || request.kind !== 'person' || opened.size >= MOST_UNWRITTEN) return
      opened.set(stream.id, { ...stream, preview: id, at: now })
    },

    comesBack: ({ id, stream }: GatewayRequest): boolean =>
      id !== null && stream !== undefined && store.isResting(id, stream.client),

    close() {
      clearInterval(timer)
      write()
    },
  }
}

function openTail(file: string): () => string[] {
  let offset = 0
  let known = ''
  return () => {
    try {
      return added()
    } catch {
      // nginx has not started yet.
      return []
    }
  }

  function added(): string[] {
    const { size, ino, birthtimeMs } = fs.statSync(file)
    // nginx makes a new file at each start.
    if (known !== `${ino} ${birthtimeMs}` || size < offset) offset = 0
    known = `${ino} ${birthtimeMs}`
    if (size === offset) return []
    const text = readFrom(file, offset, size - offset)
    const whole = text.lastIndexOf('\n') + 1
    offset += whole
    if (offset === size && size > MAX_FILE_BYTES) {
      // Safe: nginx opens it in append mode.
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
