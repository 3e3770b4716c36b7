/** What Lotan consists of: how each part is run, in the order in which they are started. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { environmentFor, type Config } from '../../shared/config/config.ts'
import { writeNginxConf } from '../nginx/config.ts'
import { withStore } from '../database/watch.ts'
import type { Mend } from '../database/mend.ts'
import { outputOf } from './output.ts'
import type { End, SupervisedProcess, ProcessPlan } from './process.ts'
import { registryConf } from '../demo/registry.ts'

export const names = ['redis', 'registry', 'router', 'queue-processor', 'reaper', 'nginx'] as const
export type Name = (typeof names)[number]
export type Processes = Map<Name, SupervisedProcess>

/** Those that may have a launcher of their own. The registry is the demo's, which runs as a whole. */
export const separate: readonly Name[] = names.filter((name) => name !== 'registry')

/** Those that work with the database. */
export const users: readonly Name[] = ['router', 'queue-processor', 'reaper']

/** Nobody gets a route before those who give them are gone; those who work end before what they work with. */
export const stopOrder: readonly Name[] = ['nginx', 'router', 'queue-processor', 'reaper', 'registry', 'redis']

/** A Redis that ended sooner than this, by itself and with an error, could not read its file. */
const AT_ONCE_MS = 3_000
const VERSION_MS = 2_000

export const root = path.resolve(import.meta.dirname, '../../..')

/** A part's own lock; and what it has as standard input, by which one that was left behind is known. */
export function lockOf(name: Name, config: Pick<Config, 'dataDir'>): string {
  return path.join(config.dataDir, `lock-${name}`)
}

/**
 * How a part is run.
 * @param config the parts' own: its repository is the demo's where there is no other
 * @param mend sees to the database before what works with it is started again
 */
export function planOf(name: Name, config: Config, mend: Pick<Mend, 'before'>): ProcessPlan {
  return {
    name,
    command: commandOf(name, config, mend),
    env: environmentFor(config, { REPOSITORY: config.repository, NODE_ENV: 'production' }),
    cwd: root,
    input: lockOf(name, config),
    output: outputOf(name, config, process.stdout),
  }
}

function commandOf(name: Name, config: Config, mend: Pick<Mend, 'before'>): ProcessPlan['command'] {
  switch (name) {
    case 'redis':
      return (last) => redis(config, last)
    case 'registry':
      return () => ['docker-registry', 'serve', registryConf(config)]
    case 'nginx':
      return async () => {
        await mend.before()
        return withStore(config, (store) => writeNginxConf(config, store))
      }
    default:
      return async (last) => {
        await mend.before(last)
        return [process.execPath, `apps/${name}/main.ts`]
      }
  }
}

/**
 * A private Redis: no port, and a file that it writes now and then and as it ends. Not one that it adds every change to,
 * without which it takes none: on a full disk it would take no nudges, not even those that free it.
 */
function redis(config: Config, last: End | undefined): string[] {
  const dir = path.join(config.dataDir, 'redis')
  // Losing Redis loses time, nothing else; a file that it cannot read would keep it from ever starting.
  if (last?.code === 1 && last.lasted < AT_ONCE_MS) {
    fs.rmSync(`${dir}.unreadable`, { recursive: true, force: true })
    fs.renameSync(dir, `${dir}.unreadable`)
  }
  // What an earlier version kept instead.
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
  ]
  const ends = endsAnyhow() ? ['--shutdown-on-sigterm', 'force'] : []
  return ['redis-server', '--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', ...file, ...ends]
}

/**
 * Whether this Redis, from 7 on, can be told to end where it cannot write its file, as on a full disk; an older one does
 * not start with a setting that it does not know, and is ended by force there.
 */
function endsAnyhow(): boolean {
  return (anyhow ??= askRedis())
}

/** Asked once: whoever starts Redis again waits for the answer. */
let anyhow: boolean | undefined

function askRedis(): boolean {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8', timeout: VERSION_MS })
  return Number(/\bv=(\d+)\./.exec(stdout ?? '')?.[1] ?? 0) >= 7
}
