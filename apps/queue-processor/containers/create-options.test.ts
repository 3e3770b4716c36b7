import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { labelValues } from '../../testing/arbitraries/texts.ts'
import { containerPort, imageLabels, program as programs } from '../../testing/arbitraries/images.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import type { Image } from '../../shared/preview/preview.ts'
import { demandsFirstProcess } from './first-process.ts'
import { portOf } from '../../shared/config/image-labels.ts'
import { createOptionsOf, type ContainerFacts } from './create-options.ts'
import { repositoriesAt } from '../../testing/harness/repositories.ts'

const image: Image = {
  id: 'sha256:1234',
  digest: 'sha256:abcd',
  pulled: true,
  bytes: 1_000,
  created: null,
  labels: {},
  ports: [80],
}

const facts: ContainerFacts = {
  config: {
    instance: '0a1b2c3d',
    repositories: repositoriesAt('registry.example.com/team/app'),
    containerEnv: { NODE_ENV: 'production', LOTAN_TAG: 'forged' },
    containerSecrets: {},
    limits: { memory: '512m', cpus: 1, pids: 512, disk: '2g', diskMax: '4g' },
    ceilings: { memory: '2g', cpus: 2 },
    stopAfter: 600_000,
  },
  id: 'pr-3001',
  generation: 7,
  image,
  program: ['node', 'server.js'],
  needsFirstProcess: false,
  port: 80,
  hostPort: { address: '10.83.0.9', published: null },
  sandbox: null,
  groupParent: '/',
  host: 'pr-3001.previews.example.com',
  url: 'https://pr-3001.previews.example.com',
  trusted: true,
  pairs: [],
  pairFront: null,
  part: null,
}

test('secrets are for what is trusted, win over the other variables, and make another container', () => {
  const config = { ...facts.config, containerSecrets: { NODE_ENV: 'staging', API_KEY: 'k-1' } }
  const trusted = createOptionsOf({ ...facts, config })
  const others = createOptionsOf({ ...facts, config, trusted: false })
  assert.deepEqual(trusted.options.Env!.slice(0, 3), ['NODE_ENV=staging', 'LOTAN_TAG=pr-3001', 'API_KEY=k-1'])
  assert.doesNotMatch(JSON.stringify(others), /k-1|staging|API_KEY/)
  assert.notEqual(trusted.spec, others.spec)
})

function labelled(labels: Record<string, string>) {
  return createOptionsOf({ ...facts, image: { ...image, labels } })
}

test('a container gets its name, its labels, its address and what tells it where it is', () => {
  const { options } = createOptionsOf(facts)
  assert.equal(options.name, 'lotan-0a1b2c3d-pr-3001-7')
  assert.equal(options.name, 'lotan-0a1b2c3d-pr-3001-7')
  assert.equal(options.Image, 'sha256:1234')
  assert.deepEqual(options.Env, [
    'NODE_ENV=production',
    'LOTAN_TAG=pr-3001',
    'LOTAN_HOST=pr-3001.previews.example.com',
    'LOTAN_URL=https://pr-3001.previews.example.com',
  ])
  assert.deepEqual(
    { ...options.Labels, 'lotan.spec': '' },
    {
      'lotan.managed': 'true',
      'lotan.instance': '0a1b2c3d',
      'lotan.repository': 'registry.example.com/team/app',
      'lotan.tag': 'pr-3001',
      'lotan.generation': '7',
      'lotan.image': 'sha256:1234',
      'lotan.pulled': 'true',
      'lotan.digest': 'sha256:abcd',
      'lotan.port': '80',
      'lotan.spec': '',
    },
  )
  assert.deepEqual(options.NetworkingConfig, {
    EndpointsConfig: { 'lotan-0a1b2c3d': { IPAMConfig: { IPv4Address: '10.83.0.9' } } },
  })
})

test('a container is fenced in, and runs no check of its image', () => {
  assert.deepEqual(createOptionsOf(facts).options.Healthcheck, { Test: ['NONE'] })
  assert.deepEqual(createOptionsOf(facts).options.HostConfig, {
    NetworkMode: 'lotan-0a1b2c3d',
    RestartPolicy: { Name: 'no' },
    Init: true,
    Memory: 512 * 1024 ** 2,
    MemorySwap: 512 * 1024 ** 2,
    CgroupParent: '/',
    CpuPeriod: 100_000,
    CpuQuota: 100_000,
    CpuShares: 1_024,
    PidsLimit: 512,
    OomScoreAdj: 500,
    Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
    SecurityOpt: ['no-new-privileges'],
    CapDrop: ['ALL'],
    CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'],
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
  })
})

