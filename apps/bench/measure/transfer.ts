/** Megabytes a second, in large bodies that follow one another on a few connections. What is received is thrown away. */
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { Readable } from 'node:stream'
import tls from 'node:tls'
import { LARGEST_UPLOAD } from '../../testing/images/fast.ts'

const CONNECTIONS = 4

/** Kilobytes of `/ballast0`. */
export const DOWNLOAD_KB = 32 * 1024

/** More than travels at once: else HTTP/2 waits for the client's leave to go on. */
const WINDOW = 8 * 2 ** 20

export type Way = 'download' | 'upload'

/** One connection, for one request after the other. */
export interface Connection {
  /** @throws when it is not answered as it should be */
  transfer: (way: Way) => Promise<void>
  close: () => void
}

const bytes: Record<Way, number> = { download: DOWNLOAD_KB * 1024, upload: LARGEST_UPLOAD }
const body = Buffer.alloc(bytes.upload, 'upload')

export function overHttp(port: number, host: string): Connection {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  return {
    async transfer(way) {
      const [method, path, sent] = way === 'download' ? ['GET', '/ballast0'] : ['POST', '/upload', body]
      const request = http.request({ host: '127.0.0.1', port, agent, method, path, headers: { Host: host } })
      request.end(sent)
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      check(way, response.statusCode, await sizeOf(response))
    },
    close: () => agent.destroy(),
  }
}

export function overHttp2(port: number, host: string, ca: Buffer): Connection {
  const session = http2.connect(`https://${host}`, {
    settings: { initialWindowSize: WINDOW },
    createConnection: () => tls.connect({ port, host: '127.0.0.1', servername: host, ca, ALPNProtocols: ['h2'] }),
  })
  session.once('connect', () => session.setLocalWindowSize(WINDOW))
  return {
    async transfer(way) {
      const stream =
        way === 'download'
          ? session.request({ ':path': '/ballast0' }).end()
          : session.request({ ':method': 'POST', ':path': '/upload', 'content-length': body.length }).end(body)
      const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]
      check(way, head[':status'], await sizeOf(stream))
    },
    close: () => session.close(),
  }
}

/** @param open makes a connection @returns megabytes a second, of all connections together */
export async function speed(open: () => Connection, way: Way, seconds: number): Promise<number> {
  const connections = Array.from({ length: CONNECTIONS }, open)
  try {
    const speeds = await Promise.all(connections.map((connection) => speedOf(connection, way, seconds)))
    return speeds.reduce((sum, speed) => sum + speed)
  } finally {
    for (const connection of connections) connection.close()
  }
}

async function speedOf(connection: Connection, way: Way, seconds: number): Promise<number> {
  const began = performance.now()
  let transfers = 0
  let took = 0
  while (took < seconds * 1_000) {
    await connection.transfer(way)
    transfers++
    took = performance.now() - began
  }
  return (transfers * bytes[way]) / 1e6 / (took / 1_000)
}

async function sizeOf(response: Readable): Promise<number> {
  let size = 0
  response.on('data', (piece: Buffer) => (size += piece.length))
  await once(response, 'end')
  return size
}

function check(way: Way, status: number | undefined, received: number): void {
  if (status !== 200) throw new Error(`the ${way} was answered with ${status}`)
  if (way === 'download' && received !== bytes.download) throw new Error(`${received} bytes came of ${bytes.download}`)
}
