/** Other proxies, each with one route from a host to an application, as its own documentation has it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { request } from '../../testing/clients/http.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { until } from '../../testing/harness/until.ts'
import { versionOf } from './machine.ts'

const packages = path.resolve(import.meta.dirname, '../proxies')

interface Route {
  port: number
  host: string
  /** `10.83.0.9:80`. */
  target: string
  /** For files. */
  dir: string
}

interface Peer {
  name: () => Promise<string>
  /** @returns the command that runs it */
  prepare: (route: Route) => Promise<string[]>
  /** Where the route is told once it runs. */
  add?: (route: Route) => Promise<unknown>
}

const apiPort = ({ port }: Route) => port + 1

const configurableHttpProxy: Peer = {
  name: async () => `configurable-http-proxy ${await versionIn('configurable-http-proxy')}`,
  async prepare(route) {
    const program = path.join(packages, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy')
    const listen = [
      '--ip',
      '127.0.0.1',
      '--port',
      `${route.port}`,
      '--api-ip',
      '127.0.0.1',
      '--api-port',
      `${apiPort(route)}`,
    ]
    return [process.execPath, program, ...listen, '--host-routing', '--log-level', 'error']
  },
  add: async (route) => {
    const body = JSON.stringify({ target: `http://${route.target}` })
    const told = { host: 'api', method: 'POST', path: `/api/routes/${route.host}`, body }
    await until('the route is taken', async () => (await request(apiPort(route), told)).status === 201)
  },
}

const caddy: Peer = {
  name: async () => `Caddy ${versionOf('caddy', 'version')}`,
  async prepare({ port, host, target, dir }) {
    const file = path.join(dir, 'Caddyfile')
    await fs.writeFile(file, `{\n  admin off\n}\nhttp://${host}:${port} {\n  reverse_proxy ${target}\n}\n`)
    return ['caddy', 'run', '--adapter', 'caddyfile', '--config', file]
  },
}

const haproxy: Peer = {
  name: async () => `HAProxy ${versionOf('haproxy', '-v')} with a map`,
  async prepare({ port, host, target, dir }) {
    const [file, map] = [path.join(dir, 'haproxy.cfg'), path.join(dir, 'hosts.map')]
    await fs.writeFile(map, `${host} be_one\n`)
    await fs.writeFile(
      file,
      `global\n  maxconn 4096\n` +
        `defaults\n  mode http\n  timeout connect 5s\n  timeout client 50s\n  timeout server 50s\n` +
        `frontend fe_main\n  bind 127.0.0.1:${port}\n  use_backend %[req.hdr(host),lower,map(${map})]\n` +
        `backend be_one\n  server one ${target}\n`,
    )
    return ['haproxy', '-f', file]
  },
}

const expressHttpProxy: Peer = {
  name: async () => `Express ${await versionIn('express')} with http-proxy ${await versionIn('http-proxy')}`,
  prepare: async ({ port, host, target }) => [
    process.execPath,
    path.join(packages, 'express.js'),
    String(port),
    host,
    `http://${target}`,
  ],
}

const peers = { configurableHttpProxy, caddy, haproxy, expressHttpProxy }
export type PeerName = keyof typeof peers
export const peerNames = Object.keys(peers) as PeerName[]

export type StartedPeer = Awaited<ReturnType<typeof startPeer>>

export async function startPeer(peer: PeerName, host: string, target: string) {
  const { name, prepare, add } = peers[peer]
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-bench-peer-'))
  const route = { port: await freePort(), host, target, dir }
  // Caddy writes to its home directory.
  const env = { ...surroundings, HOME: dir, NODE_ENV: 'production' }
  const command = ['--pdeathsig', 'TERM', '--', ...(await prepare(route))]
  const child = spawn('setpriv', command, { env, stdio: 'ignore' })
  await add?.(route)
  await until(`${peer} answers`, async () => (await request(route.port, { host })).status === 200)
  return {
    name: await name(),
    port: route.port,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await fs.rm(dir, { recursive: true, force: true })
    },
  }
}

/** @returns the version of a package that is installed for the proxies, or for all */
async function versionIn(name: string): Promise<string> {
  const places = [packages, path.resolve(packages, '../../..')]
  for (const place of places) {
    const file = path.join(place, 'node_modules', name, 'package.json')
    const text = await fs.readFile(file, 'utf8').catch(() => undefined)
    if (text) return (JSON.parse(text) as { version: string }).version
  }
  throw new Error(`${name} is not installed`)
}
