/** Real engine, Redis and registry, and a database of its own. The worker runs in the test's process, or beside it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../shared/config/config.ts'
import { sampleConnections } from '../shared/slots/connections.ts'
import { openEngine } from '../shared/engine/engine.ts'
import { openLog } from '../shared/log.ts'
import type { In, Preview, State } from '../shared/preview/preview.ts'
import { openQueue, openWorkers } from '../shared/queue.ts'
import { openRegistries, openRegistriesAt } from '../shared/registry/registries.ts'
import { openStore } from '../shared/store/store.ts'
import { labelOf } from '../shared/tag.ts'
import {
  containersWith,
  imagesBelow,
  pruneTestImages,
  removeByHand,
  removeImageByHand,
  removeNetworkByHand,
} from '../testing/harness/docker.ts'
import { removeFirewallByHand } from '../testing/harness/reach.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'
import { openFindPairs } from './containers/find-pairs.ts'
import { openHandler } from './worker.ts'
import { allWidths, openRegistryLanes } from './registry-lanes.ts'
import { openVolumes } from './data/volumes.ts'
import { openDisk } from './images/disk-space.ts'
import { openNetwork } from './network/network.ts'
import { openStackNetworks } from './network/stack-networks.ts'
import { openCameUp } from './services/came-up.ts'
import { openSandboxes } from './sandboxes/open-sandboxes.ts'
import type { Dependencies, Waits } from './dependencies.ts'

export type Harness = Awaited<ReturnType<typeof openHarness>>

export async function openHarness(repository: string, env: Record<string, string> = {}, waits: Partial<Waits> = {}) {
  const home = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-queue-processor-'))
  const settings = {
    ...surroundings,
    LOTAN_DATA_DIR: path.join(home, 'data'),
    DOCKER_CONFIG: path.join(home, 'docker'),
    REPOSITORY: repository,
    LOTAN_START_TIMEOUT_SECONDS: '8',
    LOTAN_SLOTS: '100',
    LOTAN_SANDBOXES: '0',
    ...env,
  }
  const config = readConfig(settings)
  const log = openLog('test', 'silent')
  const redis = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'redis-server', '--port', '0', '--save', '', '--unixsocket', `${config.runDir}/redis.sock`],
    { stdio: 'ignore' },
  )
  const store = openStore(path.join(config.dataDir, 'lotan.sqlite'), {
    slots: config.slots,
    label: (tag, service) => labelOf(tag, config, service),
    forge: config.forge && { ...config.forge, fallback: config.pairFallback },
    log,
  })
  const engine = openEngine(config)
  // Firewall rules have a test of their own.
  const network = openNetwork({
    engine,
    store,
    firewall: { setUp: () => Promise.resolve(undefined), isSetUp: () => Promise.resolve(true) },
    config,
    log,
  })
  const nudges = openQueue(config, log)
  await until('Redis answers', () => nudges.ping().then(() => true))
  const sandboxes = openSandboxes({ engine, store, network, config, log })
  const closing = new AbortController()
  void sandboxes.keep(closing.signal)
  const registryOf = openRegistries(config)
  const baseDeps: Omit<Dependencies, 'disk' | 'volumes'> = {
    config,
    store,
    engine,
    network,
    stackNetworks: openStackNetworks({ engine, store, config, log }),
    sandboxes,
    nudges,
    registryOf,
    registryAt: openRegistriesAt(config),
    // A test changes what exists, and looks at once.
    findPairs: openFindPairs({ config, store, engine, registryOf, log }, { answer: 1_000, kept: 0, rest: 0 }),
    cameUp: openCameUp(),
    connections: sampleConnections,
    waits: {
      drain: 300,
      grace: 1_000,
      errors: 500,
      steady: 700,
      run: 200,
      elsewhere: { told: 300, certain: 30_000 },
      stall: 60_000,
      ...waits,
    },
    log,
  }
  const deps: Dependencies = { ...baseDeps, disk: openDisk(baseDeps), volumes: openVolumes(baseDeps) }
  let workers: ReturnType<typeof openWorkers> | undefined
  const children = new Set<ReturnType<typeof spawn>>()

  async function ask(tag: string, event: Parameters<typeof store.apply>[1]): Promise<Preview | undefined> {
    const preview = store.apply(tag, event)
    if (preview) await nudges.nudge(preview)
    return preview
  }

  return {
    config,
    store,
    engine,
    nudges,
    deps,

    startWorker() {
      const widths = { lookup: 4, prepull: 1, update: 2, batch: 3, pull: 3, start: 3, wake: 3, stop: 10 }
      const handle = openRegistryLanes(widths, openHandler(deps), log)
      workers ??= openWorkers(config, allWidths(widths, config.repositories.length), handle, log)
    },

    startProcess() {
      const main = path.join(import.meta.dirname, 'main.ts')
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, main], {
        env: settings,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      children.add(child)
      return {
        output: () => output,
        async end(signal: NodeJS.Signals): Promise<number> {
          const began = performance.now()
          const exit = once(child, 'exit')
          child.kill(signal)
          await exit
          children.delete(child)
          return performance.now() - began
        },
      }
    },

    click: (tag: string) => ask(tag, { type: 'start', by: 'visit' }),
    ask,

    state: (tag: string): State => store.get(tag)?.state ?? 'unknown',
    async untilState<S extends State>(tag: string, state: S, within = 60_000): Promise<In<S>> {
      try {
        await until(`${tag} is ${state}`, () => (store.get(tag)?.state ?? 'unknown') === state, { within })
      } catch (error) {
        throw new Error(`${(error as Error).message}: ${JSON.stringify(store.get(tag))}`, { cause: error })
      }
      return store.get(tag) as In<S>
    },
    containers: (tag?: string) => engine.list(tag),

    async close() {
      closing.abort()
      await workers?.close()
      await nudges.close()
      for (const child of children) child.kill('SIGKILL')
      // The database stays open, as at the end of a program: a pull that is under way still looks at it.
      redis.kill('SIGKILL')
      // A create that was under way when its queue-processor was killed ends a moment later.
      for (let looks = 0; looks < 2; looks++) {
        for (const { Id } of await containersWith(`lotan.instance=${config.instance}`)) await removeByHand(Id)
        await sleep(300)
      }
      for (const volume of await engine.listVolumes().catch(() => [])) await engine.removeVolume(volume.engine)
      for (const name of await imagesBelow(`${repository}:`)) await removeImageByHand(name)
      await pruneTestImages()
      for (const { id } of (await engine.remains().catch(() => ({ networks: [] as { id: string }[] }))).networks)
        await removeNetworkByHand(id)
      await removeFirewallByHand(config.instance)
      await fs.rm(home, { recursive: true, force: true })
      await fs.rm(config.runDir, { recursive: true, force: true })
    },
  }
}
