/** An engine of another kind or version, or a broken one: each call ends in what it promises, or an EngineError. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { answers, mangled } from '../../testing/arbitraries/json.ts'
import { labelValues, nearTags } from '../../testing/arbitraries/texts.ts'
import type { Progress } from '../preview/start-times.ts'
import { containerName, sandboxName } from '../slots/container-name.ts'
import { networkName } from '../slots/slots.ts'
import { isTag } from '../tag.ts'
import { EngineError, openEngine } from './engine.ts'
import { engineError } from './error.ts'

const instance = '0a1b2c3d'
let body: string | Buffer = ''
let status = 200
const server = http.createServer((req, res) => {
  req.resume()
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(body)
})
let engine: ReturnType<typeof openEngine>
before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  engine = openEngine({ dockerHost: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, instance })
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const id = 'c0ffee'.repeat(10) + 'beef'
const labels = {
  'lotan.instance': instance,
  'lotan.tag': 'red',
  'lotan.generation': '3',
  'lotan.port': '80',
  'lotan.repository': 'r/app',
  'lotan.pulled': 'true',
}
const Networks = { [networkName(instance)]: { IPAMConfig: { IPv4Address: '10.83.0.9' }, IPAddress: '10.83.0.9' } }
const listed = {
  Id: id,
  Names: [`/${containerName(instance, 'red', 3)}`],
  ImageID: 'sha256:1',
  Labels: labels,
  State: 'running',
  Ports: [{ PrivatePort: 80, PublicPort: 20_000, Type: 'tcp' }],
  HostConfig: { NetworkMode: networkName(instance) },
  NetworkSettings: { Networks },
}
const sandbox = { ...listed, Names: [`/${sandboxName(instance, 4)}`], Labels: { 'lotan.instance': instance } }
const joined = { ...listed, HostConfig: { NetworkMode: `container:${id}` } }
const inspected = {
  Id: id,
  Name: `/${containerName(instance, 'red', 3)}`,
  Image: 'sha256:1',
  State: { Status: 'running', Running: true, ExitCode: 0, OOMKilled: false, StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z', Pid: 1 },
  HostConfig: { NetworkMode: networkName(instance), Memory: 1, CpuQuota: 1, PortBindings: { '80/tcp': [{ HostPort: '20000' }] } },
  NetworkSettings: { Networks },
  Config: { Labels: labels },
} // prettier-ignore
const image = {
  Id: 'sha256:1',
  RepoDigests: ['r/app@sha256:ab', '<none>@<none>'],
  RepoTags: ['r/app:red', '<none>:<none>'],
  Size: 1,
  Created: '2026-01-01T00:00:00Z',
  RootFS: { Layers: ['sha256:1'] },
  Config: { Labels: labels, ExposedPorts: { '80/tcp': {}, '443': {} }, Entrypoint: ['sh'], Cmd: ['-c'] },
}
const isBytes = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isPort = (value: unknown) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535

/** Each call, what an engine answers, and what holds of the call's result. */
const calls: Record<string, { template: unknown; ask: () => Promise<boolean | void> }> = {
  list: {
    template: [listed, joined, sandbox],
    async ask() {
      for (const { tag, generation, name, port } of await engine.list())
        assert.ok(isTag(tag) && Number.isSafeInteger(generation) && name && (port === null || isPort(port)))
    },
  },
  listSandboxes: {
    template: [listed, joined, sandbox],
    async ask() {
      for (const { number, isJoined } of await engine.listSandboxes())
        assert.ok(Number.isSafeInteger(number) && typeof isJoined === 'boolean')
    },
  },
  inspect: { template: inspected, ask: async () => void (await engine.inspect(id)) },
  'inspect of one that joins': {
    template: { ...inspected, HostConfig: { NetworkMode: `container:${id}` } },
    ask: async () => void (await engine.inspect(id)),
  },
  findImage: {
    template: image,
    async ask() {
      const found = await engine.findImage('r/app:red', ['sha256:ab'])
      if (!found) return
      assert.ok(found.ports.length <= 10 && found.ports.every(isPort))
      assert.deepEqual(found.ports, found.ports.toSorted((a, b) => a - b))
      for (const text of Object.values(found.labels)) assert.ok(text.length <= 2_000)
    },
  },
  namesOf: { template: image, ask: async () => void (await engine.namesOf('r/app:red')) },
  imageSizes: {
    template: [{ Id: id, Size: 9, SharedSize: 3 }, { Id: id, Size: 9, SharedSize: -1 }, { Id: id, Size: 9 }],
    async ask() {
      const found = await engine.imageSizes()
      assert.ok(found.every(({ shared }) => shared === null || shared >= 0))
    },
  },
  listImages: {
    template: [{ Id: id, RepoTags: ['r/app:red'], RepoDigests: ['r/app@sha256:1'] }, { Id: id, RepoTags: null }],
    async ask() {
      const found = await engine.listImages()
      assert.ok(found.every(({ names, digestNames }) => [...names, ...digestNames].every((name) => name.length >= 0)))
    },
  },
  digestNamesOf: { template: image, ask: async () => void (await engine.digestNamesOf('r/app:red')) },
  layersOf: { template: image, ask: async () => void (await engine.layersOf('r/app:red')) },
  programOf: { template: image, ask: async () => void (await engine.programOf('r/app:red')) },
  usage: {
    template: { memory_stats: { usage: 9, stats: { inactive_file: 1 } }, cpu_stats: { cpu_usage: { total_usage: 5 } } },
    async ask() {
      const found = await engine.usage(id)
      assert.ok(!found || (isBytes(found.memory) && found.cpu >= 0))
    },
  },
  version: { template: { Version: '29', Os: 'linux', Arch: 'amd64' }, ask: async () => void (await engine.version()) },
  platform: { template: { Version: '29', Os: 'linux', Arch: 'amd64' }, ask: async () => void (await engine.platform()) },
  ownContainer: { template: inspected, ask: async () => void (await engine.ownContainer(id)) },
  bridge: {
    template: [{ Name: networkName(instance), Id: id, Options: {}, IPAM: { Config: [{ Subnet: '10.83.0.0/20' }] } }],
    ask: async () => void (await engine.bridge()),
  },
  ensureNetwork: {
    template: [{ Name: networkName(instance), Id: id, Created: '', IPAM: { Config: [{ Subnet: '10.83.0.0/20' }] } }],
    ask: async () => void (await engine.ensureNetwork(null)),
  },
  groupParent: { template: { CgroupDriver: 'cgroupfs', KernelVersion: '6', SecurityOptions: [] }, ask: async () => void (await engine.groupParent()) },
  wait: { template: { StatusCode: 0 }, ask: async () => void (await engine.wait(id)) },
} // prettier-ignore

