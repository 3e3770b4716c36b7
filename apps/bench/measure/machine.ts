/** What measures: processors, and the versions of what takes part. */
import { execFileSync } from 'node:child_process'
import os from 'node:os'
import { docker } from '../../testing/harness/docker.ts'

export async function machine(): Promise<Record<string, string>> {
  const [cpu] = os.cpus()
  const engine = await docker<{ Version: string }>('GET', '/version')
  return {
    Processors: `${os.availableParallelism()} × ${cpu?.model.trim() ?? 'unknown'}`,
    Memory: `${Math.round(os.totalmem() / 2 ** 30)} GB`,
    Kernel: `${os.type()} ${os.release()}`,
    Node: process.version.slice(1),
    Engine: engine.Version,
    nginx: versionOf('nginx', '-v'),
    Redis: versionOf('redis-server', '--version'),
  }
}

/** @returns the first thing like `1.22.1` that it says, on either stream */
export function versionOf(program: string, ...args: string[]): string {
  const said = execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', program, ...args], { encoding: 'utf8' })
  return /\d+(\.\d+)+/.exec(said)?.[0] ?? said.trim()
}
