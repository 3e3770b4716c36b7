/**
 * The application that runs inside most test images. It tells what reached it, and misbehaves as its environment says:
 *
 *   APP_PORT, APP_BIND   where it listens (80, all addresses)
 *   APP_DELAY            milliseconds until it listens, or until SIGUSR2 comes
 *   APP_SPEAKS           it speaks and listens on one of these and nothing else, tls, http2 (without TLS) or ipv6
 *   APP_SILENT           it accepts connections and never answers
 *   APP_TERM_MS          milliseconds that it takes to obey SIGTERM, serving on meanwhile
 *   APP_REPOSITORY       the name of its repository, which it tells before its tag: `api/pr-7`
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'

const {
  APP_PORT = '80',
  APP_BIND,
  APP_DELAY = '0',
  APP_SILENT,
  APP_SPEAKS,
  APP_TERM_MS = '0',
  APP_REPOSITORY,
  LOTAN_TAG = '',
} = process.env
/** The repository is the image's word, the tag Lotan's. */
const PREVIEW = APP_REPOSITORY ? `${APP_REPOSITORY}/${LOTAN_TAG}` : LOTAN_TAG
/** Larger bodies come back as their checksum. */
const SHOWN_BYTES = 64 * 1024

const server = http.createServer(async (req, res) => {
  if (APP_SILENT) return
  const url = new URL(req.url!, 'http://app')
  const number = (name: string, otherwise: number) => Number(url.searchParams.get(name) ?? otherwise)
  res.setHeader('X-App-Tag', PREVIEW)
  res.setHeader('X-App-Address', req.socket.localAddress ?? '')
  switch (url.pathname.split('/')[1]) {
    case 'plain':
      return res.setHeader('Content-Length', PREVIEW.length).end(PREVIEW)
    case 'bytes':
      return sendBytes(Number(url.pathname.split('/')[2]), res)
    case 'drip':
      return drip({ pieces: number('pieces', 10), size: number('size', 1_000), every: number('every', 500) }, res)
    case 'mute':
      // A stream that stays silent.
      return res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    case 'sse':
      res.writeHead(200, { 'Content-Type': 'text/event-stream' })
      for (let i = 0; i < number('n', 3) && !res.destroyed; i++) {
        res.write(`data: ${i}\n\n`)
        await sleep(number('every', 100))
      }
      return res.end()
    case 'slow':
      await sleep(number('ms', 1_000))
      return res.end(LOTAN_TAG)
    case 'answer': {
      // ?status=201&h=Name:value&h=...&fill=40000
      if (number('fill', 0) > 0) res.setHeader('X-Fill', 'x'.repeat(number('fill', 0)))
      const given = url.searchParams.getAll('h').map((line) => line.split(/:(.*)/s) as [string, string])
      for (const [name, value] of given) res.appendHeader(name, value)
      return res.writeHead(number('status', 200)).end(LOTAN_TAG)
    }
    case 'refuse':
      // Responds before it reads the body.
      res.writeHead(number('status', 413), { Connection: 'close', 'Content-Length': number('size', 9) })
      return res.end('x'.repeat(number('size', 9)))
    case 'raw':
      // Raw bytes, in base64.
      return req.socket.end(Buffer.from(url.searchParams.get('bytes')!, 'base64'))
    case 'drop':
      return req.socket.destroy()
    case 'exit':
      return process.exit(number('code', 0))
    case 'eat':
      // Memory, until the kernel kills it.
      for (const eaten: Buffer[] = []; ;) eaten.push(Buffer.alloc(2 ** 24, 1))
    default:
      return echo(req, res)
  }
})

const sockets = new WebSocketServer({ server })
// ?h=Name:value
sockets.on('headers', (lines, req) =>
  lines.push(...new URL(req.url!, 'http://app').searchParams.getAll('h').map((line) => line.replace(':', ': '))),
)
sockets.on('connection', (socket, req) => {
  socket.send(JSON.stringify({ tag: LOTAN_TAG, url: req.url, headers: req.headers }))
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  // ?ping=500&pings=8
  const { searchParams } = new URL(req.url!, 'http://app')
  const every = Number(searchParams.get('ping'))
  if (every > 0) void ping(socket, every, Number(searchParams.get('pings') ?? Infinity))
})

process.on('SIGTERM', () => setTimeout(() => process.exit(0), Number(APP_TERM_MS)))
console.log(`app: starting, tag ${LOTAN_TAG}`)
await Promise.race([sleep(Number(APP_DELAY)), once(process, 'SIGUSR2')])
const listener = await speaking(APP_SPEAKS)
listener.listen({ port: Number(APP_PORT), host: APP_BIND, ipv6Only: APP_SPEAKS === 'ipv6' }, () =>
  console.log(`app: listening on ${APP_PORT}`),
)

/** A TLS server needs no certificate to refuse plain HTTP, and one cipher works without. */
async function speaking(what: string | undefined): Promise<net.Server> {
  // Imported here, since hundreds of containers need neither.
  if (what === 'http2') return (await import('node:http2')).createServer((_, res) => void res.end(LOTAN_TAG))
  if (what === 'tls')
    return (await import('node:https')).createServer({ ciphers: 'aNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' })
  return server
}

async function echo(req: http.IncomingMessage, res: http.ServerResponse) {
  const hash = createHash('sha256')
  const shown: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
    if (bytes <= SHOWN_BYTES) shown.push(chunk)
  }
  const { method, url, rawHeaders } = req
  const body = bytes <= SHOWN_BYTES ? Buffer.concat(shown).toString('base64') : null
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify({ tag: LOTAN_TAG, method, url, rawHeaders, bytes, sha256: hash.digest('hex'), body }))
}

async function drip({ pieces, size, every }: Record<'pieces' | 'size' | 'every', number>, res: http.ServerResponse) {
  res.setHeader('Content-Length', pieces * size)
  for (let i = 0; i < pieces && !res.destroyed; i++) {
    res.write(Buffer.alloc(size, 'todowrangler'))
    await sleep(every)
  }
  res.end()
}

async function ping(socket: WebSocket, every: number, times: number) {
  for (let i = 0; i < times && socket.readyState === WebSocket.OPEN; i++) {
    socket.ping()
    await sleep(every)
  }
}

async function sendBytes(count: number, res: http.ServerResponse) {
  const piece = Buffer.alloc(64 * 1024, 'todowrangler')
  res.setHeader('Content-Length', count)
  for (let left = count; left > 0 && !res.destroyed; left -= piece.length)
    if (!res.write(piece.subarray(0, Math.min(left, piece.length))))
      await new Promise<void>((resolve) => res.once('drain', resolve).once('close', resolve))
  res.end()
}
