/**
 * A whole Lotan for a test: the real launcher and processes, with its own data directory, port, instance and registry.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostOf, labelOf } from '../../shared/tag.ts'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { previewOf } from '../../shared/engine/preview-labels.ts'
import type { State } from '../../shared/preview/preview.ts'
import { NAMELESS, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { networkName } from '../../shared/slots/slots.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import {
  clearNetworkByHand,
  containersWith,
  imagesBelow,
  removeByHand,
  removeImageByHand,
  removeNetworkByHand,
  removeStacksByHand,
  pruneTestImages,
} from './docker.ts'
import { asBrowser, open, request, type Answer, type Ask } from '../clients/http.ts'
import { freePort } from './ports.ts'
import { isAlive, processes, processesAbout } from './processes.ts'
import { removeFirewallByHand } from './reach.ts'
import { surroundings } from './surroundings.ts'
import { until } from './until.ts'
import type { User } from './user.ts'

const root = path.resolve(import.meta.dirname, '../../..')

const partNames = {
  router: /apps\/router\/main\.ts/,
  'queue-processor': /apps\/queue-processor\/main\.ts/,
  reaper: /apps\/reaper\/main\.ts/,
  /** Only with LOTAN_FORGE, or LOTAN_NOTIFY_URL. */
  forge: /apps\/forge\/main\.ts/,
  /** Only with LOTAN_SHELL. */
  shell: /apps\/shell\/main\.ts/,
  nginx: /^nginx: master|^nginx /,
  redis: /^redis-server/,
}
export type PartName = keyof typeof partNames

export { asBrowser }

export type Lotan = Awaited<ReturnType<typeof startLotan>>

/**
 * Starts a Lotan and waits until it is ready.
 * @param options.repository `127.0.0.1:5000/todowrangler`
 * @param options.env more settings
 * @param options.port where nginx listens, if what is told of it is there before it
 * @param options.user the user it runs as, if not the test's
 */
