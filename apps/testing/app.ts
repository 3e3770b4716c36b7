/**
 * The application that runs inside most test images. It tells what reached it, and misbehaves as its environment says:
 *
 *   APP_PORT, APP_BIND   where it listens (80, all addresses)
 *   APP_DELAY            milliseconds until it listens
 *   APP_SILENT           it accepts connections and never answers
 */
import { createHash } from 'node:crypto'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'

const { APP_PORT = '80', APP_BIND, APP_DELAY = '0', APP_SILENT, LOTAN_TAG = '' } = process.env
/** Bodies up to this size are sent back, larger ones as their sum alone. */
const SHOWN_BYTES = 64 * 1024

const server = http.createServer(async (req, res) => {
  if (APP_SILENT) return
  const url = new URL(req.url!, 'http://app')
  const number = (name: string, otherwise: number) => Number(url.searchParams.get(name) ?? otherwise)
  res.setHeader('X-App-Tag', LOTAN_TAG)
  switch (url.pathname.split('/')[1]) {
    case 'plain':
      return res.setHeader('Content-Length', LOTAN_TAG.length).end(LOTAN_TAG)
    case 'bytes':
      return sendBytes(Number(url.pathname.split('/')[2]), res)
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
      // ?status=201&h=Name:value&h=...
      const given = url.searchParams.getAll('h').map((line) => line.split(/:(.*)/s) as [string, string])
      for (const [name, value] of given) res.appendHeader(name, value)
      return res.writeHead(number('status', 200)).end(LOTAN_TAG)
    }
    case 'drop':
      return req.socket.destroy()
    case 'exit':
      return process.exit(number('code', 0))
    default:
      return echo(req, res)
  }
})

const sockets = new WebSocketServer({ server })
sockets.on('connection', (socket, req) => {
  socket.send(JSON.stringify({ tag: LOTAN_TAG, url: req.url, headers: req.headers }))
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})

process.on('SIGTERM', () => process.exit(0))
console.log(`app: starting, tag ${LOTAN_TAG}`)
await sleep(Number(APP_DELAY))
server.listen(Number(APP_PORT), APP_BIND, () => console.log(`app: listening on ${APP_PORT}`))

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

async function sendBytes(count: number, res: http.ServerResponse) {
  const piece = Buffer.alloc(64 * 1024, 'todowrangler')
  res.setHeader('Content-Length', count)
  for (let left = count; left > 0 && !res.destroyed; left -= piece.length)
    if (!res.write(piece.subarray(0, Math.min(left, piece.length))))
      await new Promise<void>((resolve) => res.once('drain', resolve).once('close', resolve))
  res.end()
}