test('an image’s labels win over the settings', () => {
  const { options, readyPath, memory, notices } = labelled({
    'lotan.memory': '1g',
    'lotan.cpus': '0.5',
    'lotan.stop-signal': 'quit',
    'lotan.ready-path': '/healthz?deep=1',
  })
  assert.equal(options.HostConfig?.Memory, 1024 ** 3)
  assert.equal(options.HostConfig?.MemorySwap, 1024 ** 3)
  assert.equal(options.HostConfig?.CpuQuota, 50_000)
  assert.equal(options.StopSignal, 'SIGQUIT')
  assert.equal(readyPath, '/healthz?deep=1')
  assert.equal(memory, '1g')
  assert.deepEqual(notices, [])
})

test('a label that asks for more than the ceilings is cut, with a notice', () => {
  const { options, memory, notices } = labelled({
    'lotan.memory': '18g',
    'lotan.cpus': '64',
    'lotan.inactivity-stop-minutes': '99999',
  })
  assert.deepEqual([options.HostConfig?.Memory, options.HostConfig?.MemorySwap], [2 * 1024 ** 3, 2 * 1024 ** 3])
  assert.equal(options.HostConfig?.CpuQuota, 200_000)
  assert.equal(memory, '2g')
  assert.deepEqual(notices, [
    "The image's label lotan.memory=18g is cut at 2g: LOTAN_CONTAINER_MEMORY_MAX allows no more.",
    "The image's label lotan.cpus=64 is cut at 2: LOTAN_CONTAINER_CPUS_MAX allows no more.",
    "The image's label lotan.inactivity-stop-minutes=99999 is cut at 10080.",
  ])
  const upTo = labelled({ 'lotan.memory': '2048m', 'lotan.cpus': '2', 'lotan.inactivity-stop-minutes': '10080' })
  assert.deepEqual(upTo.notices, [])
})

test('a label that cannot be used is a notice, and the setting holds', () => {
  const bad: [label: string, value: string][] = [
    ['lotan.memory', 'lots'],
    ['lotan.memory', '1m'],
    ['lotan.cpus', '0'],
    ['lotan.cpus', '-1'],
    ['lotan.disk', 'lots'],
    ['lotan.disk', '4097m'],
    ['lotan.stop-signal', 'SIGNONSENSE'],
    ['lotan.ready-path', 'healthz'],
    ['lotan.ready-path', '/a\r\nX-Evil: 1'],
    ['lotan.port', 'http'],
    ['lotan.port', '0'],
    ['lotan.port', '65536'],
    ['lotan.init', 'yes'],
    ['lotan.cpus', 'NaN'],
    ['lotan.cpus', '1e9'],
    ['lotan.memory', '-1g'],
    ['lotan.memory', '٣g'],
    ['lotan.memory', '9'.repeat(1_000_000)],
    ['lotan.inactivity-stop-minutes', '-5'],
    ['lotan.max-lifetime-minutes', 'Infinity'],
  ]
  for (const [label, value] of bad) {
    const { options, readyPath, notices } = labelled({ [label]: value })
    assert.equal(notices.length, 1, value)
    assert.match(
      notices[0]!,
      new RegExp(
        `^The image's label ${label}=[^\\r\\n]{0,101} is (not used: .{5,200}|cut at 4g: LOTAN_CONTAINER_DISK_MAX allows no more)\\.$`,
      ),
    )
    assert.equal(options.HostConfig?.Init, true)
    assert.equal(options.HostConfig?.Memory, 512 * 1024 ** 2)
    assert.equal(options.HostConfig?.CpuQuota, 100_000)
    assert.equal(options.StopSignal, undefined)
    assert.equal(readyPath, null)
  }
})

test('an image cannot take over Lotan’s own labels', () => {
  const { options } = labelled({ 'lotan.instance': 'ffffffff', 'lotan.tag': 'other', 'lotan.pulled': 'false' })
  assert.equal(options.Labels?.['lotan.instance'], '0a1b2c3d')
  assert.equal(options.Labels?.['lotan.tag'], 'pr-3001')
  assert.equal(options.Labels?.['lotan.pulled'], 'true')
})