export async function startLotan(options: {
  repository?: string
  env?: Record<string, string>
  user?: User
  port?: number
}) {
  const { user } = options
  const home = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-test-'))
  const { port = await freePort() } = options
  const env: Record<string, string> = {
    ...surroundings,
    LOTAN_DATA_DIR: path.join(home, 'data'),
    LOTAN_LISTEN: `127.0.0.1:${port}`,
    LOTAN_SLOTS: '60',
    LOTAN_MAX_RUNNING: '55',
    LOTAN_SANDBOXES: '1',
    LOTAN_START_TIMEOUT_SECONDS: '20',
    LOTAN_HOLD_SECONDS: '30',
    DOCKER_CONFIG: path.join(home, 'docker'),
    // A test must not depend on how full this machine's disk and memory are.
    LOTAN_MEMORY_HIGH_PERCENT: '100',
    LOTAN_DISK_HIGH_PERCENT: '99',
    LOTAN_DISK_LOW_PERCENT: '98',
    ...(options.repository ? { REPOSITORY: options.repository } : {}),
    ...options.env,
  }
  const config = readConfig(env)
  const { domain, adminToken, instance } = config
  let store: Store | undefined
  user?.give(home)
  let launcher = launch(env, user)

  const bed = {
    port,
    domain,
    env,
    config,
    token: adminToken,
    /** Of a preview; of `red+mail`, its service's: so the load of a storm may visit second hosts, whose answer is that text. */
    host: (subject: string) => {
      const [id = '', service] = subject.split('+')
      return `${hostOf(id, config, service)}:${port}`
    },
    url: (subject: string, path = '/') => `http://${bed.host(subject)}${path}`,
    admin: `http://${domain}:${port}`,

    /** All that the launcher and its processes have written. */
    async output(): Promise<string> {
      const logs = path.join(config.dataDir, 'logs')
      const names = await fs.readdir(logs).catch(() => [])
      const texts = await Promise.all(
        names.map(async (name) => `--- ${name}\n${await fs.readFile(path.join(logs, name), 'utf8')}`),
      )
      return [`--- launcher\n${launcher.output()}`, ...texts].join('\n')
    },
    said: () => launcher.output(),

    get store(): Store {
      // The file was moved aside.
      if (store?.wrong() !== undefined) bed.letGo()
      store ??= openStore(path.join(config.dataDir, 'lotan.sqlite'), {
        slots: config.slots,
        label: (tag, service) => labelOf(tag, config, service),
        forge: config.forge && { ...config.forge, fallback: config.pairFallback },
        log: openLog('test', 'silent'),
      })
      return store
    },

    /** Closes the database in this process, until `store` is read again. */
    letGo(): void {
      store?.close()
      store = undefined
    },

    request: (tag: string, ask: Omit<Ask, 'host'> = {}): Promise<Answer> =>
      request(port, { host: bed.host(tag), ...ask }),
    open: (tag: string, ask: Omit<Ask, 'host'> = {}) => open(port, { host: bed.host(tag), ...ask }),
    /** For any host. */
    ask: (ask: Ask): Promise<Answer> => request(port, ask),

    /** @param path below /api/v1 */
    async api<T = Record<string, unknown>>(method: string, path: string, body?: unknown) {
      const answer = await request(port, {
        host: `${domain}:${port}`,
        method,
        path: `/api/v1${path}`,
        headers: {
          Authorization: `Bearer ${adminToken}`,
          Accept: 'application/json',
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const json = /json/.test(answer.headers['content-type'] ?? '') ? (JSON.parse(answer.text) as T) : (null as T)
      return { ...answer, json }
    },

    /** Of a preview, below /api/v1. */
    pathOf: (id: PreviewId): string => `${bed.listOf(id)}/${splitId(id).tag}`,
    /** Of its repository's previews. */
    listOf: (id: PreviewId): string => {
      const { repository } = splitId(id)
      return repository === NAMELESS ? '/previews' : `/repositories/${repository}/previews`
    },

    /**
     * Clicks like a browser without script: follows the waiting page and redirects to the same address. @returns the
     * first other response
     */
    async click(tag: string, path = '/', within = 90_000): Promise<Answer> {
      return until(
        `the click on ${tag} ends`,
        async () => {
          const answer = await bed.request(tag, { path, headers: asBrowser })
          const again = answer.status === 307 && answer.headers.location === path
          return isWaiting(answer) || again ? undefined : answer
        },
        { within, every: 100 },
      )
    },

    async untilState(tag: string, state: State, within = 60_000) {
      return until(`${tag} is ${state}`, () => (bed.store.get(tag)?.state ?? 'unknown') === state, { within })
    },

    /** Those of previews, without their services', and without what sessions inside have. */
    containers: async () =>
      (await containersWith(`lotan.instance=${instance}`)).filter(
        ({ Labels }) => !['sandbox', 'service', 'beside', 'run'].some((label) => `lotan.${label}` in Labels),
      ),
    /** That of a service of a preview's stack. @throws where it does not run */
    async serviceOf(id: PreviewId, service: string): Promise<string> {
      const all = await containersWith(`lotan.service=${service}`)
      const found = all.find(
        ({ Labels, State }) => Labels['lotan.instance'] === instance && previewOf(Labels) === id && State === 'running',
      )
      if (!found) throw new Error(`no container runs ${service} of ${id}`)
      return found.Id
    },
    async containerOf(id: PreviewId): Promise<string> {
      const found = (await bed.containers()).filter(
        ({ Labels, State }) => previewOf(Labels) === id && State === 'running',
      )
      if (found.length !== 1) throw new Error(`${found.length} containers run ${id}`)
      return found[0]!.Id
    },

    launcher: () => launcher.pid,
    /** Undefined while it does not run. */
    part: (name: PartName) =>
      processes().find(({ parent, command }) => parent === launcher.pid && partNames[name].test(command))?.pid,

    /** Waits until the launcher has restarted it. */
    async killPart(name: PartName): Promise<void> {
      const was = await until(`${name} runs`, () => bed.part(name))
      process.kill(was, 'SIGKILL')
      await until(`${name} runs again`, () => {
        const pid = bed.part(name)
        return pid !== undefined && pid !== was
      })
    },

    /** By SIGTERM (which Ctrl-C sends too) or SIGKILL. @returns milliseconds it took */
    async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
      const began = performance.now()
      launcher.end(signal)
      await launcher.ended
      return performance.now() - began
    },

    async again(): Promise<void> {
      bed.begin()
      await bed.ready()
    },
    /** As `again`, but without waiting until it is ready. */
    begin(): void {
      launcher = launch(env, user)
    },

    /** A second `up` in the same data directory. */
    async second(settings: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
      const other = launch({ ...env, ...settings }, user)
      const code = await other.ended
      return { code, output: other.output() }
    },

    async ready(): Promise<void> {
      try {
        await until(
          'Lotan is ready',
          async () => {
            if (!isAlive(launcher.pid)) return 'over'
            const { status } = await bed.ask({ host: domain, path: '/readyz' })
            return status === 200 && launcher.output().includes(adminToken)
          },
          { within: 60_000, every: 50 },
        )
        if (!isAlive(launcher.pid)) throw new Error('the launcher has ended')
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${await bed.output()}`)
      }
    },

    left: () => processesAbout(env.LOTAN_DATA_DIR!, config.runDir),

    /**
     * Stops it, removes what it made on the engine, and fails when a process is left.
     * @param options.keepImages another Lotan of the test has the same repository
     */
    async stop({ keepImages = false } = {}): Promise<void> {
      store?.close()
      launcher.end('SIGTERM')
      await Promise.race([launcher.ended, sleep(10_000, undefined, { ref: false })])
      const left = bed.left()
      for (const { pid } of left) kill(pid)
      const containers = await containersWith(`lotan.instance=${instance}`)
      for (const { Id } of containers) await removeByHand(Id)
      // The demo's repository is known only from its containers.
      const repositories = new Set([
        options.repository,
        ...containers.flatMap(({ Labels }) => Labels['lotan.repository'] ?? []),
      ])
      for (const repository of keepImages ? [] : repositories)
        for (const name of repository ? await imagesBelow(`${repository}:`) : []) await removeImageByHand(name)
      await pruneTestImages()
      await removeNetwork()
      await removeStacksByHand(instance)
      await removeFirewallByHand(instance)
      await fs.rm(home, { recursive: true, force: true })
      await fs.rm(config.runDir, { recursive: true, force: true })
      // Left by a killed launcher.
      await fs.rm(`/dev/shm/lotan-${instance}`, { recursive: true, force: true })
      if (left.length > 0) throw new Error(`left running: ${left.map(({ command }) => command).join('; ')}`)
    },
  }

  /** The engine finishes what it was asked for before its caller ended: a container may come up even now. */
  async function removeNetwork(): Promise<void> {
    let looks = 0
    await until('its network has no containers', async () => {
      const left = await containersWith(`lotan.instance=${instance}`)
      for (const { Id } of left) await removeByHand(Id)
      if (left.length === 0 && looks++ > 250) {
        const there = await clearNetworkByHand(networkName(instance))
        console.error(`the engine kept places of containers that are gone: ${there.join()}`)
      }
      return removeNetworkByHand(networkName(instance)).then(
        () => true,
        (error: Error) => {
          if (!error.message.includes('active endpoints')) throw error
          return false
        },
      )
    })
  }

  try {
    await bed.ready()
  } catch (error) {
    await bed.stop().catch(() => {})
    throw error
  }
  return bed
}

/** A waiting page, or nginx's own while the router is down. */
export function isWaiting({ status, headers }: Answer): boolean {
  return status === 503 && /text\/html/.test(headers['content-type'] ?? '')
}

function launch(env: Record<string, string>, user?: User) {
  let output = ''
  // A killed test must not leave Lotan running.
  const command = ['setpriv', '--pdeathsig', 'TERM', '--', process.execPath, 'apps/lotan/main.ts', 'up']
  const [program = '', ...args] = user?.run(command) ?? command
  const child = spawn(program, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return {
    pid: child.pid!,
    output: () => output,
    end: (signal: NodeJS.Signals) => void child.kill(signal),
    ended: once(child, 'close').then(([code]) => code as number | null),
  }
}

function kill(pid: number) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
