/** The firewall of the machine itself, with real rules: what previews reach, and what they do not. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { openEngine } from '../../shared/engine/engine.ts'
import { openLog } from '../../shared/log.ts'
import { addressOf, gatewayOf, networkName } from '../../shared/slots/slots.ts'
import {
  bridgeAddress,
  docker,
  removeByHand,
  removeImageByHand,
  removeNetworkByHand,
} from '../../testing/harness/docker.ts'
import { request } from '../../testing/clients/http.ts'
import { buildApp } from '../../testing/images/build.ts'
import {
  inside,
  openOutside,
  openService,
  reachedFrom,
  removeFirewallByHand,
  rulesWith,
} from '../../testing/harness/reach.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { until } from '../../testing/harness/until.ts'
import { openFirewall } from './firewall.ts'

const run = promisify(execFile)
const log = openLog('test', 'silent')

/** Connects every few milliseconds, for 4 s. */
const knock = `
  const net = require('node:net')
  let [tries, through] = [0, 0]
  const knocking = setInterval(() => {
    tries++
    const socket = net.connect(80, process.argv[1])
    socket.on('connect', () => (through++, socket.destroy())).on('error', () => {})
    setTimeout(() => socket.destroy(), 250)
  }, 4)
  setTimeout(() => clearInterval(knocking), 4_000)
  setTimeout(() => console.log(JSON.stringify({ tries, through })), 4_500)`

