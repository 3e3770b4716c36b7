/** Fills the demo's registry: apps/demo does it, in a process of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { environmentFor, type Config } from '../../shared/config/config.ts'
import type { Say } from '../console.ts'
import { root } from '../supervisor/processes.ts'

/** The sample application's tags, in the order in which they are shown. The last one fails on purpose. */
export const samples = ['red', 'green', 'blue', 'purple', 'pr-3001', 'pr-3002', 'bad']

/** Whether there is a registry to run the demo with. */
export function hasDemo(): boolean {
  return spawnSync('sh', ['-c', 'command -v docker-registry']).status === 0
}

/**
 * Builds and pushes the sample images that are missing; says what it prints.
 * @throws when it fails, or the signal says stop
 */
export async function prepareDemo(config: Config, say: Say, signal: AbortSignal): Promise<void> {
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', process.execPath, 'apps/demo/main.ts'], {
    cwd: root,
    env: environmentFor(config, { REPOSITORY: config.repository }),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C reaches the launcher, which passes it on.
    detached: true,
    signal,
  })
  createInterface(child.stdout).on('line', (line) => say(line))
  createInterface(child.stderr).on('line', (line) => say(line, 'bad'))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error('the demo could not be prepared; its words stand above')
}
