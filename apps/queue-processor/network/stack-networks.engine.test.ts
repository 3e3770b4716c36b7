/** The networks of stacks on a real engine: who finds whom by name, and what comes back after something went. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { openEngine } from '../../shared/engine/engine.ts'
import { openLog } from '../../shared/log.ts'
import { stackNetworkName } from '../../shared/slots/container-name.ts'
import { networkName, overlaps } from '../../shared/slots/slots.ts'
import { stackSubnetOf } from '../../shared/slots/stack-pool.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { containersWith, docker, removeByHand, removeNetworkByHand } from '../../testing/harness/docker.ts'
import { inside } from '../../testing/harness/reach.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { until } from '../../testing/harness/until.ts'
import { sandboxImage } from '../../shared/sandbox/sandbox-image.ts'
import { LEFT_MS } from './plan-stack-networks.ts'
import { openStackNetworks } from './stack-networks.ts'

const run = promisify(execFile)
const log = openLog('test', 'silent')

interface Told {
  Internal: boolean
  Options: Record<string, string>
  Labels: Record<string, string>
  Containers: Record<string, unknown>
}

interface Published {
  NetworkSettings: { Ports: Record<string, { HostPort: string }[]> }
}

describe('networks of stacks', { timeout: 300_000 }, () => {
  const instance = randomBytes(4).toString('hex')
  const label = { 'lotan.managed': 'true', 'lotan.instance': instance }
  const engine = openEngine({ dockerHost: surroundings.DOCKER_HOST ?? null, instance })
  let dir: string
  let image: string
  let store: Store
  let networks: ReturnType<typeof openStackNetworks>

  const open = (name: string) => {
    store = openStore(path.join(dir, name), { slots: 10, label: (tag) => tag, log })
    networks = openStackNetworks({ engine, store, config: { instance }, log })
  }
  const told = (name: string) => docker<Told>('GET', `/networks/${name}`)
  /** @param within seconds @returns where it finds that name; undefined where it finds none */
  const addressOf = async (container: string, name: string, within = 10) => {
    const said = await inside(container, [
      '/busybox',
      'sh',
      '-c',
      `/busybox timeout ${within} /busybox nslookup ${name} 127.0.0.11 || :`,
    ])
    return /Name:\s+\S+\s+Address: (\S+)/.exec(said)?.[1]
  }
  /** A container that sleeps, on the instance's network or a stack's. */
  async function sleeper(name: string, network: string, aliases: string[] = []): Promise<string> {
    const id = await engine.create({
      name: `lotan-test-${instance}-${name}`,
      Image: image,
      Labels: label,
      HostConfig: { NetworkMode: network },
      NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: aliases } } },
    })
    await engine.start(id)
    return id
  }

  before(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-stack-networks-'))
    image = await sandboxImage(engine)
    await engine.ensureNetwork(null)
    open('first.sqlite')
  })
  after(async () => {
    for (const { Id } of await containersWith(`lotan.instance=${instance}`)) await removeByHand(Id)
    for (const { id } of (await engine.remains()).networks) await removeNetworkByHand(id)
    store?.close()
    fs.rmSync(dir, { recursive: true, force: true })
  })

  test('a preview has one, made once, on its own bridge and without a way out', async () => {
    const [first, again] = await Promise.all([networks.network('red'), networks.network('red')])
    assert.deepEqual(again, first)
    const pool = store.facts.get('stackPool')!
    assert.deepEqual(first, { name: stackNetworkName(instance, 1), subnet: stackSubnetOf(pool, 1) })
    const { Internal, Options, Labels } = await told(first.name)
    assert.equal(Internal, true)
    assert.equal(Options['com.docker.network.bridge.name'], `lt${instance}1`)
    assert.deepEqual(Labels, { ...label, 'lotan.tag': 'red' })
    const other = await networks.network('api/red')
    assert.equal(other.subnet, stackSubnetOf(pool, 2))
  })

  test('who has joined is found by name there and nowhere else, and joining twice is harmless', async () => {
    const { name } = await networks.network('red')
    const app = await sleeper('app', networkName(instance))
    const db = await sleeper('db', name, ['db'])
    const stranger = await sleeper('stranger', (await networks.network('api/red')).name)
    for (let times = 0; times < 2; times++) await networks.join('red', app, ['app'])
    for (const from of [app, db]) {
      for (const part of ['app', 'db']) assert.ok(await addressOf(from, part), `${part} from ${from}`)
    }
    assert.equal(await addressOf(stranger, 'db', 2), undefined)
    const routes = await inside(app, ['/busybox', 'ip', 'route', 'show', 'default'])
    await engine.stop(app, 0)
    await networks.join('red', app, ['app'])
    await engine.start(app)
    assert.equal(await inside(app, ['/busybox', 'ip', 'route', 'show', 'default']), routes)
    assert.ok(await addressOf(app, 'db'), 'a kept one finds it after its sleep')
  })

  test('one that was pruned is made again the same, and those that were kept join it', async () => {
    const was = await networks.network('red')
    const kept = `lotan-test-${instance}-app`
    const db = `lotan-test-${instance}-db`
    for (const container of [kept, db]) await engine.stop(container, 0)
    await docker('DELETE', `/networks/${was.name}`)
    for (const container of [kept, db]) await assert.rejects(engine.start(container), { code: 'missing' })
    assert.deepEqual(await networks.network('red'), was)
    for (const [container, alias] of [
      [kept, 'app'],
      [db, 'db'],
    ] as const) {
      await networks.join('red', container, [alias])
      await engine.start(container)
    }
    assert.ok(await addressOf(kept, 'db'))
    assert.ok(await addressOf(db, 'app'))
  })

  test('a service joins the previews’ network too, at an address or at any, and then that is its way out', async () => {
    const { name } = await networks.network('red')
    const subnet = store.facts.get('subnet') ?? (await engine.ensureNetwork(null))
    const address = subnet.replace(/\.0\.0\/20$|\.(\d+)\.0\/20$/, (_, third?: string) => `.${Number(third ?? 0) + 7}.3`)
    const mail = await sleeper('mail', name, ['mail'])
    const addressIn = async () => (await inside(mail, ['/busybox', 'ip', '-4', 'address'])).includes(`${address}/20`)
    await networks.connectMain(mail, null)
    await networks.connectMain(mail, null)
    assert.equal(await addressIn(), false)
    for (let times = 0; times < 2; times++) {
      await networks.connectMain(mail, address)
      assert.ok(await addressIn())
    }
    await engine.stop(mail, 0)
    await networks.connectMain(mail, address)
    await engine.start(mail)
    assert.ok(await addressIn())
    const way = await inside(mail, ['/busybox', 'ip', 'route', 'show', 'default'])
    assert.ok(overlaps(subnet, [/via (\S+)/.exec(way)![1]!]), way)
    assert.ok(await addressOf(`lotan-test-${instance}-db`, 'mail'))
  })

  test('after a lost database each preview has its own again, and no other has it', async () => {
    const [red, api] = [await networks.network('red'), await networks.network('api/red')]
    store.close()
    open('second.sqlite')
    const pool = (await networks.network('new')).subnet
    assert.ok(!overlaps(pool, [red.subnet, api.subnet]))
    assert.deepEqual(await networks.network('red'), red)
    assert.deepEqual(await networks.network('api/red'), api)
    // An older back-up: by its rows this number is another preview's.
    store.stackNetworks.free('red')
    store.stackNetworks.adopt('green', 1)
    const green = await networks.network('green')
    assert.notEqual(green.name, red.name)
    assert.deepEqual(await networks.network('red'), red)
  })

  test('where another network took a part of the pool, another is chosen, and what is there stays', async () => {
    const red = await networks.network('red')
    const was = store.facts.get('stackPool')!
    const foreign = `lotan-test-${instance}-foreign`
    const Config = [{ Subnet: stackSubnetOf(was, 1_900) }]
    await docker('POST', '/networks/create', { Name: foreign, Labels: label, IPAM: { Config } })
    try {
      const blue = await networks.network('blue')
      const pool = store.facts.get('stackPool')!
      assert.ok(!overlaps(pool, [was]), pool)
      assert.ok(overlaps(pool, [blue.subnet]))
      assert.deepEqual(await networks.network('red'), red)
    } finally {
      await removeNetworkByHand(foreign)
    }
  })

  test('a number whose bridge is another’s is passed over', async () => {
    const next = Math.max(...store.stackNetworks.list().map(({ number }) => number)) + 1
    const foreign = `lotan-test-${instance}-bridge`
    const Options = { 'com.docker.network.bridge.name': `lt${instance}${next}` }
    await docker('POST', '/networks/create', { Name: foreign, Labels: label, Options })
    try {
      const { name } = await networks.network('pink')
      assert.equal(name, stackNetworkName(instance, next + 1))
    } finally {
      await removeNetworkByHand(foreign)
    }
  })

  test('where slots are ports they lead to a container as before, whether it joins before its start or later', async () => {
    await networks.network('port')
    const greets = '/busybox nc -ll -p 80 -e /busybox echo greetings'
    const id = await engine.create({
      Image: image,
      Cmd: ['/busybox', 'sh', '-c', greets],
      User: '0:0',
      Labels: label,
      ExposedPorts: { '80/tcp': {} },
      HostConfig: {
        NetworkMode: networkName(instance),
        PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] },
      },
    })
    const isReached = async () => {
      const { NetworkSettings } = await docker<Published>('GET', `/containers/${id}/json`)
      const port = Number(NetworkSettings.Ports['80/tcp']![0]!.HostPort)
      const socket = net.connect(port, '127.0.0.1')
      return text(socket).then(
        (said) => said.includes('greetings'),
        () => false,
      )
    }
    await engine.start(id)
    await until('the port leads there', isReached)
    await networks.join('port', id, ['app'])
    assert.ok(await isReached())
    await engine.stop(id, 0)
    await networks.join('port', id, ['app'])
    await engine.start(id)
    await until('the port leads there again', isReached)
    assert.ok(await addressOf(id, 'app'))
  })

  test('eight at once, and gone again, leave nothing: neither networks nor bridges nor rules of the engine', async () => {
    const ids = Array.from({ length: 8 }, (_, n) => `many-${n}`)
    const made = await Promise.all(ids.map((id) => networks.network(id)))
    assert.equal(new Set(made.map(({ subnet }) => subnet)).size, 8)
    const numbers = ids.map((id) => store.stackNetworks.of(id)!)
    const bridges = () => numbers.filter((number) => fs.existsSync(`/sys/class/net/lt${instance}${number}`))
    assert.equal(bridges().length, 8)
    const rulesOfThese = async () => {
      const { stdout } = await run('iptables-save')
      return stdout.split('\n').filter((rule) => numbers.some((number) => rule.includes(`lt${instance}${number} `)))
    }
    assert.equal((await rulesOfThese()).length, 24)
    await Promise.all(ids.map((id) => networks.remove(id)))
    assert.deepEqual(bridges(), [])
    assert.deepEqual(await rulesOfThese(), [])
  })

  test('it goes with all that hangs on it, and its number rests', async () => {
    const { name } = await networks.network('red')
    await networks.remove('red')
    await networks.remove('red')
    await assert.rejects(told(name), /404/)
    assert.equal(store.stackNetworks.of('red'), undefined)
    assert.notEqual((await networks.network('red')).name, name)
    const { State } = await docker<{ State: { Running: boolean } }>(
      'GET',
      `/containers/lotan-test-${instance}-app/json`,
    )
    assert.ok(State.Running)
  })

  test('what a crash has left goes after a minute: networks of previews without a container, and strays', async () => {
    const { name } = await networks.network('red')
    const stray = stackNetworkName(instance, 1_999)
    await docker('POST', '/networks/create', { Name: stray, Internal: true, Labels: { ...label, 'lotan.tag': 'red' } })
    // A service that has ended keeps its preview's.
    const kept = await networks.network('kept')
    const id = await engine.create({
      Image: image,
      Labels: { ...label, 'lotan.tag': 'kept' },
      HostConfig: { NetworkMode: kept.name },
    })
    const names = async () => (await engine.listStackNetworks()).own.map((network) => network.name)
    await networks.sweep(0)
    const before = await names()
    assert.ok([name, stray, kept.name].every((one) => before.includes(one)))
    await networks.sweep(LEFT_MS)
    assert.deepEqual(await names(), [kept.name])
    assert.equal(store.stackNetworks.of('red'), undefined)
    await removeByHand(id)
    assert.equal(await networks.sweep(2 * LEFT_MS), true)
    assert.equal(await networks.sweep(3 * LEFT_MS), true)
    assert.equal(await networks.sweep(3 * LEFT_MS), false, 'there is nothing to look for any more')
    assert.deepEqual(await names(), [])
  })
})
