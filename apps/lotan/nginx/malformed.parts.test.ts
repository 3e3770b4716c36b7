/** Any bytes at all as requests to nginx, beside a router and an application that keep what reaches them. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { familyOf } from '../../testing/harness/processes.ts'
import { until } from '../../testing/harness/until.ts'
import { request } from '../../testing/clients/http.ts'
import { writeNginxConf } from './config.ts'
import { forgetRoutes } from './route-cache.ts'

const domain = 'previews.test'
const template = { method: 'GET', target: '/', version: 'HTTP/1.1', host: `Host: cold.${domain}`, header: '', body: '' }
type Parts = Record<keyof typeof template, string>

/** A well-formed request but for one thing, for which nginx refuses it. */
const breaks: Partial<Record<keyof Parts, string[]>> = {
  method: ['get', 'G\0T', '', ' GET', 'GE T', 'G/T', '\x16\x03\x01', 'GET\t', '\xc3\x89'],
  target: ['', 'x', 'a/b', '/\0', '/a b', '/a\x01', '/\x7f', '/a\tb', 'http://', 'http:/x/', 'ftp//x', 'http://a\0b/', 'https://a b/', `/${'x'.repeat(40_000)}`],
  version: ['HTTP', 'HTTP/', 'HTTP/x', 'JUNK', 'http/1.1', 'HTTP/2.0', 'HTTP/11.1', 'HTTP/-1.1', 'HTTP/1.', 'HTTP/1.1x', 'HTTP/1.1\0'],
  host: ['', 'Host:', `Host: a.${domain}\r\nHost: b.${domain}`, `Host: a/b.${domain}`, `Host: a\0b.${domain}`, `Host: a b.${domain}`, `Host: a..b.${domain}`, `Host: ${'x'.repeat(40_000)}`],
  header: [
    'X-Nul: a\0b', 'X Y: z', 'X\x01Y: z', '\0', 'Content-Length: -1', 'Content-Length: 1e3', 'Content-Length: 0x10', 'Content-Length: 9999999999999999999999',
    'Content-Length: 1\r\nContent-Length: 2', 'Content-Length: 3\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 3', 'Transfer-Encoding: gzip',
    'Transfer-Encoding: chunked, chunked', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: xchunked', `X-Long: ${'l'.repeat(40_000)}`, `Cookie: ${'c'.repeat(31_000)}`,
  ],
} // prettier-ignore

const harmless = ['', 'Accept: text/html', 'User-Agent: x', 'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__', 'Expect: 100-continue', 'Connection: close, x'] // prettier-ignore
const broken = Object.entries(breaks).flatMap(([part, texts]) =>
  texts.flatMap((text) => harmless.map((other) => textOf({ ...template, [part]: text }, other))),
)

/** Neither wrong nor right: what nginx makes of it is its own affair, within what must always hold. */
const anything: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.record({
          method: some('GET', 'HEAD', 'POST', 'TRACE', 'CONNECT', 'PRI', 'PROPFIND', 'GET-_X'),
          target: some('/', '*', '//', '/.lotan/events', '/.lotan/lookup/route', '/.lotan/nginx-error', '/.lotan/retry', '/%2elotan/lookup/wait', '/a/../.lotan/lookup/wait', '/caf\xc3\xa9', '/%00', '/%', '/#', '/a"<>\\', `http://${domain}/api/v1/previews`, `http://x.${domain}/`, 'HTTP://[::1]:80/', `https://user@x.${domain}:99999/?q`, '/?\xff', `/${'y'.repeat(9_000)}`),
          version: some('HTTP/1.1', 'HTTP/1.0', 'HTTP/1.9', ''),
          host: some(`Host: cold.${domain}`, `Host: ${domain}`, 'Host: other.test', `host:COLD.${domain.toUpperCase()}.:80`, `Host: ${'a.'.repeat(2_000)}${domain}`, `Host: \xff.${domain}`, `Host: ${'b'.repeat(300)}.${domain}`, `Host: [::1]:8080`, 'Host: 127.0.0.1', 'Host: [', `Host: a.${domain}:99999999`),
          header: some('', 'Accept: a\x01b', 'Origin: \x7f', 'Referer: http://\xff\xfe', 'Prefer: wait=\x02', 'User-Agent: \x1b[31m', 'X-Verdict: alive', 'X-Host: warm', 'X-Accel-Redirect: /', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Transfer-Encoding: Chunked', ': x', 'nocolon', ' folded: x', 'Upgrade: websocket\r\nConnection: Upgrade', 'Content-Length: 00000000005', 'Range: bytes=0-'),
          body: some('', 'hello', '5\r\nhello\r\n0\r\n\r\n', 'zz\r\n', 'fffffffffffffffffff\r\n', '\0\0\0', `GET / HTTP/1.1\r\nHost: smuggled.${domain}\r\n\r\n`),
        }),
        fc.constantFrom(...harmless),
        fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '\n\r'),
      )
      .map(([parts, other, eol]) => textOf(parts, other).replaceAll('\r\n', eol)),
  },
  { weight: 1, arbitrary: bytes(300) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x02\0\x01\0', 'SSH-2.0-x\r\n', '\r\n\r\n', 'GET /\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n'), bytes(80))
      .map(([start, rest]) => start + rest),
  },
) // prettier-ignore

