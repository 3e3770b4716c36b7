/** nginx's configuration: in every shape that settings give it, and run, beside a router that answers as it is told. */
import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import ejs from 'ejs'
import { WebSocket, WebSocketServer } from 'ws'
import { makeAuthority } from '../../testing/harness/certificate.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { familyOf, memoryOf, usersOf } from '../../testing/harness/processes.ts'
import { until } from '../../testing/harness/until.ts'
import { asBrowser, request, type Ask } from '../../testing/clients/http.ts'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { writeNginxConf } from './config.ts'
import { dropRoutes, forgetRoutes } from './route-cache.ts'
import { findUser } from './workers.ts'

const run = promisify(execFile)
const domain = 'previews.test'
const templates = path.resolve(import.meta.dirname, '../../../nginx')
const isRoot = process.getuid?.() === 0

type Slots = number[] | 'network'

/** A database that knows where slots are: on the network, or each at its port. */
function storeWith(slots: Slots, dir: string) {
  const store = openStore(path.join(dir, 'lotan.db'), {
    slots: 0,
    label: (tag) => tag,
    log: openLog('test', 'silent'),
  })
  store.facts.set('slotKind', slots === 'network' ? 'network' : 'port')
  if (slots === 'network') store.facts.set('subnet', '10.83.0.0/16')
  else store.facts.set('slotPorts', slots)
  return store
}

describe('the configuration of nginx', { timeout: 60_000 }, () => {
  let dir: string
  let certificate: { certificate: string; key: string }

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-nginx-conf-'))
    certificate = await (await makeAuthority(dir)).issue([domain, `*.${domain}`])
  })
  after(() => fs.rm(dir, { recursive: true, force: true }))

  const shapes: [what: string, settings: () => Record<string, string>, slots?: Slots][] = [
    ['HTTP, slots on the network', () => ({})],
    ['slots that are ports', () => ({ LOTAN_SLOTS: '60' }), Array.from({ length: 60 }, (_, i) => 20_000 + i)],
    ['many slots', () => ({ LOTAN_SLOTS: '1750' })],
    ['the demo', () => ({ REPOSITORY: '' })],
    [
      'twenty repositories below a long domain',
      () => ({
        TL_DOMAIN: `${'d'.repeat(63)}.${'e'.repeat(63)}.${'f'.repeat(57)}.com`,
        LOTAN_REPOSITORIES: Array.from({ length: 20 }, (_, i) => `${'n'.repeat(18)}${i}=127.0.0.1:5000/r${i}`).join(
          ' ',
        ),
      }),
    ],
    ['previews behind a gate', () => ({ LOTAN_GATE: 'password', LOTAN_GATE_PASSWORD: 'open sesame' })],
    ['HTTPS', () => ({ LOTAN_TLS_CERT: certificate.certificate, LOTAN_TLS_KEY: certificate.key })],
    [
      'HTTPS on IPv6, HSTS, behind proxies',
      () => ({
        LOTAN_TLS_CERT: certificate.certificate,
        LOTAN_TLS_KEY: certificate.key,
        LOTAN_TLS_LISTEN: '[::]:18443',
        LOTAN_HSTS_SECONDS: '600',
        LOTAN_PUBLIC_URL: `https://${domain}`,
        LOTAN_TRUSTED_PROXIES: '10.9.0.0/16, fd00::/8',
      }),
    ],
    [
      'HTTP behind a proxy that has HTTPS',
      () => ({ LOTAN_PUBLIC_URL: `https://${domain}`, LOTAN_HSTS_SECONDS: '600' }),
    ],
    [
      'dotted hosts, robots of one’s own, lines to the journal',
      () => ({
        TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS: '0',
        LOTAN_ROBOT_AGENTS: 'monit"or{1} $x',
        LOTAN_ROBOT_PATHS: '/health*',
        LOTAN_LOG: 'stdout',
      }),
    ],
  ]
  for (const [what, settings, slots = 'network'] of shapes)
    test(`is one that nginx takes without a word: ${what}`, async () => {
      const dataDir = await fs.mkdtemp(path.join(dir, 'data-'))
      const config = readConfig({
        REPOSITORY: '127.0.0.1:5000/app',
        TL_DOMAIN: domain,
        LOTAN_DATA_DIR: dataDir,
        LOTAN_LISTEN: `127.0.0.1:${await freePort()}`,
        ...settings(),
      })
      const store = storeWith(slots, dataDir)
      try {
        const [program = '', ...args] = await writeNginxConf(config, store)
        const { stderr } = await run(program, [...args, '-t'])
        assert.doesNotMatch(stderr, /\[(warn|emerg|alert|error)\]/)
        assert.match(stderr, /test is successful/)
      } finally {
        store.close()
        await forgetRoutes(config)
      }
    })
})

