/** `/readyz`: whether each process works. It is open to all, so its details hold no secrets. */
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { http } from '../shared/http.ts'
import type { Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Store } from '../shared/store/store.ts'
import { isRebuilt } from './gateway/database-trust.ts'
import type { Reaper } from './reaper-client.ts'

const components = ['engine', 'redis', 'database', 'nginx', 'queue-processor', 'reaper', 'forge', 'shell'] as const
type Component = (typeof components)[number]
/** These only where there is such a part. */
type Optional = Extract<Component, 'forge' | 'shell'>
type OfEach<T> = Record<Exclude<Component, Optional>, T> & Partial<Record<Optional, T>>

export interface Check {
  ok: boolean
  detail: string
}

export interface Ready {
  status: 'ready' | 'not ready'
  checks: OfEach<Check>
  /** How long each check took, milliseconds. */
  took: OfEach<number>
}

const CHECK_MS = 1_200

/** The launcher says so on the console, with what to do. */
const NGINX_WAITS = 'waits until the older database was compared with what runs, which takes the engine'

/** `/healthz` answers with this name, so that another Lotan's nginx on the port is not taken for ours. */
export const routerName = randomUUID()

/** Requests that come during a check share its result: anyone may ask, as often as they like. */
export function readiness(given: {
  config: Pick<Config, 'listen' | 'runDir' | 'forge' | 'notifyUrl' | 'shell'>
  store: Pick<Store, 'wrong' | 'facts'>
  nudges: Pick<Nudges, 'ping' | 'workers'>
  reaper: Pick<Reaper, 'engine'>
  log: Log
}): () => Promise<Ready> {
  let running: Promise<Ready> | undefined
  return () => (running ??= checkAll(given).finally(() => (running = undefined)))
}

async function checkAll({ config, store, nudges, reaper, log }: Parameters<typeof readiness>[0]): Promise<Ready> {
  const engineVersion = reaper.engine()
  const checkOf: Record<Component, () => Promise<Check>> = {
    engine: async () =>
      (await engineVersion) === null ? bad('does not answer') : good(`version ${await engineVersion}`),
    redis: async () => (await nudges.ping(), good('answers')),
    database: async () => {
      const wrong = store.wrong()
      if (wrong !== undefined) return bad(`is damaged: ${wrong}`)
      return isRebuilt(store) ? good('answers') : bad('is being rebuilt from what runs')
    },
    nginx: async () => {
      if (store.facts.get('nginxWaits')) return bad(NGINX_WAITS)
      return (await nameBehind(config.listen)) === routerName ? good('answers') : bad('is not ours')
    },
    'queue-processor': async () => {
      if ((await nudges.workers()) === 0) return bad('does not listen')
      return store.facts.get('cutOff') ? bad('cannot reach previews, its log says why') : good('listens')
    },
    reaper: async () => (await engineVersion, good('answers')),
    forge: () => checkOptional('forge'),
    shell: () => checkOptional('shell'),
  }
  const checkOptional = async (name: Optional) =>
    (await isAnswering(path.join(config.runDir, `${name}.sock`))) ? good('answers') : bad('does not work')
  const runs: Record<Optional, boolean> = {
    forge: config.forge !== null || config.notifyUrl !== null,
    shell: config.shell !== null,
  }
  const timeout = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error(`no answer in ${CHECK_MS} ms`)), CHECK_MS).unref(),
  )
  const checks = await Promise.all(
    components
      .filter((name) => (name !== 'forge' && name !== 'shell') || runs[name])
      .map(async (component) => {
        const began = performance.now()
        const check = await Promise.race([checkOf[component](), timeout]).catch((error: Error) => {
          log.debug({ check: component, err: error }, 'a part is not ready')
          return bad(component === 'engine' ? 'unknown, since the reaper does not answer' : 'does not answer')
        })
        return [component, check, performance.now() - began] as const
      }),
  )
  return {
    status: checks.every(([, { ok }]) => ok) ? 'ready' : 'not ready',
    checks: Object.fromEntries(checks.map(([name, check]) => [name, check])) as Ready['checks'],
    took: Object.fromEntries(checks.map(([name, , took]) => [name, took])) as Ready['took'],
  }
}

function nameBehind({ host, port }: Config['listen']): Promise<string | undefined> {
  const hostname = { '0.0.0.0': '127.0.0.1', '[::]': '::1' }[host] ?? host.replace(/^\[(.*)\]$/, '$1')
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(CHECK_MS)
    http
      .get({ hostname, port, path: '/healthz', agent: false, signal }, (response) => {
        response.resume()
        resolve(response.headers['lotan-router']?.toString())
      })
      .on('error', reject)
  })
}

/** That the forge itself is away leaves Lotan ready. */
function isAnswering(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path: '/', agent: false, signal: AbortSignal.timeout(CHECK_MS) }, (response) => {
        response.resume()
        resolve(response.statusCode === 204)
      })
      .on('error', reject)
  })
}

function good(detail: string): Check {
  return { ok: true, detail }
}

function bad(detail: string): Check {
  return { ok: false, detail }
}