test('the port is the label’s, else the setting, else the only one exposed, else 80', () => {
  const cases: [labels: Record<string, string>, setting: number | null, ports: number[], port: number][] = [
    [{ 'lotan.port': '3000' }, 4000, [5000], 3000],
    [{}, 4000, [5000], 4000],
    [{}, null, [5000], 5000],
    [{}, null, [5000, 6000], 80],
    [{}, null, [], 80],
    [{ 'lotan.port': 'nonsense' }, null, [5000], 5000],
  ]
  for (const [labels, setting, ports, port] of cases) assert.equal(portOf({ labels, ports }, setting), port)
})

test('an image that brings its own init keeps it, wherever that stands; a label overrules what is found', () => {
  const cases: [program: string[], init: boolean][] = [
    [['/init'], false],
    [['init'], false],
    [['/sbin/tini', '--', 'node', 'server.js'], false],
    [['dumb-init', 'node'], false],
    [['/entry.sh', '/init'], false],
    [['/bin/sh', '-c', 'prepare && exec /init'], false],
    [['/entry.sh', '/lib/systemd/systemd'], false],
    [['/docker-entrypoint.sh', 'nginx'], true],
    [['npm', 'init'], true],
    [['sh', '-c', 'rails db:init; /app/init --now'], true],
    [['node', 'server.js', '--init'], true],
    [[], true],
  ]
  for (const [program, init] of cases) {
    const { options, initGuessed } = createOptionsOf({ ...facts, program })
    assert.deepEqual([options.HostConfig?.Init, initGuessed], [init, init], program.join(' '))
  }
  assert.equal(labelled({ 'lotan.init': '0' }).options.HostConfig?.Init, false)
  const wanted = createOptionsOf({ ...facts, program: ['/init'], image: { ...image, labels: { 'lotan.init': '1' } } })
  assert.deepEqual([wanted.options.HostConfig?.Init, wanted.initGuessed], [true, false])
  assert.equal(createOptionsOf({ ...facts, needsFirstProcess: true }).options.HostConfig?.Init, false)
})

test('a program that has to be the first process is known by what it says', () => {
  for (const line of [
    's6-overlay-suexec: fatal: can only run as pid 1',
    'runit: fatal: must be run as process no 1.',
    'init: must be run as PID 1',
  ])
    assert.ok(demandsFirstProcess(['starting', line]), line)
  for (const line of ['worker 1 has to wait for process 12', 'only 1 process', 'started process [1]'])
    assert.ok(!demandsFirstProcess([line]), line)
})

test('a container is where its slot is: at an address of the network, or behind a port of 127.0.0.1 alone', () => {
  const at = createOptionsOf(facts).options
  assert.deepEqual(at.NetworkingConfig?.EndpointsConfig, {
    'lotan-0a1b2c3d': { IPAMConfig: { IPv4Address: '10.83.0.9' } },
  })
  assert.deepEqual([at.ExposedPorts, at.HostConfig?.PortBindings], [undefined, undefined])

  const behind = createOptionsOf({ ...facts, port: 3000, hostPort: { address: null, published: 20_017 } }).options
  assert.deepEqual(behind.NetworkingConfig?.EndpointsConfig, { 'lotan-0a1b2c3d': {} })
  assert.deepEqual(behind.ExposedPorts, { '3000/tcp': {} })
  assert.deepEqual(behind.HostConfig?.PortBindings, { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '20017' }] })
  assert.deepEqual({ ...behind.HostConfig, PortBindings: null }, { ...at.HostConfig, PortBindings: null })
})

test('a kept container fits as long as nothing but its place is another', () => {
  const { spec } = createOptionsOf(facts)
  assert.equal(createOptionsOf({ ...facts, hostPort: { address: '10.83.0.77', published: null } }).spec, spec)
  assert.equal(createOptionsOf({ ...facts, hostPort: { address: null, published: 20_017 } }).spec, spec)
  assert.notEqual(createOptionsOf({ ...facts, url: 'http://pr-3001.previews.example.com:8081' }).spec, spec)
  assert.notEqual(createOptionsOf({ ...facts, config: { ...facts.config, containerEnv: {} } }).spec, spec)
  assert.notEqual(labelled({ 'lotan.memory': '1g' }).spec, spec)
})

