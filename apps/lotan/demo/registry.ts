/** The demo's registry, on a loopback port of its own that stays the same as long as nobody else takes it. */
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { refusalOf } from '../nginx/listen.ts'

/** Below the ports that the kernel gives to outgoing connections, which would take ours while Lotan is down. */
const FIRST = 5100
const COUNT = 900

/**
 * Finds a port for the demo's registry, where Lotan and the engine both reach it, and writes its configuration.
 *
 * @param signal ends what leads the engine there, where Lotan runs in a container
 * @returns the demo's repository, `127.0.0.1:5417/todowrangler`, and where Lotan finds its registry on the way that the
 * engine takes
 * @throws with words for the operator when there is no such port, or the engine does not answer
 */
export async function prepareRegistry(
  config: Pick<Config, 'dataDir' | 'runDir' | 'dockerHost' | 'instance'>,
  signal: AbortSignal,
): Promise<{ repository: string; reached: { host: string; port: number } }> {
  // Only the demo's launcher has to talk to the engine.
  const { findRegistryProxy } = await import('./registry-proxy.ts')
  const door = await findRegistryProxy(config, signal)
  const take = async (port: number) => {
    if (!(await isFree(port))) return undefined
    const host = door ? await door.open(port) : '127.0.0.1'
    return host === undefined ? undefined : { host, port }
  }
  const file = path.join(config.dataDir, 'registry-port')
  const known = Number(await fs.readFile(file, 'utf8').catch(() => ''))
  const reached = (known > 0 ? await take(known) : undefined) ?? (await takeAny(take))
  const { port } = reached
  await fs.writeFile(file, `${port}\n`)
  await writeConf(config, `${door ? '0.0.0.0' : '127.0.0.1'}:${port}`)
  return { repository: `127.0.0.1:${port}/todowrangler`, reached }
}

/** The path of the registry's configuration. */
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
  // JSON is YAML.
  await fs.writeFile(registryConf(config), JSON.stringify(conf))
}

/** `127.0.0.1:5417` of `127.0.0.1:5417/todowrangler`. */
export function hostOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'))
}

async function takeAny<T>(take: (port: number) => Promise<T | undefined>): Promise<T> {
  const start = Math.floor(Math.random() * COUNT)
  for (let n = 0; n < COUNT; n++) {
    const taken = await take(FIRST + ((start + n) % COUNT))
    if (taken) return taken
  }
  throw new Error(`no port between ${FIRST} and ${FIRST + COUNT - 1} is free for the demo's registry`)
}

async function isFree(port: number): Promise<boolean> {
  return (await refusalOf('127.0.0.1', port)) === undefined
}
