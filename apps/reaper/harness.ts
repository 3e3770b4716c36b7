/** Real engine, Redis and database. No worker runs, so that tests see what the reaper asks for. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { http } from '../shared/http.ts'
import { readConfig } from '../shared/config/config.ts'
import { openEngine } from '../shared/engine/engine.ts'
import { openLog } from '../shared/log.ts'
import type { Image, In } from '../shared/preview/preview.ts'
import { openQueue } from '../shared/queue.ts'
import { previewLabels } from '../shared/engine/preview-labels.ts'
import type { PreviewId } from '../shared/preview/preview-id.ts'
import { containerName } from '../shared/slots/container-name.ts'
import { addressOf, networkName } from '../shared/slots/slots.ts'
import { openStore } from '../shared/store/store.ts'
import { labelOf } from '../shared/tag.ts'
import { removeByHand, removeImageByHand, removeNetworkByHand } from '../testing/harness/docker.ts'
import { buildSmall } from '../testing/images/build.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'

export type Harness = Awaited<ReturnType<typeof openHarness>>

export async function openHarness() {
  const home = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-eyes-'))
  const registry = http.createServer((_, res) => res.end('{"name":"app","tags":["red"]}')).listen(0, '127.0.0.1')
  await once(registry, 'listening')
  const settings = {
    ...surroundings,
    LOTAN_DATA_DIR: path.join(home, 'data'),
    DOCKER_CONFIG: path.join(home, 'docker'),
    REPOSITORY: `127.0.0.1:${(registry.address() as AddressInfo).port}/app`,
    LOTAN_SLOTS: '20',
    LOTAN_MAX_RUNNING: '10',
    // Tests must not depend on this machine's disk.
    LOTAN_DISK_HIGH_PERCENT: '99',
    LOTAN_DISK_LOW_PERCENT: '98',
  }
  const config = readConfig(settings)
  const { instance } = config
  const repository = config.repositories[0]!.reference
  const log = openLog('test', 'silent')
  const file = path.join(config.dataDir, 'lotan.sqlite')
  const redis = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'redis-server', '--port', '0', '--save', '', '--unixsocket', `${config.runDir}/redis.sock`],
    { stdio: 'ignore' },
  )
  const engine = openEngine(config)
  const subnet = await engine.ensureNetwork(null)
  const nudges = openQueue(config, log)
  await until('Redis answers', () => nudges.ping().then(() => true))
  const reference = `${repository}:red`
  const cmd = ['sh', '-c', 'echo red is up; exec /bin/busybox httpd -f -p 80 -h /www']
  await buildSmall(reference, 'red', { cmd })
  const image = (await engine.findImage(reference))!

  const open = () => {
    const store = openStore(file, { slots: config.slots, label: (tag) => labelOf(tag, config), log })
    store.facts.set('subnet', subnet)
    return store
  }
  let store = open()
  const made: string[] = []
  const router = http.createServer((req, res) => res.writeHead(req.url === '/readyz' ? 200 : 404).end())
  const children = new Set<ReturnType<typeof spawn>>()

  async function runContainer(
    preview: PreviewId,
    generation: number,
    slot: number,
    { owner = instance, reference = repository } = {},
  ): Promise<string> {
    const network = networkName(instance)
    const id = await engine.create({
      name: containerName(owner, preview, generation),
      Image: image.id,
      Labels: {
        'lotan.managed': 'true',
        'lotan.instance': owner,
        'lotan.repository': reference,
        ...previewLabels(preview),
        'lotan.generation': String(generation),
        'lotan.pulled': 'true',
        'lotan.port': '80',
      },
      HostConfig: { NetworkMode: network, Memory: 64 * 1024 * 1024 },
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: addressOf(subnet, slot) } } } },
    })
    made.push(id)
    await engine.start(id)
    return id
  }

  return {
    config,
    engine,
    subnet,
    nudges,
    runContainer,
    get store() {
      return store
    },

    async runPreview(tag: string, labels: Image['labels'] = {}): Promise<In<'running'>> {
      const now = Date.now()
      store.apply(tag, { type: 'start', by: 'visit' })
      store.apply(tag, { type: 'found', image: { ...image, labels } })
      const begun = store.apply(tag, { type: 'begin', places: 10, port: 80 }) as In<'starting'>
      const { number, slot } = begun.generation!
      const container = await runContainer(tag, number, slot!)
      store.apply(tag, { type: 'created', generation: number, container })
      store.apply(tag, { type: 'started', generation: number })
      store.apply(tag, { type: 'answered', generation: number, notices: [] })
      store.touch([[tag, now]])
      return store.get(tag) as In<'running'>
    },

    async loseDatabase() {
      store.close()
      for (const suffix of ['', '-wal', '-shm']) await fs.rm(file + suffix, { force: true })
    },
    reopen() {
      store = open()
    },

    reaper(env: Record<string, string> = {}) {
      const main = path.join(import.meta.dirname, 'main.ts')
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, main], {
        env: { ...settings, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      children.add(child)
      const exit = once(child, 'exit') as Promise<[number | null]>
      return {
        ended: exit.then(([code]) => code),
        said: (message: string): Record<string, unknown>[] =>
          output
            .split('\n')
            .filter((line) => line.includes(JSON.stringify(message)))
            .map((line) => JSON.parse(line) as Record<string, unknown>),
        ready: () => until('the reaper is ready', () => output.includes('"reaper is ready"')),
        async end(): Promise<{ code: number | null; took: number }> {
          const began = performance.now()
          child.kill('SIGTERM')
          const [code] = await exit
          children.delete(child)
          return { code, took: performance.now() - began }
        },
      }
    },

    async sayReady() {
      await once(router.listen(path.join(config.runDir, 'desk.sock')), 'listening')
    },

    async ask(uri: string, method = 'GET'): Promise<{ status: number; body: string }> {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const socketPath = path.join(config.runDir, 'reaper.sock')
        http.request({ socketPath, path: uri, method, agent: false }, resolve).on('error', reject).end()
      })
      return { status: answer.statusCode!, body: await text(answer) }
    },

    async close() {
      for (const child of children) child.kill('SIGKILL')
      await nudges.close()
      store.close()
      redis.kill('SIGKILL')
      registry.close()
      router.close()
      for (const id of made) await removeByHand(id)
      await removeImageByHand(reference)
      await removeNetworkByHand(networkName(instance))
      await fs.rm(home, { recursive: true, force: true })
      await fs.rm(config.runDir, { recursive: true, force: true })
    },
  }
}