test('HTTP/2 is switched on in the way that this version of nginx wants', async () => {
  const conf = async (http2On: boolean) => {
    const told = { listens: ['127.0.0.1:80'], tls: { listens: ['127.0.0.1:443'] }, hsts: null, proxies: [], http2On }
    const files = ['servers/listen.conf.ejs', 'http/https.conf.ejs'].map((file) => path.join(templates, file))
    return (await Promise.all(files.map((file) => ejs.renderFile(file, told)))).join('')
  }
  assert.match(await conf(false), /^listen 127\.0\.0\.1:443 ssl http2;$/m)
  assert.doesNotMatch(await conf(false), /^http2 on;/m)
  assert.match(await conf(true), /^listen 127\.0\.0\.1:443 ssl;$/m)
  assert.match(await conf(true), /^http2 on;/m)
})

test('its workers are the user that this system has for a web server', () => {
  const passwd =
    'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\nwww-data:x:33:33::/var/www:/bin/false\n'
  const groups = 'root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n'
  assert.deepEqual(findUser(passwd, groups), { user: 'www-data', group: 'www-data', gid: 33 })
  assert.deepEqual(findUser(passwd.replace('www-data', 'x'), groups), { user: 'nobody', group: 'nogroup', gid: 65534 })
  assert.equal(findUser('root:x:0:0::/root:/bin/sh\n', groups), undefined)
})

