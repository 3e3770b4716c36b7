/** Writes nginx's configuration, and says how nginx is run with it. */
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import ejs from 'ejs'
import type { Config } from '../../shared/config/config.ts'
import { endedStreamsFile } from '../../shared/preview/ended-streams.ts'
import { hostPortOf, slotSchemeIn, hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { Store } from '../../shared/store/store.ts'
import { identityHeaders } from './identity-headers.ts'
import { listensOn } from './listen.ts'
import { findNginx } from './program.ts'
import { staticResponses } from './static-responses.ts'

const template = path.resolve(import.meta.dirname, '../../../nginx/nginx.conf.ejs')

/**
 * Writes the configuration for one run of nginx and empties its cache of routes: an answer of an earlier run must never
 * route anything. To be called before every start.
 *
 * The pool's port is fixed for the run: LOTAN_CONTAINER_PORT, else what this repository's previews last used. A preview
 * on another port is reached by its address, without kept connections.
 *
 * @returns the command that runs nginx in the foreground
 * @throws when it is not known yet where slots are
 */
export async function writeNginxConf(
  config: Pick<
    Config,
    | 'instance'
    | 'runDir'
    | 'dataDir'
    | 'logs'
    | 'listen'
    | 'tls'
    | 'hsts'
    | 'trustedProxies'
    | 'domain'
    | 'transliterate'
    | 'publicUrl'
    | 'hold'
    | 'slots'
    | 'containerPort'
    | 'robots'
    | 'maxHeld'
  >,
  store: Pick<Store, 'meta' | 'streams'>,
): Promise<string[]> {
  const places = slotSchemeIn(store.meta)
  if (!places) throw new Error('it is not known yet where slots are')
  const port = config.containerPort ?? Number(store.meta.get('pool_port') ?? 80)
  const prefix = path.join(config.runDir, 'nginx')
  await fs.mkdir(prefix, { recursive: true })
  const routes = await emptyRoutes(config)
  // One that was killed has left it, and the next could not listen.
  await fs.rm(path.join(prefix, 'relay.sock'), { force: true })
  await fs.mkdir(path.join(config.dataDir, 'logs'), { recursive: true })

  const files = Math.min(65_536, await openFilesLimit())
  const { protocol, port: publicPort } = config.publicUrl
  const errors = config.logs === 'files' ? path.join(config.dataDir, 'logs', 'nginx-error.log') : 'stderr'
  const conf = await ejs.renderFile(template, {
    root: process.getuid?.() === 0,
    lua: { modules: findNginx().luaModules, dir: path.dirname(template) },
    files,
    // A held request takes two connections, and a third when it is let through.
    connections: Math.min(Math.max(8_192, 4 * config.maxHeld), Math.floor(files / 2)),
    run: config.runDir,
    routes,
    logs: path.join(config.dataDir, 'logs'),
    errors,
    ended: endedStreamsFile(config),
    listens: listensOn(config.listen).map(hostPortText),
    tls: config.tls && { ...config.tls, listens: listensOn(config.tls.listen).map(hostPortText) },
    hsts: config.hsts,
    proxies: config.trustedProxies,
    domain: config.domain,
    transliterate: config.transliterate,
    claimed: identityHeaders,
    scheme: protocol.slice(0, -1),
    publicPort: publicPort ?? (protocol === 'https:' ? 443 : 80),
    // Where HTTP leads to: the public address, which may be another proxy's.
    secure: `https://$host${publicPort === null ? '' : `:${publicPort}`}`,
    hold: config.hold,
    pool: Array.from({ length: config.slots }, (_, i) => ({
      slot: i + 1,
      address: hostPortText(hostPortOf(places, { slot: i + 1, port })),
    })),
    robots: { agents: config.robots.agents.map(exactly), paths: config.robots.paths.map(anywhere) },
    said: await staticResponses(config),
  })
  const file = path.join(prefix, 'nginx.conf')
  await fs.writeFile(file, conf)
  store.meta.set('pool_port_in_use', String(port))
  await fs.rm(endedStreamsFile(config), { force: true })
  store.streams({ opened: [], ended: 'all' })
  return ['nginx', '-p', prefix, '-c', file, '-e', errors]
}

/**
 * Where nginx remembers routes: in memory, since it drops the connection of whoever asks when it cannot write an answer
 * down, on a full disk; in the run directory where there is no such place.
 */
function routesIn({ instance }: Pick<Config, 'instance'>): string {
  return `/dev/shm/lotan-${instance}`
}

function otherRoutesIn({ runDir }: Pick<Config, 'runDir'>): string {
  return path.join(runDir, 'nginx', 'routes')
}

async function emptyRoutes(config: Pick<Config, 'instance' | 'runDir'>): Promise<string> {
  const routes = routesIn(config)
  try {
    await forgetRoutes(config)
    // Somebody else cannot have made it beforehand: it must be new.
    await fs.mkdir(routes, { mode: 0o700 })
    return routes
  } catch {
    const otherwise = otherRoutesIn(config)
    await fs.rm(otherwise, { recursive: true, force: true })
    await fs.mkdir(otherwise, { mode: 0o700 })
    return otherwise
  }
}

/**
 * Whether nginx could not remember a route any more, and would drop the connection of whoever asks: somebody has removed
 * the directory, as systemd does of a user with all that is theirs in /dev/shm when they log out (RemoveIPC).
 */
export function hasLostRoutes(config: Pick<Config, 'instance' | 'runDir'>): boolean {
  return !existsSync(routesIn(config)) && !existsSync(otherRoutesIn(config))
}

/** Removes what nginx remembered, once it has ended. @throws where it is somebody else's */
export async function forgetRoutes(config: Pick<Config, 'instance'>): Promise<void> {
  await fs.rm(routesIn(config), { recursive: true, force: true })
}

/** How many files a process may have open at most, as the kernel has it for this one. */
async function openFilesLimit(): Promise<number> {
  const limits = await fs.readFile('/proc/self/limits', 'utf8')
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1]
  return hard === undefined ? 65_536 : Number(hard)
}

/** A regular expression for a text as it stands. Only letters and digits mean the same to nginx whatever is around them. */
function exactly(text: string): string {
  return text.replace(/[^a-z0-9]/gi, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** A regular expression for a path in which `*` stands for anything. */
function anywhere(path: string): string {
  return path.split('*').map(exactly).join('.*')
}