function bytes(most: number) {
  return fc.uint8Array({ maxLength: most }).map((all) => Buffer.from(all).toString('latin1'))
}

function some(usual: string, ...others: string[]) {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) })
}

/** A character a byte. */
function textOf({ method, target, version, host, header, body }: Parts, other = ''): string {
  const head = [`${method} ${target} ${version}`, host, header, other].filter(Boolean)
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

describe('whatever bytes come in', { timeout: 60_000 }, () => {
  let dir: string
  let config: ReturnType<typeof readConfig>
  let nginx: ChildProcess
  let router: ReturnType<typeof openRouter>
  let store: Store

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-malformed-'))
    config = readConfig({
      REPOSITORY: '127.0.0.1:5000/app',
      TL_DOMAIN: domain,
      LOTAN_DATA_DIR: path.join(dir, 'data'),
      LOTAN_LISTEN: `127.0.0.1:${await freePort()}`,
    })
    router = openRouter(config.runDir)
    await router.listen()
    store = openStore(path.join(dir, 'lotan.db'), { slots: 0, label: (tag) => tag, log: openLog('test', 'silent') })
    store.facts.set('slotKind', 'network')
    store.facts.set('subnet', '10.83.0.0/16')
    const [program = '', ...args] = await writeNginxConf(config, store, [
      { path: '/', largestBody: 65_536, webSockets: false },
    ])
    nginx = spawn(program, args, { stdio: 'inherit' })
    await until('nginx answers', async () => (await ask(domain)) === 200)
  })
  after(async () => {
    if (nginx?.kill()) await once(nginx, 'exit')
    await router?.close()
    store?.close()
    await forgetRoutes(config)
    await fs.rm(dir, { recursive: true, force: true })
  })

  const ask = async (host: string) => (await request(config.listen.port, { host })).status
  const workers = () => familyOf(nginx.pid!).filter(({ command }) => /^nginx: worker/.test(command)).map(({ pid }) => pid) // prettier-ignore

  /** What comes back until nginx closes, or says nothing more. */
  async function said(text: string): Promise<string> {
    const socket = net.connect({ port: config.listen.port, host: '127.0.0.1', allowHalfOpen: true })
    const pieces: Buffer[] = []
    socket.on('data', (piece) => pieces.push(piece))
    socket.on('end', () => socket.end())
    socket.on('error', () => {})
    socket.setTimeout(200, () => socket.destroy())
    socket.write(Buffer.from(text, 'latin1'))
    await once(socket, 'close')
    return Buffer.concat(pieces).toString('latin1')
  }

  /** Without the interim ones. */
  const statusesOf = (answer: string) =>
    [...answer.matchAll(/^HTTP\/1\.1 ([2-9]\d\d)/gm)].map(([, status]) => Number(status))

  async function unharmed<T>(work: () => Promise<T>): Promise<T> {
    const before = workers()
    assert.ok(before.length > 0)
    const result = await work()
    assert.deepEqual(workers(), before)
    assert.deepEqual([await ask(domain), await ask(`cold.${domain}`)], [200, 404])
    return result
  }

  /** As many at once as a browser opens connections to a few hosts. */
  async function saidToAll(requests: readonly string[], seen: Record<string, number>): Promise<void> {
    const left = requests.values()
    const send = async () => {
      for (const text of left) {
        const answer = await said(text)
        for (const status of statusesOf(answer)) {
          seen[status] = (seen[status] ?? 0) + 1
          const isOurs = status < 500 || status === 501 || status === 505
          assert.ok(isOurs, `${JSON.stringify(text.slice(0, 300))}: ${answer}`)
        }
      }
    }
    await Promise.all(Array.from({ length: 40 }, send))
  }

  test('a request that is broken is refused, and neither the router nor an application hears of it', async (t) => {
    const seen: Record<string, number> = {}
    await unharmed(async () => {
      router.reset()
      await saidToAll(broken, seen)
      assert.deepEqual(router.heard, [])
    })
    t.diagnostic(JSON.stringify(seen))
    assert.ok(Object.keys(seen).every((status) => Number(status) >= 400))
    for (const status of [400, 414, 431, 501, 505]) assert.ok(seen[status], `no ${status}`)
  })

  test('nginx stays as it is, answers no 5xx, and tells the router nothing but what it is to tell', async (t) => {
    const seen: Record<string, number> = {}
    await unharmed(() =>
      fc.assert(
        fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 60, size: 'max' }), async (requests) => {
          router.reset()
          await saidToAll(requests, seen)
          for (const heard of router.heard) assertTold(heard)
        }),
        { numRuns: 12 },
      ),
    )
    t.diagnostic(JSON.stringify(seen))
    for (const status of [200, 400, 404]) assert.ok(seen[status], `no ${status}`)
  })
})

