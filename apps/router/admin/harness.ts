/** The harness of the router's tests: both apps on sockets, a real store and Redis, and a fake reaper. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, RequestListener, Server } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { http } from '../../shared/http.ts'
import { readConfig } from '../../shared/config/config.ts'
import { endedStreamsFile } from '../../shared/preview/ended-streams.ts'
import type { Image, Preview } from '../../shared/preview/preview.ts'
import type { Notice } from '../../shared/preview/notice.ts'
import { withRequest } from '../../shared/log.ts'
import { openQueue } from '../../shared/queue.ts'
import { openStore } from '../../shared/store/store.ts'
import { labelOf } from '../../shared/tag.ts'
import { until } from '../../testing/harness/until.ts'
import type { ReadCaller } from '../access/read-caller.ts'
import { noteActivity } from '../gateway/activity.ts'
import { noteWaiters } from '../waiters.ts'
import { watchStore } from '../watch/store-watch.ts'
import { adminApp } from './app.ts'
import { openGate } from '../gate/gate.ts'
import { gateway } from '../gateway/routes.ts'
import { openInbox } from '../hooks/inbox.ts'
import { brandOf } from '../pages/brand.ts'
import { openMeters } from '../metrics/meters.ts'
import { openReaper } from '../reaper-client.ts'
import { noteStreams } from '../gateway/open-streams.ts'
import { adminServer, gatewayServer } from '../server.ts'

export const token = 'the-token-of-these-tests'
export const domain = 'previews.example.com'
export const bearer = { Authorization: `Bearer ${token}` }

export interface Ask {
  method?: string
  headers?: OutgoingHttpHeaders
  body?: string
  signal?: AbortSignal
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  json: any
}

/** @param env settings besides the token and the domain; `readCaller` instead of the product's own */
export async function openBed(env: Record<string, string> = {}, readCaller?: ReadCaller) {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-desk-'))
  const given = { LOTAN_DATA_DIR: dataDir, LOTAN_ADMIN_TOKEN: token, TL_DOMAIN: domain, LOTAN_LISTEN: '127.0.0.1:80' }
  const config = readConfig({ ...given, ...env })
  const lines: string[] = []
  const log = pino({ level: 'debug', mixin: withRequest }, { write: (line: string) => void lines.push(line) })

  const redis = await startRedis(path.join(config.runDir, 'redis.sock'), dataDir)
  const store = openStore(path.join(dataDir, 'lotan.sqlite'), {
    slots: config.slots,
    label: (tag) => labelOf(tag, config),
    forge: config.forge && { ...config.forge, fallback: config.pairFallback },
    log,
  })
  const nudges = openQueue(config, log)
  await until('Redis answers', () => nudges.ping().then(() => true))
  const changes = watchStore(store, { everyMs: 10 })

  let reaperSays: RequestListener = (_req, res) => res.writeHead(500).end('{}')
  const reaper = http.createServer((req, res) => reaperSays(req, res))
  const activity = noteActivity(store, { everyMs: 500 })
  const streams = noteStreams(store, endedStreamsFile(config), { everyMs: 50 })
  const waiters = noteWaiters({ store, nudges, changes }, { everyMs: 4_000 })
  const gate = openGate({ config, store, log })
  const brand = brandOf(config, log)
  const inbox = openInbox({ store, templates: config.forge?.templates ?? [] })
  const known = { config, store, nudges, changes, waiters, gate, inbox, brand, activity, streams, log }
  const parts = { ...known, reaper: openReaper(config), meters: openMeters() }
  const servers = {
    'desk.sock': adminServer(adminApp(parts, readCaller), config),
    'router.sock': gatewayServer(gateway(parts)),
  }
  await listen(reaper, path.join(config.runDir, 'reaper.sock'))
  for (const [name, server] of Object.entries(servers)) await listen(server, path.join(config.runDir, name))

  /** Sends a request as nginx does. */
  function open(uri: string, { method = 'GET', headers = {}, body, signal }: Ask = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      http
        .request(
          {
            socketPath: path.join(config.runDir, 'desk.sock'),
            path: uri,
            method,
            signal,
            agent: false,
            setHost: false,
            headers: {
              Host: domain,
              'X-Forwarded-For': '192.0.2.1',
              'X-Forwarded-Proto': config.publicUrl.protocol.slice(0, -1),
              ...headers,
            },
          },
          resolve,
        )
        .on('error', reject)
        .end(body)
    })
  }

  async function ask(uri: string, sent: Ask = {}): Promise<Answer> {
    return read(await open(uri, sent))
  }

  /** Sends one of nginx's subrequests to the gateway. */
  function openDoor(uri: string, { headers, signal }: Pick<Ask, 'headers' | 'signal'>): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const socketPath = path.join(config.runDir, 'router.sock')
      http
        .request({ socketPath, path: uri, signal, agent: false, setHost: false, headers: { Host: 'door', ...headers } })
        .on('response', resolve)
        .on('error', reject)
        .end()
    })
  }

  return {
    context: parts,
    config,
    store,
    changes,
    nudges,
    streams,
    log,
    lines,
    redis,
    open,
    ask,
    openDoor,
    door: async (uri: string, headers: OutgoingHttpHeaders) => read(await openDoor(uri, { headers })),
    api: (uri: string, { headers, ...sent }: Ask = {}) =>
      ask(`/api/v1${uri}`, { ...sent, headers: { ...bearer, ...headers } }),
    /** The Cookie header of a logged-in admin. */
    async cookie(): Promise<string> {
      const { headers } = await ask(`/login?token=${token}`)
      return headers['set-cookie']![0]!.split(';')[0]!
    },
    reaper(says: RequestListener) {
      reaperSays = says
    },
    async close() {
      waiters.close()
      inbox.close()
      activity.close()
      streams.close()
      for (const each of [...Object.values(servers), reaper]) {
        each.close()
        each.closeAllConnections()
      }
      await nudges.close()
      store.close()
      redis.kill('SIGKILL')
      await until('Redis has ended', () => redis.exitCode !== null || redis.signalCode !== null)
      fs.rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export type Bed = Awaited<ReturnType<typeof openBed>>

/** The events that bring a tag up. */
export const steps = {
  absent: { type: 'absent', isOffered: true },
  pull: { type: 'pull', places: 50 },
  pulled: { type: 'pulled', image: imageOf('red') },
  begin: { type: 'begin', places: 50, port: 80 },
  created: { type: 'created', generation: 1, container: 'c0ffee'.repeat(10) + 'beef' },
  started: { type: 'started', generation: 1 },
  answered: { type: 'answered', generation: 1, notices: [] as Notice[] },
} as const

export function bringUp(tag: string, { store }: Pick<Bed, 'store'>): Preview {
  if (!store.get(tag)) store.apply(tag, { type: 'start', by: 'admin' })
  for (const event of Object.values(steps)) store.apply(tag, event)
  return store.get(tag)!
}

function imageOf(name: string): Image {
  const digest = `sha256:${Buffer.from(name.padEnd(32)).toString('hex')}`
  return { id: digest, digest, pulled: true, bytes: 1_000, created: null, labels: {}, ports: [80] }
}

async function read(answer: IncomingMessage): Promise<Answer> {
  const said = await text(answer)
  const json = /json/.test(answer.headers['content-type'] ?? '') && said ? JSON.parse(said) : undefined
  return { status: answer.statusCode!, headers: answer.headers, text: said, json }
}

async function startRedis(socket: string, dir: string) {
  const args = ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', '', '--appendonly', 'no']
  const redis = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...args], { stdio: 'ignore' })
  await once(redis, 'spawn')
  await until('Redis is there', () => fs.existsSync(socket))
  return redis
}

async function listen(server: Server, socket: string) {
  server.listen(socket)
  await once(server, 'listening')
}
