import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import ejs from 'ejs'
import { adminLocations } from '../../shared/admin-locations.ts'
import type { Config } from '../../shared/config/config.ts'
import { passCookieName } from '../../shared/pass-cookie.ts'
import { endedStreamsFile } from '../../shared/preview/ended-streams.ts'
import { hostPortOf, slotSchemeIn, hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { Store } from '../../shared/store/store.ts'
import { parentsOf } from '../../shared/tag.ts'
import { identityHeaders } from './identity-headers.ts'
import { frontOf, gatewayOf } from '../../shared/slots/slots.ts'
import { listensOn } from './listen.ts'
import { notePairListen } from './pair-listen.ts'
import { findNginx } from './program.ts'
import { emptyRoutes } from './route-cache.ts'
import { staticResponses } from './static-responses.ts'
import { letWorkersIn } from './workers.ts'

const templates = path.resolve(import.meta.dirname, '../../../nginx')

const TEMPORARY = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * Call it before every start: it empties the cache of routes, since an earlier run's answer must never route anything.
 * The pool's port is fixed for the run: LOTAN_CONTAINER_PORT, else what this repository's previews last used. A preview
 * on another port is reached by its address, through the upstream group `elsewhere`.
 * @returns the command that runs nginx in the foreground @throws when it is not known yet where slots are
 */
export async function writeNginxConf(
  config: Pick<
    Config,
    | 'instance'
    | 'runDir'
    | 'dataDir'
    | 'listen'
    | 'tls'
    | 'hsts'
    | 'trustedProxies'
    | 'userHeader'
    | 'gate'
    | 'domain'
    | 'transliterate'
    | 'hostForm'
    | 'repositories'
    | 'publicUrl'
    | 'hold'
    | 'slots'
    | 'containerPort'
    | 'robots'
    | 'maxHeld'
    | 'shell'
  >,
  store: Pick<Store, 'facts' | 'streams'>,
  admin = adminLocations,
): Promise<string[]> {
  const scheme = slotSchemeIn(store.facts)
  if (!scheme) throw new Error('it is not known yet where slots are')
  const port = config.containerPort ?? store.facts.get('poolPort') ?? 80
  const dir = path.join(config.runDir, 'nginx')
  const logs = path.join(config.dataDir, 'logs')
  await fs.mkdir(dir, { recursive: true })
  await fs.mkdir(logs, { recursive: true })
  const workers = await letWorkersIn([config.runDir, dir])
  const routes = await emptyRoutes(config)
  // A killed nginx leaves its socket, which the next could not listen on. TEMPORARY may be another user's.
  for (const name of ['relay.sock', ...TEMPORARY]) await fs.rm(path.join(dir, name), { recursive: true, force: true })

  const program = findNginx()
  const files = Math.min(65_536, await openFilesLimit())
  // A held request takes two connections, and a third when it is let through.
  const connections = Math.min(Math.max(8_192, 4 * config.maxHeld), Math.floor(files / 2))
  const { protocol, port: publicPort } = config.publicUrl
  const pairPlace = await notePairListen(config, store.facts)
  const pairPlaces = pairPlace ? [pairPlace] : []
  const conf = await ejs.renderFile(path.join(templates, 'nginx.conf.ejs'), {
    workers,
    luaModules: program.luaModules,
    http2On: program.http2On,
    lua: path.join(templates, 'lua'),
    files,
    connections,
    // Half of all that nginx has, where each takes four. `worker_processes auto` starts a worker for each processor.
    mostOfOneHost: Math.ceil((os.cpus().length * connections) / 8),
    routes,
    logs,
    ended: endedStreamsFile(config),
    listens: [...listensOn(config.listen), ...(protocol === 'http:' ? pairPlaces : [])].map(hostPortText),
    tls: config.tls && {
      ...config.tls,
      listens: [...listensOn(config.tls.listen), ...(protocol === 'https:' ? pairPlaces : [])].map(hostPortText),
    },
    callers:
      config.repositories.length > 1 && scheme.kind === 'network'
        ? { subnet: scheme.subnet, others: [gatewayOf(scheme.subnet), frontOf(scheme.subnet)] }
        : null,
    hsts: config.hsts,
    proxies: config.trustedProxies,
    domain: config.domain,
    transliterate: config.transliterate,
    hostsAboveOthers: hostsAboveOthers(config).map(exactly),
    identityHeaders: config.userHeader === null ? identityHeaders : [...identityHeaders, config.userHeader],
    userHeader: config.userHeader,
    gate: config.gate.kind === 'off' ? null : { passCookie: passCookieName(config.publicUrl) },
    scheme: protocol.slice(0, -1),
    publicPort: publicPort ?? (protocol === 'https:' ? 443 : 80),
    // Where HTTP redirects to: the public address, which may be another proxy's.
    secure: `https://$host${publicPort === null ? '' : `:${publicPort}`}`,
    longestWait: `${Math.ceil((config.hold + 30_000) / 1000)}s`,
    adminLocations: admin,
    hasShell: config.shell !== null,
    pool: Array.from({ length: config.slots }, (_, i) => ({
      slot: i + 1,
      address: hostPortText(hostPortOf(scheme, { slot: i + 1, port })),
    })),
    robots: { agents: config.robots.agents.map(exactly), paths: config.robots.paths.map(anywhere) },
    responses: await staticResponses(config),
  })
  const file = path.join(dir, 'nginx.conf')
  await fs.writeFile(file, conf)
  store.facts.set('poolPortInUse', port)
  await fs.rm(endedStreamsFile(config), { force: true })
  store.streams({ opened: [], ended: 'all' })
  // Workers open their files by relative paths, from the directory where nginx was started.
  return ['env', '-C', config.runDir, 'nginx', '-p', './', '-c', file, '-e', 'stderr']
}

/** Hosts of tags that are named as a repository is: its previews live below them. */
function hostsAboveOthers(names: Pick<Config, 'repositories' | 'hostForm' | 'domain'>): string[] {
  return parentsOf(names).filter((parent) => parent !== names.domain)
}

async function openFilesLimit(): Promise<number> {
  const limits = await fs.readFile('/proc/self/limits', 'utf8')
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1]
  return hard === undefined ? 65_536 : Number(hard)
}

/** To nginx, only letters and digits mean themselves in every context. */
function exactly(text: string): string {
  return text.replace(/[^a-z0-9]/gi, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function anywhere(path: string): string {
  return path.split('*').map(exactly).join('.*')
}
