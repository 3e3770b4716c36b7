/** What Lotan consists of: how each part is run, in the order in which they are started. */
import fs from 'node:fs'
import path from 'node:path'
import { environmentFor, type Config } from '../shared/config.ts'
import { setAsideIfCorrupt } from '../shared/store.ts'
import { writeNginxConf } from './nginx.ts'
import { databaseOf, withStore } from './database.ts'
import { outputOf } from './output.ts'
import type { Part, Plan } from './part.ts'
import { registryConf } from './registry.ts'

export const names = ['redis', 'registry', 'router', 'queue-processor', 'reaper', 'nginx'] as const
export type Name = (typeof names)[number]
export type Parts = Map<Name, Part>

/** Those that may have a launcher of their own. The registry is the demo's, which runs as a whole. */
export const separate: readonly Name[] = names.filter((name) => name !== 'registry')

/** Nobody gets a route before those who give them are gone; those who work end before what they work with. */
export const stopOrder: readonly Name[] = ['nginx', 'router', 'queue-processor', 'reaper', 'registry', 'redis']

export const root = path.resolve(import.meta.dirname, '../..')

/** A part's own lock; and what it has as standard input, by which one that was left behind is known. */
export function lockOf(name: Name, config: Pick<Config, 'dataDir'>): string {
  return path.join(config.dataDir, `lock-${name}`)
}

/**
 * How a part is run.
 * @param config the parts' own: its repository is the demo's where there is no other
 */
export function planOf(name: Name, config: Config): Plan {
  return {
    name,
    command: commandOf(name, config),
    env: environmentFor(config, { REPOSITORY: config.repository, NODE_ENV: 'production' }),
    cwd: root,
    input: lockOf(name, config),
    output: outputOf(name, config, process.stdout),
  }
}

function commandOf(name: Name, config: Config): Plan['command'] {
  switch (name) {
    case 'redis':
      return () => redis(config)
    case 'registry':
      return () => ['docker-registry', 'serve', registryConf(config)]
    case 'nginx':
      return () => withStore(config, (store) => writeNginxConf(config, store))
    default:
      return (last) => {
        // A part that finds the database replaced or corrupt ends: the next start is the time to move it aside.
        if (last) setAsideIfCorrupt(databaseOf(config))
        return [process.execPath, `apps/${name}/main.ts`]
      }
  }
}

/**
 * A private Redis: no port, and no file. Losing it loses time, nothing else, whereas one with a file takes no nudges on
 * a full disk, not even those that would free it.
 */
function redis(config: Config): string[] {
  // What an earlier version kept there.
  for (const name of ['redis', 'redis.unreadable'])
    fs.rmSync(path.join(config.dataDir, name), { recursive: true, force: true })
  const socket = 'socket' in config.redis ? config.redis.socket : ''
  const fileless = ['--dir', config.runDir, '--appendonly', 'no', '--save', '', '--maxmemory-policy', 'noeviction']
  return ['redis-server', '--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', ...fileless]
}