describe('nginx with this configuration', { timeout: 60_000 }, () => {
  let dir: string
  let config: ReturnType<typeof readConfig>
  let nginx: ChildProcess | undefined
  let application: http.Server
  let router: ReturnType<typeof openRouter>
  let store: Store | undefined

  before(async () => {
    // Only this user may enter it, as root's home directory.
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-nginx-'))
    const cookie = `a=1; Domain=${domain}; Path=/`
    application = http.createServer({ maxHeaderSize: 1_000_000 }, (req, res) =>
      res.writeHead(200, req.url === '/cookie' ? { 'Set-Cookie': cookie } : {}).end('the application'),
    )
    application.listen(0, '127.0.0.1')
    await once(application, 'listening')
    config = readConfig({
      REPOSITORY: '127.0.0.1:5000/app',
      LOTAN_REPOSITORIES: 'api=127.0.0.1:5000/api web=127.0.0.1:5000/web',
      TL_DOMAIN: domain,
      LOTAN_DATA_DIR: path.join(dir, 'data'),
      LOTAN_LISTEN: `127.0.0.1:${await freePort()}`,
      LOTAN_SLOTS: '60',
    })
    router = openRouter(config.runDir)
    await router.listen()
    const { port } = application.address() as AddressInfo
    store = storeWith(Array<number>(60).fill(port), dir)
    const [program = '', ...args] = await writeNginxConf(config, store, [
      { path: '/', largestBody: 65_536, webSockets: false },
      { path: '/hooks/', largestBody: 1_048_576, webSockets: false },
      { path: '/terminal', largestBody: 65_536, webSockets: true },
    ])
    nginx = spawn(program, args, { stdio: 'inherit' })
    await until('nginx answers', async () => (await ask({ host: domain })).status === 200)
  })
  beforeEach(() => router.reset())
  after(async () => {
    if (nginx) {
      const ended = once(nginx, 'exit')
      if (nginx.kill()) await ended
    }
    await router?.close()
    application?.close()
    store?.close()
    await forgetRoutes(config)
    await fs.rm(dir, { recursive: true, force: true })
  })

  const ask = (ask: Ask) => request(config.listen.port, ask)
  const memoryOfNginx = () => familyOf(nginx!.pid!).reduce((sum, { pid }) => sum + memoryOf(pid).own, 0)

  test('has no worker that is root, and none that may look around in the run directory', async () => {
    const workers = familyOf(nginx!.pid!).filter(({ command }) => /^nginx: (worker|cache)/.test(command))
    assert.ok(workers.length >= 2)
    const { gid } = await fs.stat(config.runDir)
    for (const { pid, command } of workers) {
      const users = usersOf(pid)
      if (isRoot) assert.ok(!users.includes(0), command)
      else assert.deepEqual(new Set(users), new Set([process.getuid!()]))
    }
    for (const entered of [config.runDir, path.join(config.runDir, 'nginx')]) {
      const { mode } = await fs.stat(entered)
      assert.equal(mode & 0o777, isRoot ? 0o710 : 0o700)
    }
    if (isRoot)
      assert.equal(
        gid,
        findUser(await fs.readFile('/etc/passwd', 'utf8'), await fs.readFile('/etc/group', 'utf8'))?.gid,
      )
  })

  test('asks once for a host, whatever cookies its visitors send', async () => {
    for (let i = 0; i < 20; i++)
      assert.equal(
        (await ask({ host: `warm.${domain}`, headers: { Cookie: `lotan_pass=${i}; a=${i}` } })).text,
        'the application',
      )
    // One more where 2 s have passed meanwhile.
    assert.ok(router.asked('/route') <= 2, `${router.asked('/route')}`)
  })

  test('asks again for what it remembers no more', async () => {
    await until('it is asked twice within the 2 s of an answer', async () => {
      router.reset()
      for (let i = 0; i < 2; i++) await ask({ host: `dropped.${domain}` })
      const remembered = router.asked('/route')
      await dropRoutes(config)
      assert.equal((await ask({ host: `dropped.${domain}` })).text, 'the application')
      if (remembered !== 1) return false
      assert.equal(router.asked('/route'), 2)
      return true
    })
  })

  test('lets no cookie of a preview reach those of a repository that is named as its tag is', async () => {
    const cookie = async (host: string) => (await ask({ host, path: '/cookie' })).headers['set-cookie']
    for (const host of [`red.${domain}`, `pr-7.api.${domain}`, `api.web.${domain}`, `apix.${domain}`])
      assert.deepEqual(await cookie(host), [`a=1; Domain=${host}; Path=/`])
    for (const host of [`api.${domain}`, `web.${domain}`, `API.${domain}`, `api.${domain}.:80`])
      assert.deepEqual(await cookie(host), ['a=1; Path=/'], host)
  })

  test('asks again after an answer for one request, a refusal or a stream, and keeps none of them', async () => {
    const route = (host: string, headers = {}) => ask({ host: `${host}.${domain}`, headers })
    for (const asked of [1, 2, 3]) {
      assert.equal((await route('personal')).text, 'the application')
      assert.equal(router.asked('/route'), asked)
    }
    router.reset()
    for (const asked of [1, 2, 3]) {
      assert.equal((await route('up')).text, 'the application')
      assert.deepEqual([router.asked('/route'), router.asked('/wait')], [asked, asked])
    }
    router.reset()
    for (const asked of [1, 2, 3]) {
      await route('streamed', { Accept: 'text/event-stream' })
      assert.equal(router.asked('/route'), asked)
    }
    // The router lets this answer be kept, and nginx keeps none of a stream.
    await route('streamed')
    assert.equal(router.asked('/route'), 4)
    // One that is kept is given to others of its kind, and to no stream. One more where 2 s have passed meanwhile.
    for (let i = 0; i < 3; i++) await route('streamed')
    assert.ok(router.asked('/route') <= 5, `${router.asked('/route')}`)
    const before = router.asked('/route')
    await route('streamed', { Accept: 'text/event-stream' })
    assert.equal(router.asked('/route'), before + 1)
  })

  test('keeps connections to applications that listen elsewhere than slots do, and confuses none with another', async () => {
    const opened = new Map<string, number>()
    const servers = await Promise.all(
      ['one', 'two', 'three'].map(async (name) => {
        const server = http.createServer((_req, res) => res.end(name))
        server.on('connection', () => opened.set(name, (opened.get(name) ?? 0) + 1))
        await once(server.listen(0, '127.0.0.1'), 'listening')
        router.elsewhere.set(name, `127.0.0.1:${(server.address() as AddressInfo).port}`)
        return server
      }),
    )
    try {
      for (let i = 0; i < 20; i++)
        for (const name of router.elsewhere.keys()) assert.equal((await ask({ host: `${name}.${domain}` })).text, name)
      const workers = familyOf(nginx!.pid!).filter(({ command }) => /^nginx: worker/.test(command)).length
      for (const [name, connections] of opened) assert.ok(connections <= workers, `${connections} to ${name}`)
      // An application ends, and its kept connections with it.
      const [one] = servers
      one!.closeAllConnections()
      assert.equal((await ask({ host: `one.${domain}` })).text, 'one')
    } finally {
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    }
  })

  test('a body for the admin page that takes more than memory is written down, and arrives', async () => {
    const body = 'x'.repeat(60_000)
    assert.equal((await ask({ host: domain, method: 'POST', path: '/echo', body })).text, body)
    assert.equal((await ask({ host: domain, method: 'POST', path: '/echo', body: body + body })).status, 413)
  })

  test('has room on the admin’s host for larger bodies and for WebSockets, where a location says so', async () => {
    const body = 'x'.repeat(500_000)
    assert.equal((await ask({ host: domain, method: 'POST', path: '/hooks/forge', body })).text, body)
    const socketAt = (at: string) =>
      new WebSocket(`ws://127.0.0.1:${config.listen.port}${at}`, { headers: { Host: domain } })
    const socket = socketAt('/terminal')
    await once(socket, 'open')
    socket.send('hello')
    const [hello] = (await once(socket, 'message')) as [Buffer]
    assert.equal(hello.toString(), 'hello')
    socket.terminate()
    const [error] = (await once(socketAt('/elsewhere'), 'error')) as [Error]
    assert.match(error.message, /Unexpected server response/)
  })

  test('does not hold a request with more than 64 kB of headers', async () => {
    const headers = (number: number) =>
      Object.fromEntries(Array.from({ length: number }, (_, i) => [`X-${i}`, 'x'.repeat(20_000)]))
    const refused = await ask({ host: `cold.${domain}`, headers: headers(4) })
    assert.deepEqual([refused.status, refused.headers['content-type']], [431, 'application/problem+json'])
    assert.equal(router.asked('/wait'), 0)
    const held = await ask({ host: `up.${domain}`, headers: headers(3) })
    assert.deepEqual([held.status, router.asked('/wait')], [200, 1])
  })

  test('takes little of memory, however many requests for a cold preview one client has open', async (t) => {
    const before = memoryOfNginx()
    const large = Array.from({ length: 23 }, (_, i) => `X-${i}: ${'x'.repeat(30_000)}\r\n`).join('')
    const open = async (host: string, head: string) => {
      const socket = net.connect(config.listen.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}.${domain}\r\nAccept: */*\r\n${head}\r\n`)
      const answered = once(socket, 'data')
      return { socket, answered }
    }
    const refused = await Promise.all(Array.from({ length: 200 }, () => open('cold', large)))
    const held = await Promise.all(Array.from({ length: 200 }, () => open('cold', 'X: '.padEnd(30_000, 'x') + '\r\n')))
    await until('they are held', () => router.asked('/wait') >= 200)
    await Promise.all(refused.map(({ answered }) => answered))
    const taken = memoryOfNginx() - before
    for (const { socket } of [...refused, ...held]) socket.destroy()
    t.diagnostic(`${(taken / 1e6).toFixed(1)} MB taken`)
    assert.ok(taken < 80e6, `${taken} bytes`)
  })

  test('writes down ids, no more than 1 000 characters of a path, and 20 of a method', async () => {
    await ask({ host: `taken.${domain}`, headers: { 'X-Request-Id': 'a-click-that-is-followed' } })
    await ask({ host: `made.${domain}` })
    const made = router.heard()['x-request-id']
    const path = `/${'p'.repeat(30_000)}`
    const method = 'M'.repeat(1_000)
    const socket = net.connect(config.listen.port, '127.0.0.1')
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: warm.${domain}\r\nConnection: close\r\n\r\n`)
    await once(socket.resume(), 'close')
    const line = await until('it is in the log', async () => {
      const log = await fs.readFile(`${config.dataDir}/logs/nginx-access.log`, 'utf8')
      for (const traced of [`taken.${domain} .* a-click-that-is-followed`, `made.${domain} .* ${made as string}`])
        if (!new RegExp(` ${traced} \\d+$`, 'm').test(log)) return undefined
      return log.split('\n').find((line) => line.includes('/ppp'))
    })
    assert.match(line, / M{20}\.\.\. "\/p{999}\.\.\." /)
    assert.ok(line.length < 1_300, line)
  })

  test('gives each request an id, or takes one that looks like one, and adds none to what the application is sent', async () => {
    const sent: [given: string | undefined, isTaken: boolean][] = [
      [undefined, false],
      ['', false],
      ['a-click-of-7_ABCdef-19', true],
      ['f'.repeat(64), true],
      ['f'.repeat(65), false],
      ['too-short', false],
      ['with a space, of 30 characters', false],
      ['"quoted",a-click-of-7ABCdef', false],
    ]
    for (const [n, [given, isTaken]] of sent.entries()) {
      let upstream: http.IncomingHttpHeaders = {}
      application.once('request', ({ headers }: http.IncomingMessage) => (upstream = headers))
      const headers = given === undefined ? {} : { 'X-Request-Id': given }
      assert.equal((await ask({ host: `traced-${n}.${domain}`, headers })).text, 'the application')
      const id = router.heard()['x-request-id']
      assert.match(String(id), isTaken ? new RegExp(`^${given}$`) : /^[0-9a-f]{32}$/)
      assert.equal(upstream['x-request-id'], given)
      // A stream's id names a row: no client chooses it.
      assert.match(String(router.heard()['x-id']), /^[0-9a-f]{32}$/)
      assert.equal((await ask({ host: domain, path: '/id', headers })).text, isTaken ? given : router.heard('admin')['x-request-id']) // prettier-ignore
    }
  })

  test('says when to try again where the router is down; an EventSource is left without an answer', async () => {
    await router.close()
    try {
      for (const [host, method, headers] of [
        [domain, 'GET', asBrowser],
        [domain, 'POST', asBrowser],
        [domain, 'GET', {}],
        [`other.${domain}`, 'GET', asBrowser],
        ['elsewhere.test', 'GET', {}],
      ] as const) {
        const answer = await ask({ host, method, headers })
        assert.deepEqual(
          [answer.status, answer.headers['retry-after'], answer.headers['cache-control']],
          [503, '2', 'no-store'],
        )
      }
      await assert.rejects(
        ask({ host: `other.${domain}`, headers: { Accept: 'text/event-stream' } }),
        /socket hang up|ECONNRESET/,
      )
    } finally {
      await router.listen()
    }
  })
})

/**
 * A router to which hosts `cold` are cold for ever, `up` comes up when it is waited for, and all others are warm. Its yes
 * may be cached, but for `personal`.
 */
function openRouter(runDir: string) {
  let asked: string[] = []
  const route = { 'X-Upstream': 'slot_1', 'X-Relay': '127.0.0.1:1', 'X-App-Port': '80', 'Cache-Control': 'max-age=2' }
  const elsewhere = new Map<string, string>()
  const gateway: http.RequestListener = (req, res) => {
    asked.push(req.url!)
    heard.gateway = req.headers
    const host = String(req.headers['x-host']).split('.')[0]
    const isWarm = host !== 'cold' && (host !== 'up' || req.url === '/wait')
    const caching = host === 'personal' ? { 'Cache-Control': 'no-store' } : {}
    const upstream = elsewhere.get(host!)
    const place = upstream === undefined ? {} : { 'X-Upstream': upstream, 'X-Relay': upstream }
    if (isWarm) res.writeHead(200, { ...route, ...place, ...caching }).end()
    // A wait never ends.
    else if (req.url !== '/wait') res.writeHead(403).end()
  }
  const heard: Record<'gateway' | 'admin', http.IncomingHttpHeaders> = { gateway: {}, admin: {} }
  const admin: http.RequestListener = (req, res) => {
    heard.admin = req.headers
    void buffer(req).then((body) => res.end(body.length > 0 ? body : String(req.headers['x-request-id'])))
  }
  let servers: http.Server[] = []
  return {
    /** Where a host's application listens, if at no slot. */
    elsewhere,
    asked: (url: string) => asked.filter((one) => one === url).length,
    /** The headers of the last request. */
    heard: (server: 'gateway' | 'admin' = 'gateway') => heard[server],
    reset: () => void (asked = []),
    async listen() {
      servers = [http.createServer({ maxHeaderSize: 1_000_000 }, gateway), http.createServer(admin)]
      const sockets = new WebSocketServer({ server: servers[1]! })
      sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
      for (const [i, name] of ['router.sock', 'desk.sock'].entries())
        await once(servers[i]!.listen({ path: path.join(runDir, name), writableAll: true }), 'listening')
    },
    async close() {
      for (const server of servers.splice(0)) {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      }
    },
  }
}