async function endsWell(ask: () => Promise<unknown>): Promise<'fine' | 'refused'> {
  try {
    await ask()
    return 'fine'
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    assert.ok(error.code && error.message)
    return 'refused'
  }
}

const answer = fc
  .constantFrom(...Object.keys(calls))
  .chain((name) =>
    fc.tuple(fc.constant(name), answers(calls[name]!.template), fc.constantFrom(200, 200, 200, 200, 404, 409, 500)),
  )

test('whatever an engine answers, each call gives what it promises or an EngineError', async () => {
  const seen = new Map<string, Set<string>>()
  const ask = async (name: string, text: string, code: number) => {
    body = text
    status = code
    const end = await endsWell(calls[name]!.ask)
    seen.set(name, (seen.get(name) ?? new Set()).add(end))
    return end
  }
  for (const [name, { template }] of Object.entries(calls))
    assert.equal(await ask(name, JSON.stringify(template), 200), 'fine', name)
  await fc.assert(
    fc.asyncProperty(answer, async ([name, text, code]) => void (await ask(name, text, code))),
    {
      numRuns: 150,
      examples: [
        // An engine like Docker leaves these out where they are empty.
        [['list', JSON.stringify([{ ...listed, Ports: null, NetworkSettings: null }]), 200]],
        [['findImage', JSON.stringify({ ...image, Config: { ExposedPorts: { '0/tcp': {}, '99999/tcp': {}, x: {} } } }), 200]],
        [['usage', JSON.stringify({ memory_stats: { usage: null }, cpu_stats: null }), 200]],
      ],
    },
  )
}) // prettier-ignore