test('a container is told where its pairs are, and finds them at the front where previews reach that', () => {
  const at = (host: string) => ({ name: 'LOTAN_URL_API', url: `https://${host}`, host })
  const paired = { ...facts, pairs: [at('pr-3001.api.previews.example.com')], pairFront: '10.83.0.1' }
  const { options, spec, pairHosts } = createOptionsOf(paired)
  assert.ok(options.Env!.includes('LOTAN_URL_API=https://pr-3001.api.previews.example.com'))
  assert.deepEqual(options.HostConfig!.ExtraHosts, ['pr-3001.api.previews.example.com:10.83.0.1'])
  assert.deepEqual(pairHosts, { address: '10.83.0.1', hosts: ['pr-3001.api.previews.example.com'] })

  // The engine refuses hosts of a container that joins another's network.
  const joined = createOptionsOf({ ...paired, sandbox: 3 })
  assert.equal(joined.options.HostConfig!.ExtraHosts, undefined)
  assert.deepEqual([joined.pairHosts, joined.spec], [pairHosts, spec])

  const unreached = createOptionsOf({ ...paired, pairFront: null })
  assert.deepEqual([unreached.options.HostConfig!.ExtraHosts, unreached.pairHosts.hosts], [undefined, []])
  assert.deepEqual(unreached.options.Env, options.Env)
  const fallback = createOptionsOf({ ...paired, pairs: [at('main.api.previews.example.com')] })
  const specs = [spec, unreached.spec, fallback.spec, createOptionsOf(facts).spec]
  assert.equal(new Set(specs).size, 4)
})

test('whatever an image’s author writes, a container gets no more than the settings allow', () => {
  const { ceilings, limits } = facts.config
  fc.assert(
    fc.property(imageLabels, fc.array(containerPort, { maxLength: 3 }), programs, (labels, ports, program) => {
      const port = portOf({ labels, ports }, null)
      assert.ok(Number.isInteger(port) && port >= 1 && port <= 65_535)
      const { options, readyPath, notices } = createOptionsOf({ ...facts, image: { ...image, labels }, program, port })
      const { HostConfig: host = {}, Labels, StopSignal, Env, Cmd, Entrypoint, User } = options
      assert.ok(host.Memory! > 0 && host.Memory! <= bytesOf(ceilings.memory)!, `${host.Memory}`)
      assert.ok(host.CpuQuota! >= 1_000 && host.CpuQuota! <= ceilings.cpus * 100_000, `${host.CpuQuota}`)
      assert.deepEqual([host.PidsLimit, host.MemorySwap], [limits.pids, host.Memory])
      assert.deepEqual([host.CapDrop, host.SecurityOpt], [['ALL'], ['no-new-privileges']])
      for (const name of ['Binds', 'Mounts', 'Privileged', 'Devices', 'PidMode', 'IpcMode', 'UsernsMode'] as const)
        assert.equal(host[name], undefined, name)
      assert.deepEqual([Cmd, Entrypoint, User], [undefined, undefined, undefined])
      assert.equal(Labels!['lotan.tag'], facts.id)
      assert.deepEqual(Env, createOptionsOf(facts).options.Env)
      assert.match(StopSignal ?? 'SIGTERM', /^(SIG[A-Z0-9]+|\d+)$/)
      assert.match(readyPath ?? '/', /^\/[\x21-\x7e]*$/)
      for (const notice of notices) assert.ok(notice.length < 400 && !/[\n\r\0]/.test(notice), notice)
    }),
    { numRuns: 300 },
  )
})

test('an image that is changed in nothing but labels that mean nothing gets the same container', () => {
  fc.assert(
    fc.property(labelValues, (text) => {
      assert.equal(labelled({ 'org.opencontainers.image.title': text, 'lotan.unknown': text }).spec, createOptionsOf(facts).spec)
    }),
    { numRuns: 50 },
  )
}) // prettier-ignore

test('a program that talks on its terminal is made with one, and is another container; other words are told', () => {
  const attached = labelled({ 'lotan.connection': 'attach' })
  const { OpenStdin, Tty } = attached.options
  assert.deepEqual([OpenStdin, Tty], [true, true])
  assert.notEqual(attached.spec, labelled({}).spec)
  assert.equal(labelled({ 'lotan.connection': 'exec' }).spec, labelled({}).spec)
  assert.equal(labelled({ 'lotan.kind': 'ssh' }).kind, 'ssh')
  const wrong = labelled({ 'lotan.connection': 'both', 'lotan.kind': 'telnet' })
  assert.equal(wrong.spec, labelled({}).spec)
  assert.deepEqual(
    [wrong.kind, ...wrong.notices],
    [
      'web',
      "The image's label lotan.kind=telnet is not used: write web or ssh.",
      "The image's label lotan.connection=both is not used: write exec or attach.",
    ],
  )
})
