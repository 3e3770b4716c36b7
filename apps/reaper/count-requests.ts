/** Counts requests by host from nginx's log: most are answered without a question to any process of Lotan. */
import fs from 'node:fs'

/** Of some requests. */
export interface Traffic {
  requests: number
  /** How many of them got a status of each class, such as `2xx`. */
  classes: Record<string, number>
  /** Bytes of the answers' bodies, and of the requests as a whole. */
  sent: number
  received: number
}

const CHUNK_BYTES = 1_000_000
/** Visitors make up hosts. */
const MOST_HOSTS = 5_000

/**
 * Begins at the log's end. What the launcher rotates in between is read from the copy that it leaves (rotate.ts).
 * @param file nginx-access.log, in the form that nginx/http/logging gives it
 */
export function countRequests(file: string) {
  let counts = new Map<string, Traffic>()
  const copy = `${file}.1`
  let offset = sizeOf(file)
  let lastCopy = idOf(copy)

  function read(path: string, end: number) {
    const descriptor = fs.openSync(path, 'r')
    try {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(CHUNK_BYTES, end - offset)))
      while (offset < end) {
        const length = fs.readSync(descriptor, buffer, 0, Math.min(buffer.length, end - offset), offset)
        const whole = buffer.subarray(0, length).lastIndexOf(0x0a) + 1
        // nginx has not written the rest of the line yet.
        if (whole === 0) return
        count(buffer.toString('latin1', 0, whole))
        offset += whole
      }
    } finally {
      fs.closeSync(descriptor)
    }
  }

  function count(text: string) {
    for (let start = 0; start < text.length;) {
      const from = text.indexOf(' ', start) + 1
      const host = text.slice(from, text.indexOf(' ', from))
      const end = text.indexOf('\n', from)
      const known = counts.get(host) ?? none()
      addLine(known, text, from, end)
      if (counts.has(host) || counts.size < MOST_HOSTS) counts.set(host, known)
      start = end + 1
    }
  }

  return {
    /** To be called more often than the launcher rotates: what was rotated twice is not counted. */
    look() {
      try {
        const size = sizeOf(file)
        const copied = idOf(copy)
        if (size < offset || copied !== lastCopy) {
          if (copied !== lastCopy) read(copy, sizeOf(copy))
          lastCopy = copied
          offset = 0
        }
        read(file, size)
      } catch {
        // There is none before nginx's first start.
      }
    },

    /** By host, since the last call. */
    take(): ReadonlyMap<string, Traffic> {
      const taken = counts
      counts = new Map()
      return taken
    },
  }
}

export function none(): Traffic {
  return { requests: 0, classes: {}, sent: 0, received: 0 }
}

export function add(to: Traffic, more: Traffic): void {
  to.requests += more.requests
  for (const [name, count] of Object.entries(more.classes)) to.classes[name] = (to.classes[name] ?? 0) + count
  to.sent += more.sent
  to.received += more.received
}

/** The path stands in quotes, and has none: nginx escapes them. Status and bytes follow it; the request's length is last. */
function addLine(to: Traffic, text: string, from: number, end: number): void {
  const path = text.indexOf('"', from)
  const status = text.indexOf('"', path + 1) + 2
  const sent = text.slice(status + 4, text.indexOf(' ', status + 4))
  const received = text.slice(text.lastIndexOf(' ', end) + 1, end)
  const name = `${text[status]}xx`
  to.requests++
  to.classes[name] = (to.classes[name] ?? 0) + 1
  to.sent += Number(sent) || 0
  to.received += Number(received) || 0
}

function sizeOf(file: string): number {
  try {
    return fs.statSync(file).size
  } catch {
    return 0
  }
}

function idOf(file: string): string {
  try {
    const { ino, birthtimeMs } = fs.statSync(file)
    return `${ino} ${birthtimeMs}`
  } catch {
    return ''
  }
}