test('whose container it is, its name says: labels of another program make no other preview of it', async () => {
  const strange = fc.dictionary(fc.constantFrom(...Object.keys(labels), 'lotan.repository-name', 'lotan.sandbox'), fc.oneof(labelValues, nearTags))
  status = 200
  await fc.assert(
    fc.asyncProperty(strange, async (Labels) => {
      body = JSON.stringify([{ ...listed, Labels }])
      const [found, ...others] = await engine.list()
      assert.ok(found && others.length === 0)
      const { repository, tag, generation, port } = found
      assert.deepEqual({ repository, tag, generation }, { repository: '', tag: 'red', generation: 3 })
      assert.ok(port === null || isPort(port))
    }),
    { numRuns: 60, examples: [[{ 'lotan.generation': 'abc', 'lotan.tag': '../x', 'lotan.port': '-1' }]] },
  )
}) // prettier-ignore

const events = [
  { Action: 'die', Actor: { ID: id, Attributes: { ...labels, exitCode: '1' } }, timeNano: 1 },
  { Action: 'oom', Actor: { ID: id, Attributes: { 'lotan.sandbox': '4' } }, timeNano: 1 },
]

test('an event is one of a preview or of a sandbox, or the stream ends in an EngineError, wherever it is cut', async () => {
  status = 200
  const lines = fc.array(fc.oneof(fc.constantFrom(...events).chain(answers), fc.constant('')), { maxLength: 6 })
  let seen = 0
  await fc.assert(
    fc.asyncProperty(lines, fc.nat(400), async (lines, end) => {
      body = lines.join('\n').slice(0, -end + 1 || undefined) + (end % 2 ? '\n' : '')
      await endsWell(async () => {
        for await (const event of engine.events(new AbortController().signal)) {
          seen++
          assert.ok(['die', 'oom', 'destroy', 'start'].includes(event.action))
          if (event.sandbox === undefined) assert.equal(typeof event.preview, 'string')
        }
      })
    }),
    { numRuns: 100, examples: [[events.map((event) => JSON.stringify(event)), 1]] },
  )
  assert.ok(seen > 0)
})

const frames = [
  { status: 'Pulling from team/app', id: 'red' },
  { status: 'Pulling fs layer', id: 'a' },
  { status: 'Downloading', id: 'a', progressDetail: { current: 5, total: 10 } },
  { status: 'Extracting', id: 'a', progressDetail: { current: 5, total: 10 } },
  { status: 'Pull complete', id: 'a' },
  { status: 'Digest: sha256:ab' },
  { status: 'Status: Downloaded newer image' },
]

test('a pull reports numbers and ends, or an EngineError, whatever its lines say', async () => {
  status = 200
  const line = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...frames).chain((frame) => mangled(frame, { most: 2 })).map((it) => JSON.stringify(it)) },
    { weight: 1, arbitrary: fc.constantFrom('', '{', '{"error":"no space left on device"}', '{"error":{}}', 'null') },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      body = lines.join('\r\n')
      const seen: Progress[] = []
      await endsWell(() => engine.pull('r/app:red', { onProgress: (progress) => void seen.push(progress) }))
      for (const { bytes, total, layers, layersDone, percent } of seen) {
        assert.ok([bytes, total, layers, layersDone].every(isBytes), JSON.stringify(seen))
        assert.ok(percent >= 0 && percent <= 100, JSON.stringify(seen))
      }
    }),
    { numRuns: 80 },
  )
}) // prettier-ignore

test('any error becomes an EngineError', () => {
  const error = fc.oneof(
    fc.record({ statusCode: fc.integer(), code: fc.string(), message: fc.string(), json: fc.object() }, { requiredKeys: [], noNullPrototype: true }),
    fc.string(),
    fc.string().map((text) => new Error(text)),
  )
  fc.assert(fc.property(error, (error) => void assert.ok(engineError(error) instanceof EngineError)), { numRuns: 100 })
}) // prettier-ignore
