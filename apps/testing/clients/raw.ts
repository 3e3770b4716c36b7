/** Requests as raw bytes: Node's client would add, reorder or respell headers. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import net from 'node:net'
import { Duplex } from 'node:stream'
import { http } from '../../shared/http.ts'
import type { Answer } from './http.ts'

/**
 * @param method the bytes' own, since a response to HEAD has no body
 * @returns after an upgrade, `body` is the payload of the first WebSocket frame
 */
export async function sendRaw(port: number, method: string, bytes: Buffer): Promise<Answer> {
  const socket = net.connect(port, '127.0.0.1')
  const began = performance.now()
  try {
    const request = http.request({ method, createConnection: () => ears(socket) })
    const answered = Promise.race([once(request, 'response'), once(request, 'upgrade')])
    request.end()
    socket.write(bytes)
    const [response, upgraded, first] = (await answered) as [IncomingMessage, Duplex?, Buffer?]
    const head = performance.now() - began
    const body = upgraded ? await frame(upgraded, first!) : await whole(response)
    const { statusCode: status = 0, headers, rawHeaders } = response
    return { status, headers, rawHeaders, body, text: body.toString(), head }
  } finally {
    socket.destroy()
  }
}

/** Lets Node parse a response, and drops what Node would send. */
function ears(socket: net.Socket): Duplex {
  const duplex = new Duplex({ read: () => void socket.resume(), write: (_chunk, _encoding, done) => done() })
  socket.on('data', (chunk) => void (duplex.push(chunk) || socket.pause()))
  socket.on('end', () => duplex.push(null))
  socket.on('error', (error) => duplex.destroy(error))
  return duplex
}

async function whole(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** A server's frames are unmasked (RFC 6455, 5.2). Up to 64 KB. */
async function frame(connection: Duplex, first: Buffer): Promise<Buffer> {
  let read = first
  for (;;) {
    const long = (read[1] ?? 0) === 126
    const start = long ? 4 : 2
    if (read.length >= start) {
      const end = start + (long ? read.readUInt16BE(2) : read[1]!)
      if (read.length >= end) return read.subarray(start, end)
    }
    read = Buffer.concat([read, ...((await once(connection, 'data')) as Buffer[])])
  }
}
