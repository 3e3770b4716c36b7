/** Who reaches whom of two stacks, with real rules: services are shut in, unless their stack says otherwise. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { openEngine } from '../../shared/engine/engine.ts'
import { openLog } from '../../shared/log.ts'
import { serviceSlots } from '../../shared/slots/service-slots.ts'
import { addressOf, gatewayOf, networkName } from '../../shared/slots/slots.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { request } from '../../testing/clients/http.ts'
import {
  bridgeAddress,
  containersWith,
  docker,
  removeByHand,
  removeImageByHand,
  removeNetworkByHand,
} from '../../testing/harness/docker.ts'
import { openOutside, openService, reachedFrom, removeFirewallByHand } from '../../testing/harness/reach.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { until } from '../../testing/harness/until.ts'
import { buildApp } from '../../testing/images/build.ts'
import { openFirewall } from './firewall.ts'
import { openStackNetworks } from './stack-networks.ts'

const run = promisify(execFile)
const log = openLog('test', 'silent')

/** The first address of a stack's /27 is its bridge's. */
const bridgeOf = (subnet: string) => subnet.replace(/(\d+)\/27$/, (_, last: string) => String(Number(last) + 1))

describe('the firewall of stacks', { timeout: 300_000 }, () => {
  const instance = randomBytes(4).toString('hex')
  const engine = openEngine({ dockerHost: surroundings.DOCKER_HOST ?? null, instance })
  const firewall = openFirewall({ engine, config: { instance }, log })
  const image = `lotan-test/stack-firewall-${instance}:app`
  const at: Record<string, { id: string; main?: string; stack: string }> = {}
  let dir: string
  let store: Store
  let networks: ReturnType<typeof openStackNetworks>
  let service: Awaited<ReturnType<typeof openService>>
  let outside: Awaited<ReturnType<typeof openOutside>>
  let targets: Record<string, string>
  let main: string

  /** @param main its address on the previews' network; null for any */
  async function make(
    preview: string,
    name: string,
    { main: address, isApplication = false }: { main?: string | null; isApplication?: boolean },
  ) {
    // prettier-ignore
    const { name: stack } = await networks.network(preview)
    const network = isApplication ? networkName(instance) : stack
    const endpoint = isApplication ? { IPAMConfig: { IPv4Address: address! } } : { Aliases: [name] }
    const id = await engine.create({
      Image: image,
      Labels: { 'lotan.managed': 'true', 'lotan.instance': instance },
      HostConfig: { NetworkMode: network },
      NetworkingConfig: { EndpointsConfig: { [network]: endpoint } },
    })
    if (isApplication) await networks.join(preview, id, [name])
    else if (address !== undefined) await networks.connectMain(id, address)
    await engine.start(id)
    const { NetworkSettings } = await docker<{ NetworkSettings: { Networks: Record<string, { IPAddress: string }> } }>(
      'GET',
      `/containers/${id}/json`,
    )
    const addressIn = (name: string) => NetworkSettings.Networks[name]?.IPAddress
    at[name] = { id, main: addressIn(networkName(instance)), stack: addressIn(stack)! }
    await until(`${name} answers`, () => request(80, { host: 'app', address: at[name]!.stack }))
  }

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-stack-firewall-'))
    store = openStore(path.join(dir, 'lotan.sqlite'), { slots: 10, label: (tag) => tag, log })
    networks = openStackNetworks({ engine, store, config: { instance }, log })
    main = await engine.ensureNetwork(null)
    service = await openService()
    outside = await openOutside(process.pid % 64)
    await buildApp(image)
    await make('red', 'app', { main: addressOf(main, 1), isApplication: true })
    await make('red', 'db', {})
    await make('red', 'mail', { main: addressOf(main, serviceSlots({ egress: false }).first) })
    await make('red', 'worker', { main: null })
    await make('blue', 'other', { main: addressOf(main, 2), isApplication: true })
    await make('blue', 'secret', {})
    const [red, blue] = [await networks.network('red'), await networks.network('blue')]
    targets = {
      'its application by name': 'app:80',
      'its database by name': 'db:80',
      'its mail catcher by name': 'mail:80',
      'the mail catcher’s second host': `${at.mail!.main}:80`,
      'the other preview': `${at.other!.main}:80`,
      'the other preview in its stack': `${at.other!.stack}:80`,
      'the other database': `${at.secret!.stack}:80`,
      'this machine at the stack': `${bridgeOf(red.subnet)}:${service.port}`,
      'this machine at the other stack': `${bridgeOf(blue.subnet)}:${service.port}`,
      'this machine at the network': `${gatewayOf(main)}:${service.port}`,
      'this machine elsewhere': `${await bridgeAddress()}:${service.port}`,
      'a link-local address': `${outside.linkLocal}:80`,
      'another machine': `${outside.address}:80`,
    }
  })
  after(async () => {
    for (const { Id } of await containersWith(`lotan.instance=${instance}`)) await removeByHand(Id)
    await removeImageByHand(image)
    for (const { id } of (await engine.remains()).networks) await removeNetworkByHand(id)
    await removeFirewallByHand(instance)
    await outside?.close()
    service?.close()
    store?.close()
    await fs.rm(dir, { recursive: true, force: true })
  })

  const reached = async (name: string) => {
    const found = await reachedFrom(at[name]!.id, Object.values(targets))
    return Object.entries(targets).flatMap(([what, target]) => (found.includes(target) ? [what] : []))
  }
  const own = ['its application by name', 'its database by name', 'its mail catcher by name']
  /** Its own address is one of the previews' network. */
  const ownHost = 'the mail catcher’s second host'

  test('keeps a service off this machine, others and the world outside; an application’s ways stay', async () => {
    const open = await reached('db')
    assert.ok(open.includes('this machine at the stack') && open.includes('this machine elsewhere'), open.join(', '))
    const calling = await reached('mail')
    assert.ok(calling.includes('another machine'), calling.join(', '))

    assert.equal(await firewall.setUp(main), undefined)
    assert.equal(await firewall.isSetUp([]), true)
    assert.deepEqual(await reached('db'), own)
    assert.deepEqual(await reached('app'), [...own, 'another machine'])
    assert.deepEqual(await reached('mail'), [...own, ownHost])
    assert.deepEqual(await reached('worker'), [...own, 'another machine'], 'it has a way out')
    const { status } = await request(80, { host: 'app', address: at.mail!.main! })
    assert.equal(status, 200, 'this machine reaches the second host')
  })

  test('by this instance’s rules alone, too: the engine’s own are taken away now and then', async () => {
    const pid = async (name: string) =>
      (await docker<{ State: { Pid: number } }>('GET', `/containers/${at[name]!.id}/json`)).State.Pid
    // As some engines give it to each: the way through this machine.
    const through = bridgeOf((await networks.network('red')).subnet)
    await run('nsenter', [`--net=/proc/${await pid('db')}/ns/net`, 'ip', 'route', 'replace', 'default', 'via', through])
    // Not taken away, since others need them: this lets through before them whatever they would stop.
    const rules = ['-s', '-d'].map((way) => ['FORWARD', way, at.db!.stack, '-j', 'ACCEPT'])
    const removeThem = async () => {
      for (const rule of rules) await run('iptables', ['-w', '-D', ...rule])
    }
    // The engine puts its own first again with each network that it makes, for another test too.
    const putFirst = async () => {
      await removeThem()
      for (const rule of rules) await run('iptables', ['-w', '-I', ...rule])
    }
    for (const rule of rules) await run('iptables', ['-w', '-I', ...rule])
    try {
      assert.deepEqual(await reached('db'), own)
      await run('iptables', ['-w', '-t', 'mangle', '-F', `LOTAN-${instance}`])
      await until('without our rules it reaches the other database', async () => {
        await putFirst()
        return (await reached('db')).includes('the other database')
      })
      assert.equal(await firewall.isSetUp([]), false)
    } finally {
      await removeThem()
      assert.equal(await firewall.setUp(main), undefined)
    }
    assert.equal(await firewall.isSetUp([]), true)
  })
})
