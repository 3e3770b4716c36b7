import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { environmentFor, type Config } from '../../shared/config/config.ts'
import type { Say } from '../console.ts'
import { root } from '../supervisor/processes.ts'

const WITH_DATABASE = 'with-db'

/** In the order they are shown. The last one fails on purpose. One has a Redis beside it, of the program that Lotan runs. */
export function samplesOf({ redis }: Pick<Config, 'redis'>): string[] {
  const all = ['red', 'green', 'blue', 'purple', 'pr-3001', 'pr-3002', WITH_DATABASE, 'bad']
  return all.filter((tag) => tag !== WITH_DATABASE || 'socket' in redis)
}

export function hasDemo(): boolean {
  return spawnSync('sh', ['-c', 'command -v docker-registry']).status === 0
}

/** Runs apps/demo, which builds and pushes missing images. @throws when that fails or is aborted */
export async function prepareDemo(config: Config, say: Say, signal: AbortSignal): Promise<void> {
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', process.execPath, 'apps/demo/main.ts'], {
    cwd: root,
    env: environmentFor(config, { REPOSITORY: config.repositories[0]!.reference }),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Own process group: a Ctrl-C must reach the launcher alone, which passes it on.
    detached: true,
    signal,
  })
  createInterface(child.stdout).on('line', (line) => say(line))
  createInterface(child.stderr).on('line', (line) => say(line, 'bad'))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error('the demo could not be prepared; its output stands above')
}
