/** nginx's relay (nginx/lua/relay.lua), asked on its socket as nginx asks it, by itself. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import ejs from 'ejs'
import fc from 'fast-check'
import { WebSocket, WebSocketServer } from 'ws'
import { until } from '../../testing/harness/until.ts'
import { findNginx } from './program.ts'

const sources = path.resolve(import.meta.dirname, '../../../nginx')
/** As relay.lua has it. */
const MOST_INTERIM = 32 * 1024

describe('the relay', { timeout: 300_000 }, () => {
  let run: string
  let nginx: ChildProcess

  before(async () => {
    run = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-relay-'))
    await fs.mkdir(path.join(run, 'nginx'))
    const relay = await ejs.renderFile(path.join(sources, 'servers', 'relay.conf.ejs'))
    const loads = findNginx().luaModules.map((file) => `load_module '${file}';`)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${run}/t;`)
    const conf = `daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} pid ${run}/pid; ${loads.join(' ')}
      events {} http { client_max_body_size 0; underscores_in_headers on; ${temporary.join(' ')}
      lua_package_path '${sources}/lua/?.lua;;'; ${relay} }`
    await fs.writeFile(path.join(run, 'nginx.conf'), conf)
    nginx = spawn('nginx', ['-p', run, '-c', path.join(run, 'nginx.conf'), '-e', path.join(run, 'log')], { cwd: run })
    await until('nginx listens', () => fs.stat(path.join(run, 'nginx', 'relay.sock')))
  })
  after(async () => {
    nginx?.kill()
    if (nginx?.exitCode === null) await once(nginx, 'exit')
    await fs.rm(run, { recursive: true, force: true })
  })

  const socketPath = () => path.join(run, 'nginx', 'relay.sock')

  /** Serves, and says where. */
  async function serving<T>(server: net.Server, use: (place: string) => Promise<T>): Promise<T> {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      return await use(`127.0.0.1:${(server.address() as AddressInfo).port}`)
    } finally {
      server.close()
    }
  }

  /** Asks with these pieces, each a packet of its own, and reads to the end. */
  async function tell(pieces: Buffer[], expected: number): Promise<Buffer> {
    const socket = net.connect(socketPath()).setNoDelay()
    socket.on('error', () => {})
    const read: Buffer[] = []
    let length = 0
    socket.on('data', (piece: Buffer) => {
      read.push(piece)
      // The relay ends when nginx does.
      if ((length += piece.length) >= expected) socket.end()
    })
    for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
    if (!socket.closed) await once(socket, 'close')
    return Buffer.concat(read)
  }

  const asking = (place: string, head = '') =>
    Buffer.from(`GET /a?b HTTP/1.1\r\nHost: x\r\nX-Lotan-Relay: ${place} 5000\r\n${head}\r\n`)

  /** What comes back of bytes that an application answers with, in these pieces, and then closes. */
  async function relayed(pieces: Buffer[], expected: number, head?: string): Promise<Buffer> {
    const app = net.createServer((socket) => {
      socket.setNoDelay().on('error', () => {})
      socket.once('data', async () => {
        for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
        socket.end()
      })
    })
    return serving(app, (place) => tell([asking(place, head)], expected))
  }

  const eol = fc.constantFrom('\r\n', '\n')
  const field = fc.tuple(fc.stringMatching(/^[A-Za-z_-]{1,12}$/), fc.stringMatching(/^[ -~]{0,40}$/))
  const interim = fc
    .tuple(fc.integer({ min: 100, max: 199 }), fc.array(field, { maxLength: 4 }), eol, fc.constantFrom('0', '1'))
    .filter(([status]) => status !== 101)
    .map(([status, fields, end, minor]) =>
      [`HTTP/1.${minor} ${status} any`, ...fields.map(([name, value]) => `${name}: ${value}`), '', ''].join(end),
    )
  const rest = fc.tuple(fc.integer({ min: 200, max: 999 }), fc.uint8Array({ maxLength: 400 }))

  /** Cuts bytes into pieces. */
  function cut(bytes: Buffer, places: number[]): Buffer[] {
    const at = [...new Set(places.map((place) => place % bytes.length)), bytes.length].sort((a, b) => a - b)
    return at.map((end, i) => bytes.subarray(at[i - 1] ?? 0, end)).filter((piece) => piece.length > 0)
  }

  test('passes on the bytes from the final answer on, whatever interim answers come before, in whatever pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(interim, { maxLength: 5 }),
        rest,
        fc.array(fc.nat(), { maxLength: 8 }),
        async (before, [status, body], places) => {
          const final = Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Final\r\nA: b\r\n\r\n`), body])
          const said = cut(Buffer.concat([Buffer.from(before.join('')), final]), places)
          assert.deepEqual(await relayed(said, final.length), final)
        },
      ),
      { numRuns: 60 },
    )
  })

  /** Request line, headers sorted by name with values of one name in their order, and the body. */
  function inOrder(request: Buffer) {
    const end = request.indexOf('\r\n\r\n')
    const [line, ...lines] = request.subarray(0, end).toString('latin1').split('\r\n')
    const headers = lines.map((line) => /^([^:]+): *(.*?) *$/.exec(line)!.slice(1))
    headers.sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0))
    return { line, headers, body: request.subarray(end + 4).toString('latin1') }
  }

  test('sends on what it is asked, to the last byte of the body, but for where to; spaces around values do not matter', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(field, { maxLength: 6 }),
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (fields, body, places) => {
          const head = fields.map(([name, value]) => `X-${name}: ${value}\r\n`).join('')
          const first = 'POST /a?b HTTP/1.1\r\nHost: x\r\n'
          const last = `${head}Content-Length: ${body.length}\r\n\r\n`
          const sent = Buffer.concat([Buffer.from(first + last), body])
          const answer = Buffer.from('HTTP/1.1 204 Read\r\n\r\n')
          let read = Buffer.alloc(0)
          const app = net.createServer((socket) => {
            socket.on('error', () => {})
            socket.on('data', (piece: Buffer) => {
              read = Buffer.concat([read, piece])
              if (read.indexOf('\r\n\r\n') >= 0 && read.subarray(read.indexOf('\r\n\r\n')).length >= body.length + 4)
                socket.write(answer)
            })
          })
          await serving(app, async (place) => {
            const asked = Buffer.concat([Buffer.from(`${first}X-Lotan-Relay: ${place} 5000\r\n${last}`), body])
            assert.deepEqual(await tell(cut(asked, places), answer.length), answer)
          })
          assert.deepEqual(inOrder(read), inOrder(sent))
        },
      ),
      { numRuns: 40 },
    )
  })

  const hints = (bytes: number) => {
    const one = 'HTTP/1.1 103 Early Hints\r\n\r\n'
    return Buffer.from(one.repeat(Math.floor(bytes / one.length)))
  }
  const final = Buffer.from('HTTP/1.1 200 OK\r\n\r\n')
  const upgrade = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nbytes')

  for (const [what, said, passes, head] of [
    ['interim answers up to a limit', [hints(MOST_INTERIM - 1_000), final], true],
    ['no more than that', [hints(2 * MOST_INTERIM), final], false],
    ['no endless head', [Buffer.from(`HTTP/1.1 103 ${'x'.repeat(2 * MOST_INTERIM)}`)], false],
    ['no endless status line', [Buffer.alloc(2 * MOST_INTERIM, 'x')], false],
    ['no junk between', [Buffer.from('HTTP/1.1 103 E\r\n\r\njunk\r\n\r\n'), final], false],
    ['no status below 100', [Buffer.from('HTTP/1.1 099 E\r\n\r\n'), final], false],
    ['no status line that nginx cannot read', [Buffer.from('HTTP/1.1 200OK\r\n\r\n'), final], false],
    ['no empty line before', [Buffer.from('\r\n'), final], false],
    ['no upgrade unasked', [upgrade, final], false],
    ['no upgrade to something else', [upgrade, final], false, 'Upgrade: h2c\r\n'],
    ['an upgrade that was asked for', [upgrade], true, 'Upgrade: websocket\r\n'],
  ] as const)
    test(`takes ${what}`, async () => {
      const expected = passes ? (said.at(-1) as Buffer) : Buffer.alloc(0)
      assert.deepEqual(await relayed([...said], expected.length || Infinity, head), expected)
    })

  test('without an application, or without being told where to, it closes the connection', async () => {
    const closed = net.createServer()
    const place = await serving(closed, (place) => Promise.resolve(place))
    for (const asked of [asking(place), Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nX_Lotan_Relay: 127.0.0.1:1\r\n\r\n')])
      assert.equal((await tell([asked], Infinity)).toString(), '')
  })

  test('an application of Node’s with early hints: 20 MB each way, and a WebSocket', async () => {
    const body = randomBytes(20_000_000)
    const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    const app = http.createServer(async (req, res) => {
      res.writeEarlyHints({ link: '</a.css>; rel=preload' })
      res.writeProcessing()
      const pieces: Buffer[] = []
      for await (const piece of req as AsyncIterable<Buffer>) pieces.push(piece)
      const read = Buffer.concat(pieces)
      res.writeHead(200, { 'X-Sum': sum(read) }).end(read)
    })
    new WebSocketServer({ server: app }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
    await serving(app, async (place) => {
      const headers = { 'X-Lotan-Relay': `${place} 5000` }
      let hinted = 0
      const request = http.request({ socketPath: socketPath(), method: 'POST', headers, agent: false })
      request.on('information', () => hinted++).end(body)
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
      const pieces: Buffer[] = []
      for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece)
      assert.equal(answer.headers['x-sum'], sum(body))
      assert.equal(sum(Buffer.concat(pieces)), sum(body))
      assert.equal(hinted, 0)

      const socket = new WebSocket('ws://x/', { headers, createConnection: () => net.connect(socketPath()) })
      await once(socket, 'open')
      socket.send('hello')
      const [hello] = (await once(socket, 'message')) as [Buffer]
      assert.equal(hello.toString(), 'hello')
      socket.terminate()
      app.closeAllConnections()
    })
  })
})