describe('the firewall', { timeout: 300_000 }, () => {
  const instance = randomBytes(4).toString('hex')
  const engine = openEngine({ dockerHost: surroundings.DOCKER_HOST ?? null, instance })
  const firewall = openFirewall({ engine, config: { instance }, log })
  const image = `lotan-test/firewall-${instance}:app`
  const previews: string[] = []
  let subnet: string
  let service: Awaited<ReturnType<typeof openService>>
  let outside: Awaited<ReturnType<typeof openOutside>>

  before(async () => {
    subnet = await engine.ensureNetwork(null)
    service = await openService()
    outside = await openOutside(process.pid % 64)
    await buildApp(image)
    for (const slot of [1, 2]) {
      const id = await engine.create({
        Image: image,
        HostConfig: { NetworkMode: networkName(instance) },
        NetworkingConfig: {
          EndpointsConfig: { [networkName(instance)]: { IPAMConfig: { IPv4Address: addressOf(subnet, slot) } } },
        },
      })
      previews.push(id)
      await engine.start(id)
    }
    for (const slot of [1, 2])
      await until(`preview ${slot} answers`, () => request(80, { host: 'app', address: addressOf(subnet, slot) }))
  })
  after(async () => {
    for (const id of previews) await removeByHand(id)
    await removeImageByHand(image)
    await removeNetworkByHand(networkName(instance))
    await removeFirewallByHand(instance)
    await outside?.close()
    service?.close()
  })

  /** Whom the first preview reaches. */
  const reached = async () => {
    const targets = {
      'the other preview': `${addressOf(subnet, 2)}:80`,
      'this machine at the network': `${gatewayOf(subnet)}:${service.port}`,
      'this machine elsewhere': `${await bridgeAddress()}:${service.port}`,
      'a link-local address': `${outside.linkLocal}:80`,
      'another machine': `${outside.address}:80`,
    }
    const found = await reachedFrom(previews[0]!, Object.values(targets))
    return Object.entries(targets).flatMap(([name, target]) => (found.includes(target) ? [name] : []))
  }

  /** How a connection from a preview ends. */
  const refusedFrom = async (preview: string, address: string, port: number) => {
    const script = `
      const socket = require('node:net').connect({ host: '${address}', port: ${port}, timeout: 4000 })
      const say = (code) => console.log(code) || process.exit()
      socket.on('connect', () => say('connected')).on('timeout', () => say('timeout')).on('error', ({ code }) => say(code))`
    return (await inside(preview, ['node', '-e', script])).trim()
  }

  test('keeps previews off this machine and link-local addresses, and lets them reach others', async () => {
    const open = ['this machine at the network', 'this machine elsewhere', 'a link-local address', 'another machine']
    assert.deepEqual(await reached(), open, 'before there are rules')
    assert.equal(await firewall.setUp(subnet), undefined)
    assert.deepEqual(await reached(), ['another machine'])
    const { status } = await request(80, { host: 'app', address: addressOf(subnet, 1) })
    assert.equal(status, 200, 'this machine reaches previews as before')
    // At once, as a closed port does: an application that asks its own address need not wait until it gives up.
    for (const address of [gatewayOf(subnet), await bridgeAddress()]) {
      const code = await refusedFrom(previews[0]!, address, service.port)
      assert.equal(code, 'ECONNREFUSED')
    }
  })

  test('lets them reach nginx where it listens for them, and nothing else of this machine', async () => {
    const calls = { host: gatewayOf(subnet), port: service.port }
    assert.equal(await firewall.setUp(subnet, calls), undefined)
    assert.deepEqual(await reached(), ['this machine at the network', 'another machine'])
    assert.equal(await refusedFrom(previews[0]!, gatewayOf(subnet), service.port + 1), 'ECONNREFUSED')
    await firewall.setUp(subnet)
    assert.deepEqual(await reached(), ['another machine'])
  })

  test('stays the same when it is set again, and comes back after another program removed it', async () => {
    const rules = await rulesWith(instance)
    assert.equal(rules.filter((rule) => rule.includes(` -j LOTAN-${instance}`)).length, 3)
    await firewall.setUp(subnet)
    assert.deepEqual(await rulesWith(instance), rules)

    await run('iptables', ['-w', '-D', 'INPUT', '-j', `LOTAN-${instance}-IN`])
    await run('iptables', ['-w', '-t', 'mangle', '-F', `LOTAN-${instance}`])
    assert.notDeepEqual(await reached(), ['another machine'])
    await firewall.setUp(subnet)
    assert.deepEqual((await rulesWith(instance)).sort(), rules.sort())
    assert.deepEqual(await reached(), ['another machine'])
  })

  test('keeps them off while networks come and go, too', async () => {
    let over = false
    const knocking = inside(previews[0]!, ['node', '-e', knock, outside.linkLocal])
    const others = (async () => {
      for (let n = 0; !over; n++) {
        const { Id } = await docker<{ Id: string }>('POST', '/networks/create', {
          Name: `${networkName(instance)}-other-${n}`,
          Labels: { 'lotan-test': instance },
        })
        await docker('DELETE', `/networks/${Id}`)
      }
      return true
    })()
    const { tries, through } = JSON.parse(await knocking.finally(() => (over = true))) as Record<string, number>
    assert.ok(await others)
    assert.ok(tries! > 200, `${tries} tries`)
    assert.equal(through, 0, `of ${tries}`)
  })

  test('says that previews may reach each other too where the engine sets no rules', async () => {
    // A network of its own, in which no engine has been.
    const file = JSON.stringify(path.join(import.meta.dirname, 'firewall.ts'))
    const program = `
      const { openFirewall } = await import(${file})
      const engine = { bridge: async () => 'lo', ownContainer: async () => undefined }
      console.log(await openFirewall({ engine, config: { instance: '${instance}' } }).setUp('${subnet}'))`
    const { stdout } = await run('unshare', ['--net', process.execPath, '--input-type=module', '-e', program])
    assert.match(
      stdout,
      /^previews can reach the services .*, and each other where the engine .* DOCKER-USER cannot be read\n/,
    )
  })

  test('says what previews can reach where it cannot be set', async () => {
    const elsewhere = openFirewall({
      engine: { ...engine, bridge: () => Promise.resolve('lotan-nowhere') },
      config: { instance },
      log,
    })
    assert.match((await elsewhere.setUp(subnet)) ?? '', /previews can reach .*: the engine's network is not on this/)
  })
})
