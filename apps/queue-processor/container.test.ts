import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Image } from '../shared/preview.ts'
import { containerOf, nameOf, portOf, type ContainerFacts } from './container.ts'

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
    repository: 'registry.example.com/team/app',
    containerEnv: { NODE_ENV: 'production', LOTAN_TAG: 'forged' },
    limits: { memory: '512m', cpus: 1, pids: 512 },
  },
  tag: 'pr-3001',
  generation: 7,
  image,
  program: ['node', 'server.js'],
  port: 80,
  place: { address: '10.83.0.9', published: null },
  host: 'pr-3001.previews.example.com',
  url: 'https://pr-3001.previews.example.com',
}

function labelled(labels: Record<string, string>) {
  return containerOf({ ...facts, image: { ...image, labels } })
}

test('a container gets its name, its labels, its address and what tells it where it is', () => {
  const { options } = containerOf(facts)
  assert.equal(options.name, 'lotan-0a1b2c3d-pr-3001-7')
  assert.equal(options.name, nameOf('0a1b2c3d', 'pr-3001', 7))
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

test('a container is fenced in', () => {
  assert.deepEqual(containerOf(facts).options.HostConfig, {
    NetworkMode: 'lotan-0a1b2c3d',
    RestartPolicy: { Name: 'no' },
    Init: true,
    Memory: 512 * 1024 ** 2,
    MemorySwap: 512 * 1024 ** 2,
    CpuPeriod: 100_000,
    CpuQuota: 100_000,
    PidsLimit: 512,
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

test('a label that cannot be used is a notice, and the setting holds', () => {
  const bad: [label: string, value: string][] = [
    ['lotan.memory', 'lots'],
    ['lotan.memory', '1m'],
    ['lotan.cpus', '0'],
    ['lotan.cpus', '-1'],
    ['lotan.stop-signal', 'SIGNONSENSE'],
    ['lotan.ready-path', 'healthz'],
    ['lotan.ready-path', '/a\r\nX-Evil: 1'],
    ['lotan.port', 'http'],
    ['lotan.port', '0'],
    ['lotan.port', '65536'],
  ]
  for (const [label, value] of bad) {
    const { options, readyPath, notices } = labelled({ [label]: value })
    assert.equal(notices.length, 1, value)
    assert.match(notices[0]!, new RegExp(`${label}=`))
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

test('an image that brings its own init keeps it', () => {
  const cases: [program: string[], init: boolean][] = [
    [['/init'], false],
    [['/sbin/tini', '--', 'node', 'server.js'], false],
    [['dumb-init', 'node'], false],
    [['/docker-entrypoint.sh', 'nginx'], true],
    [[], true],
  ]
  for (const [program, init] of cases)
    assert.equal(containerOf({ ...facts, program }).options.HostConfig?.Init, init, program.join(' '))
})

test('a container is where its slot is: at an address of the network, or behind a port of 127.0.0.1 alone', () => {
  const at = containerOf(facts).options
  assert.deepEqual(at.NetworkingConfig?.EndpointsConfig, {
    'lotan-0a1b2c3d': { IPAMConfig: { IPv4Address: '10.83.0.9' } },
  })
  assert.deepEqual([at.ExposedPorts, at.HostConfig?.PortBindings], [undefined, undefined])

  const behind = containerOf({ ...facts, port: 3000, place: { address: null, published: 20_017 } }).options
  assert.deepEqual(behind.NetworkingConfig?.EndpointsConfig, { 'lotan-0a1b2c3d': {} })
  assert.deepEqual(behind.ExposedPorts, { '3000/tcp': {} })
  assert.deepEqual(behind.HostConfig?.PortBindings, { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '20017' }] })
  assert.deepEqual({ ...behind.HostConfig, PortBindings: null }, { ...at.HostConfig, PortBindings: null })
})

test('a kept container fits as long as nothing but its place is another', () => {
  const { spec } = containerOf(facts)
  assert.equal(containerOf({ ...facts, place: { address: '10.83.0.77', published: null } }).spec, spec)
  assert.equal(containerOf({ ...facts, place: { address: null, published: 20_017 } }).spec, spec)
  assert.notEqual(containerOf({ ...facts, url: 'http://pr-3001.previews.example.com:8081' }).spec, spec)
  assert.notEqual(containerOf({ ...facts, config: { ...facts.config, containerEnv: {} } }).spec, spec)
  assert.notEqual(labelled({ 'lotan.memory': '1g' }).spec, spec)
})
