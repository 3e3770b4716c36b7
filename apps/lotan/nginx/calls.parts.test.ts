/** What nginx makes of a preview's own requests: who calls, where to, and what never mixes with visitors' requests. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { sampleConnections } from '../../shared/slots/connections.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { until } from '../../testing/harness/until.ts'
import { writeNginxConf } from './config.ts'
import { hasNewPlace } from './pair-listen.ts'
import { forgetRoutes } from './route-cache.ts'

const domain = 'previews.test'
/** This machine has all of 127.0.0.0/8: a slot's address is one that a test can send from. */
const subnet = '127.77.0.0/20'
const GATEWAY = '127.77.0.1'
const LOTANS = '127.77.0.2'
const SLOT = '127.77.0.9'
const CALLER = '127.77.0.33'
const PROXY = '127.0.0.2'
const VISITOR = '127.0.0.1'

interface Sent {
  from: string
  host: string
  to?: string
  path?: string
  method?: string
  headers?: http.OutgoingHttpHeaders
  body?: string
}

interface Heard {
  connection: string | undefined
  cookie: string | undefined
  user: string | string[] | null
  address: string | undefined
}

describe('a preview’s own requests', { timeout: 120_000 }, () => {
  let dir: string
  let config: ReturnType<typeof readConfig>
  let store: Store
  let nginx: ChildProcess | undefined
  let nginxPort: number
  const servers: Server[] = []
  /** What the router was asked, with the caller's address. */
  let asked: string[] = []

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-calls-'))
    const application = await openApplication()
    nginxPort = await freePort()
    config = readConfig({
      REPOSITORY: '127.0.0.1:5000/web',
      LOTAN_REPOSITORIES: 'api=127.0.0.1:5000/api',
      TL_DOMAIN: domain,
      LOTAN_DATA_DIR: path.join(dir, 'data'),
      LOTAN_LISTEN: `127.0.0.1:${nginxPort}`,
      LOTAN_PUBLIC_URL: `http://${domain}:${nginxPort}`,
      LOTAN_CONTAINER_PORT: String(application),
      LOTAN_SLOTS: '4',
      LOTAN_MAX_RUNNING: '2',
      LOTAN_GATE: 'password',
      LOTAN_GATE_PASSWORD: 'open sesame',
      LOTAN_TRUSTED_PROXIES: PROXY,
    })
    await openRouter()
    store = openStore(path.join(dir, 'lotan.db'), { slots: 4, label: (id) => id, log: openLog('test', 'silent') })
    store.facts.set('slotKind', 'network')
    store.facts.set('subnet', subnet)
    store.facts.set('pairFront', { address: GATEWAY, why: null })
    const [program = '', ...args] = await writeNginxConf(config, store)
    nginx = spawn(program, args, { stdio: 'inherit' })
    await until('nginx answers', async () => (await send({ from: VISITOR, host: domain })).status === 200)
  })
  beforeEach(() => void (asked = []))
  after(async () => {
    if (nginx) {
      const ended = once(nginx, 'exit')
      if (nginx.kill()) await ended
    }
    for (const server of servers) {
      if (server instanceof http.Server) server.closeAllConnections()
      server.close()
    }
    store?.close()
    await forgetRoutes(config)
    await fs.rm(dir, { recursive: true, force: true })
  })

  async function send({ from, to = VISITOR, host, headers, body, ...ask }: Sent) {
    const visitors = from.startsWith('127.77.') ? {} : { 'Lotan-Bypass': 'a-token' }
    const request = http.request({
      host: to, port: nginxPort, localAddress: from, agent: false, setHost: false, ...ask,
      headers: { Host: host, ...visitors, ...headers },
    }) // prettier-ignore
    request.end(body)
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
    const text = Buffer.concat((await answer.toArray()) as Buffer[]).toString()
    return { status: answer.statusCode, text, json: () => JSON.parse(text) as Heard & { type?: string } }
  }

  const app = `pr-7.api.${domain}`

  test('are asked about one by one, by the address of the connection, at whatever place they come in', async () => {
    for (const to of [GATEWAY, VISITOR, GATEWAY])
      assert.equal((await send({ from: CALLER, to, host: app })).status, 200)
    assert.deepEqual(asked, Array(3).fill(`/wait ${CALLER} call`))
  })

  test('get no route that a visitor has left in the cache, and leave none', async () => {
    const host = `warm.${domain}`
    const visit = () => send({ from: VISITOR, host })
    await until('a visitor’s route is in the cache', async () => {
      asked = []
      await visit()
      await visit()
      return asked.length === 1
    })
    asked = []
    await send({ from: CALLER, host })
    assert.deepEqual(asked, [`/wait ${CALLER} call`])
    const other = `fresh.${domain}`
    await send({ from: CALLER, host: other })
    await send({ from: VISITOR, host: other })
    assert.deepEqual(asked.slice(1), [`/wait ${CALLER} call`, '/route - person'])
    // Refused, though a visitor is let in.
    assert.equal((await send({ from: VISITOR, host: `not.${domain}` })).status, 200)
    assert.equal((await send({ from: CALLER, host: `not.${domain}` })).status, 403)
  })

  test('reach neither the admin’s host nor any other, nor what Lotan answers there', async () => {
    for (const host of [domain, 'elsewhere.test', `[::1]`])
      for (const path of ['/', '/api/v1/previews', '/healthz', '/readyz', '/login']) {
        const { status, json } = await send({ from: CALLER, to: GATEWAY, host, path })
        assert.deepEqual([status, json().type?.split('/').at(-1)], [403, 'not-a-pair'], `${host}${path}`)
      }
    assert.deepEqual(asked, [])
    for (const path of ['/.lotan/', '/.lotan/events', '/.lotan/retry', '/.lotan/enter', '/.lotan/leave'])
      await send({ from: CALLER, host: app, path })
    assert.deepEqual(
      asked,
      ['about', 'events', 'retry', 'enter', 'leave'].map((name) => `/${name} ${CALLER} call`),
    )
  })

  test('are what no header says, and a header does not hide them', async () => {
    const forged = { 'X-Forwarded-For': CALLER, 'X-Real-IP': CALLER, 'X-Peer': CALLER }
    for (const from of [VISITOR, PROXY, GATEWAY, LOTANS])
      assert.equal((await send({ from, host: domain, headers: forged })).text, 'the admin', from)
    await send({ from: VISITOR, host: `a.${domain}`, headers: forged })
    await send({ from: PROXY, host: `b.${domain}`, headers: forged })
    await send({
      from: CALLER,
      host: `c.${domain}`,
      headers: { 'X-Forwarded-For': VISITOR, 'User-Agent': 'Googlebot/2.1' },
    })
    assert.deepEqual(asked, ['/route - person', '/route - person', `/wait ${CALLER} call`])
  })

  test('reach the application as they are, with cookies of its own, each on a connection that ends with it', async () => {
    const headers = { Cookie: `a=1; lotan-pass=${'x'.repeat(43)}`, 'Remote-User': 'admin' }
    const heard = (await send({ from: CALLER, host: app, headers })).json()
    assert.deepEqual(heard, { connection: 'close', cookie: 'a=1', user: null, address: CALLER })
    const visitor = (await send({ from: VISITOR, host: app, headers })).json()
    assert.equal(visitor.connection, undefined)
  })

  test('are told from visitors’ by the kernel: streams, uploads through the relay and WebSockets', async () => {
    const open = async (from: string, path: string, more: Partial<Sent> = {}) => {
      const headers = { Host: app, 'Lotan-Bypass': 'a-token', ...more.headers }
      const request = http.request({ host: VISITOR, port: nginxPort, localAddress: from, agent: false, setHost: false, path, method: more.method, headers }) // prettier-ignore
      request.on('error', () => {})
      request.flushHeaders()
      if (more.method) request.write('x')
      return request
    }
    const socketOf = (from: string) =>
      new WebSocket(`ws://${VISITOR}:${nginxPort}/socket`, { localAddress: from, headers: { Host: app, 'Lotan-Bypass': 'a-token' } }) // prettier-ignore
    const upload = { method: 'POST', headers: { 'Content-Length': 100_000 } }
    const count = async () => {
      const all = await sampleConnections({ kind: 'network', subnet: `${SLOT}/32` })
      return { calls: all.filter(({ isCall }) => isCall).length, others: all.filter(({ isCall }) => !isCall).length }
    }
    await until('nothing is open', async () => JSON.stringify(await count()) === '{"calls":0,"others":0}')
    const calls = [await open(CALLER, '/stream'), await open(CALLER, '/upload', upload)]
    const call = socketOf(CALLER)
    await until('all calls are known', async () => JSON.stringify(await count()) === '{"calls":3,"others":0}')
    const visits = [await open(VISITOR, '/stream'), await open(VISITOR, '/upload', upload)]
    const visit = socketOf(VISITOR)
    await until('no visit is one', async () => JSON.stringify(await count()) === '{"calls":3,"others":3}')
    for (const request of [...calls, ...visits]) request.destroy()
    for (const socket of [call, visit]) socket.terminate()
  })

  test('are in the log with who has sent them', async () => {
    await send({ from: CALLER, host: app, path: '/logged?secret' })
    const line = await until('it is written', async () => {
      const log = await fs.readFile(path.join(config.dataDir, 'logs/nginx-access.log'), 'utf8')
      return log.split('\n').find((line) => line.includes('"/logged"'))
    })
    assert.match(line, / pr-7\.api\.previews\.test call:pr-7 GET "\/logged" 200 /)
  })

  test('are listened for at an address that comes later, and at none that another program has', async () => {
    const noted = async (settings: Record<string, string>, address: string) => {
      const other = readConfig({ LOTAN_DATA_DIR: path.join(dir, 'other'), TL_DOMAIN: domain, LOTAN_SLOTS: '4', LOTAN_MAX_RUNNING: '2', LOTAN_REPOSITORIES: 'a=x/a b=x/b', ...settings }) // prettier-ignore
      store.facts.set('pairFront', { address, why: null })
      await writeNginxConf(other, store)
      const conf = await fs.readFile(path.join(other.runDir, 'nginx/nginx.conf'), 'utf8')
      await forgetRoutes(other)
      return { listens: [...new Set(conf.match(/(?<=listen )[\d.]+:\d+/g))], fact: store.facts.get('pairListen'), isNew: hasNewPlace(other, store.facts) }
    } // prettier-ignore
    const port = await freePort()
    const here = `127.0.0.1:${port}`
    const at = `${GATEWAY}:${port}`
    assert.deepEqual(await noted({ LOTAN_LISTEN: here }, GATEWAY), { listens: [here, at], fact: { address: at, why: null }, isNew: false }) // prettier-ignore
    assert.deepEqual(await noted({ LOTAN_LISTEN: `0.0.0.0:${port}` }, GATEWAY), { listens: [`0.0.0.0:${port}`], fact: { address: at, why: null }, isNew: false }) // prettier-ignore
    // Of no interface of this machine.
    assert.deepEqual(await noted({ LOTAN_LISTEN: here }, '192.0.2.1'), { listens: [here], fact: { address: null, why: null }, isNew: false }) // prettier-ignore
    store.facts.set('pairFront', { address: '127.0.0.1', why: null })
    assert.equal(hasNewPlace({ ...config, publicUrl: { protocol: 'http:', port } }, store.facts), true)
    const taken = http.createServer().listen(port, GATEWAY)
    servers.push(taken)
    await once(taken, 'listening')
    const { listens, fact, isNew } = await noted({ LOTAN_LISTEN: here }, GATEWAY)
    assert.deepEqual([listens, fact?.address, isNew], [[here], null, false])
    assert.match(fact?.why ?? '', new RegExp(`^${at} is taken by .*pid ${process.pid}`))
  })

  /** At slot 1. @returns its port */
  async function openApplication(): Promise<number> {
    const server = http.createServer((req, res) => {
      if (req.url === '/stream') return void res.writeHead(200).flushHeaders()
      if (req.url === '/upload') return void req.resume()
      const { connection, cookie } = req.headers
      const [user, address] = [req.headers['remote-user'] ?? null, req.headers['x-forwarded-for']]
      res.end(JSON.stringify({ connection, cookie, user, address }))
    })
    new WebSocketServer({ server, path: '/socket' })
    servers.push(server)
    await once(server.listen(0, SLOT), 'listening')
    return (server.address() as AddressInfo).port
  }

  async function openRouter() {
    const answers = (req: http.IncomingMessage, res: http.ServerResponse) => {
      const { 'x-peer': peer, 'x-kind': kind, 'x-host': host } = req.headers as Record<string, string | undefined>
      const path = req.url!.split('?')[0]!
      asked.push(`${path} ${peer ?? '-'} ${kind}`)
      if (path === '/answer') return void res.writeHead(403, { 'Content-Type': 'application/problem+json' }).end('{}')
      const isRefused = peer !== undefined && host?.startsWith('not.')
      if (!['/route', '/wait'].includes(path)) return void res.end('{}')
      if (isRefused) return void res.writeHead(403).end()
      const place = { 'X-Upstream': 'slot_1', 'X-Relay': `${SLOT}:${config.containerPort}`, 'X-App-Port': '80' }
      const caching = { 'Cache-Control': path === '/route' ? 'max-age=2' : 'no-store' }
      res.writeHead(200, { ...place, ...caching, ...(peer && { 'X-Caller': 'pr-7' }) }).end()
    }
    const admin: http.RequestListener = (_req, res) => res.end('the admin')
    for (const [name, listener] of [['router.sock', answers], ['desk.sock', admin]] as const) {
      const server = http.createServer(listener)
      servers.push(server)
      await once(server.listen({ path: path.join(config.runDir, name), writableAll: true }), 'listening')
    } // prettier-ignore
  }
})
