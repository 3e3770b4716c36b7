import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { environmentFor, forgeTokenVariables, type Config } from '../../shared/config/config.ts'
import { writeNginxConf } from '../nginx/config.ts'
import { withStore } from '../database/watch.ts'
import type { DatabaseRepair } from '../database/repair.ts'
import { mayRun, names, type Name } from './names.ts'
import { outputOf } from './process/output.ts'
import type { End, SupervisedProcess, ProcessPlan } from './process/process.ts'
import { registryConf } from '../demo/registry.ts'

export type Processes = Map<Name, SupervisedProcess>

/** May have a launcher of their own. The demo runs only as a whole. */
export const separate: readonly Name[] = names.filter((name) => name !== 'registry')

export const databaseUsers: readonly Name[] = ['router', 'queue-processor', 'reaper', 'forge', 'shell']

/** nginx and the router first, so that no request gets a new route; Redis last, since the others use it. */
export const stopOrder: readonly Name[] = [
  'nginx',
  'router',
  'shell',
  'queue-processor',
  'reaper',
  'forge',
  'registry',
  'redis',
]

/** A Redis that ends with status 1 sooner than this could not read its file. */
const AT_ONCE_MS = 3_000
const VERSION_MS = 2_000
/** Reading 500 pull requests leaves much garbage behind: the process then takes 155 MB, and without these 350 MB. */
const SMALL_HEAP = ['--max-semi-space-size=2', '--max-old-space-size=192']

export const root = path.resolve(import.meta.dirname, '../../..')

/** Whether it has anything to do: all others always have. */
export function isNeeded(name: Name, config: Pick<Config, 'forge' | 'notifyUrl' | 'shell'>): boolean {
  return mayRun(name, config) && (name !== 'forge' || config.forge !== null || config.notifyUrl !== null)
}

/** Also the process's standard input (see leftovers.ts). */
export function lockOf(name: Name, config: Pick<Config, 'dataDir'>): string {
  return path.join(config.dataDir, `lock-${name}`)
}

/** @param config with the demo's REPOSITORY where none is set */
export function planOf(name: Name, config: Config, repair: Pick<DatabaseRepair, 'before'>): ProcessPlan {
  return {
    name,
    command: commandOf(name, config, repair),
    env: environmentFor(config, {
      ...(config.demo && { REPOSITORY: config.repositories[0]!.reference }),
      // Absolute: they work in another directory.
      LOTAN_LOGO: config.brand.logo ?? undefined,
      NODE_ENV: 'production',
      ...(name !== 'forge' && Object.fromEntries(forgeTokenVariables.map((variable) => [variable, undefined]))),
    }),
    cwd: root,
    input: lockOf(name, config),
    output: outputOf(name, config, process.stdout),
  }
}

function commandOf(name: Name, config: Config, repair: Pick<DatabaseRepair, 'before'>): ProcessPlan['command'] {
  switch (name) {
    case 'redis':
      return (last) => redis(config, last)
    case 'registry':
      return () => ['docker-registry', 'serve', registryConf(config)]
    case 'nginx':
      return async () => {
        await repair.before()
        return withStore(config, (store) => writeNginxConf(config, store))
      }
    default:
      return async (last) => {
        await repair.before(last)
        return [process.execPath, ...(name === 'forge' ? SMALL_HEAP : []), `apps/${name}/main.ts`]
      }
  }
}

/** Snapshots, no append-only file: that refuses all writes on a full disk, even the nudges that free space. */
function redis(config: Config, last: End | undefined): string[] {
  const dir = path.join(config.dataDir, 'redis')
  // Losing Redis loses only time, but an unreadable file would keep Redis down for ever.
  if (last?.code === 1 && last.lasted < AT_ONCE_MS) {
    fs.rmSync(`${dir}.unreadable`, { recursive: true, force: true })
    fs.renameSync(dir, `${dir}.unreadable`)
  }
  // An earlier version kept an append-only file.
  fs.rmSync(path.join(dir, 'appendonlydir'), { recursive: true, force: true })
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 })
  const socket = 'socket' in config.redis ? config.redis.socket : ''
  const file = [
    '--dir',
    dir,
    '--save',
    '60 1',
    '--stop-writes-on-bgsave-error',
    'no',
    '--maxmemory-policy',
    'noeviction',
    // Its housekeeping: Redis's own ten times a second take 0.2 % of a processor, all day.
    '--hz',
    '2',
  ]
  const ends = canForceShutdown() ? ['--shutdown-on-sigterm', 'force'] : []
  return ['redis-server', '--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', ...file, ...ends]
}

/** Since Redis 7: end although a full disk keeps its file from being written. Older ones refuse an unknown setting. */
function canForceShutdown(): boolean {
  return (forceShutdown ??= isRedis7())
}

let forceShutdown: boolean | undefined

function isRedis7(): boolean {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8', timeout: VERSION_MS })
  return Number(/\bv=(\d+)\./.exec(stdout ?? '')?.[1] ?? 0) >= 7
}