/** The names of all headers that a subrequest may have, and what the visitor cannot make of the others. */
const names =
  /^(host|x-(host|kind|method|uri|stream|id|request-id|address|tried|tried-relay|verdict|received)|accept|origin|prefer|referer|sec-fetch-(dest|mode|site)|user-agent|upgrade-asked|upgrade-insecure-requests)$/

function assertTold({ socket, url, method, headers }: Heard) {
  const what = JSON.stringify({ url, method, headers })
  if (socket === 'desk.sock') {
    assert.deepEqual([headers['x-forwarded-for'], headers['x-real-ip']], ['127.0.0.1', '127.0.0.1'], what)
    return
  }
  assert.match(url, /^\/(route|wait|answer|events|retry)$/, what)
  assert.equal(method, 'GET', what)
  for (const name of Object.keys(headers)) assert.match(name, names, what)
  assert.equal(headers.host, 'router', what)
  assert.match(headers['x-host'] as string, /^[^\s/\0A-Z]+$/, what)
  assert.match(headers['x-method'] as string, /^[A-Z_-]+$/, what)
  assert.match((headers['x-uri'] as string) || '/', /^[/*][^\x00-\x20\x7f]*$/, what)
  assert.match(headers['x-id'] as string, /^[0-9a-f]{32}$/, what)
  assert.equal(headers['x-address'], '127.0.0.1', what)
  assert.ok(!headers['x-verdict'], what)
  if (url === '/wait') assert.match(headers['x-host'] as string, /\.previews\.test$/, what)
}

interface Heard {
  socket: string
  url: string
  method: string
  headers: http.IncomingHttpHeaders
}

/** Every preview is cold, and is refused. Its parser is as lenient as the router's own (apps/router/server.ts). */
function openRouter(runDir: string) {
  const heard: Heard[] = []
  const hear =
    (socket: string, answer: http.RequestListener): http.RequestListener =>
    (req, res) => {
      heard.push({ socket, url: req.url!, method: req.method!, headers: req.headers })
      answer(req, res)
    }
  const gateway = hear('router.sock', (req, res) => {
    const isLookup = ['/route', '/wait'].includes(req.url!)
    res.writeHead(isLookup ? 403 : 404, { 'Content-Type': 'application/problem+json' }).end('{}')
  })
  const admin = hear('desk.sock', (_req, res) => res.end('admin'))
  const servers = {
    'router.sock': http.createServer({ maxHeaderSize: 1_000_000, insecureHTTPParser: true }, gateway),
    'desk.sock': http.createServer({ maxHeaderSize: 1_000_000 }, admin),
  }
  return {
    heard,
    reset: () => void heard.splice(0),
    async listen() {
      for (const [name, server] of Object.entries(servers))
        await once(server.listen({ path: path.join(runDir, name), writableAll: true }), 'listening')
    },
    async close() {
      for (const server of Object.values(servers)) {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      }
    },
  }
}
