import fs from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { refusalOf } from '../nginx/listen.ts'

/** Below the kernel's ephemeral ports, which could take this port while Lotan is down. */
const FIRST = 5100
const COUNT = 900

/**
 * The port is one that both Lotan and the engine reach: the last run's while it is free.
 * @returns `127.0.0.1:5417/todowrangler`, and where Lotan itself reaches it
 * @throws with words for the operator when no port is free or the engine does not answer
 */
export async function prepareRegistry(
  config: Pick<Config, 'dataDir' | 'runDir' | 'dockerHost' | 'instance'>,
  signal: AbortSignal,
): Promise<{ repository: string; reached: { host: string; port: number } }> {
  // Loaded here: only the demo's launcher talks to the engine.
  const { findRegistryProxy } = await import('./registry-proxy.ts')
  const proxy = await findRegistryProxy(config, signal)
  const tryPort = async (port: number) => {
    if (!(await isFree(port))) return undefined
    const host = proxy ? await proxy.open(port) : '127.0.0.1'
    return host === undefined ? undefined : { host, port }
  }
  const file = path.join(config.dataDir, 'registry-port')
  const known = Number(await fs.readFile(file, 'utf8').catch(() => ''))
  const reached = (known > 0 ? await tryPort(known) : undefined) ?? (await tryAnyPort(tryPort))
  const { port } = reached
  await fs.writeFile(file, `${port}\n`)
  await writeConf(config, `${proxy ? '0.0.0.0' : '127.0.0.1'}:${port}`)
  return { repository: `127.0.0.1:${port}/todowrangler`, reached }
}

export function registryConf(config: Pick<Config, 'runDir'>): string {
  return path.join(config.runDir, 'registry.yml')
}

async function writeConf(config: Pick<Config, 'dataDir' | 'runDir'>, addr: string): Promise<void> {
  const conf = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(config.dataDir, 'registry') }, delete: { enabled: true } },
    http: { addr },
  }
  await fs.writeFile(registryConf(config), JSON.stringify(conf))
}

export function hostOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'))
}

async function tryAnyPort<T>(tryPort: (port: number) => Promise<T | undefined>): Promise<T> {
  const start = Math.floor(Math.random() * COUNT)
  for (let n = 0; n < COUNT; n++) {
    const found = await tryPort(FIRST + ((start + n) % COUNT))
    if (found) return found
  }
  throw new Error(`no port between ${FIRST} and ${FIRST + COUNT - 1} is free for the demo's registry`)
}

async function isFree(port: number): Promise<boolean> {
  return (await refusalOf('127.0.0.1', port)) === undefined
}
