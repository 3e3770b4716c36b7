/** The demo's registry, on a loopback port of its own that stays the same as long as nobody else takes it. */
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../shared/config.ts'
import { refusalOf } from './listen.ts'

/** Below the ports that the kernel gives to outgoing connections, which would take ours while Lotan is down. */
const FIRST = 5100
const COUNT = 900

/** The demo's repository, at a port that is free now: `127.0.0.1:5417/todowrangler`. */
export async function demoRepository(config: Pick<Config, 'dataDir'>): Promise<string> {
  const file = path.join(config.dataDir, 'registry-port')
  const known = Number(await fs.readFile(file, 'utf8').catch(() => ''))
  const port = known > 0 && (await isFree(known)) ? known : await freePort()
  await fs.writeFile(file, `${port}\n`)
  return `127.0.0.1:${port}/todowrangler`
}

/** Writes the registry's configuration and returns its path. */
export async function writeRegistryConf(config: Pick<Config, 'dataDir' | 'runDir' | 'repository'>): Promise<string> {
  const file = path.join(config.runDir, 'registry.yml')
  const conf = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(config.dataDir, 'registry') }, delete: { enabled: true } },
    http: { addr: hostOf(config.repository) },
  }
  // JSON is YAML.
  await fs.writeFile(file, JSON.stringify(conf))
  return file
}

/** `127.0.0.1:5417` of `127.0.0.1:5417/todowrangler`. */
export function hostOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'))
}

async function freePort(): Promise<number> {
  const start = Math.floor(Math.random() * COUNT)
  for (let n = 0; n < COUNT; n++) {
    const port = FIRST + ((start + n) % COUNT)
    if (await isFree(port)) return port
  }
  throw new Error(`no port between ${FIRST} and ${FIRST + COUNT - 1} is free for the demo's registry`)
}

async function isFree(port: number): Promise<boolean> {
  return (await refusalOf('127.0.0.1', port)) === undefined
}
