/** Slots that are ports: a start finds a free one, and running previews stop when the pool moves. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { hostPortOf, slotSchemeIn, portsIn } from '../../shared/slots/slot-scheme.ts'
import { request } from '../../testing/clients/http.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { until } from '../../testing/harness/until.ts'
import { openHarness, type Harness } from '../harness.ts'
import { openNetwork } from './network.ts'

describe('slots that are ports', { timeout: 300_000 }, () => {
  let harness: Harness

  before(async () => {
    harness = await openHarness(`127.0.0.1:1/ports-${process.pid}`, { LOTAN_SLOT_KIND: 'port', LOTAN_SLOTS: '60' })
    for (const tag of ['red', 'green', 'blue'])
      await buildSmall(`${harness.config.repositories[0]!.reference}:${tag}`, tag)
    harness.startWorker()
  })
  after(() => harness?.close())

  async function pageOf(tag: string): Promise<string> {
    const { generation } = await harness.untilState(tag, 'running')
    const { host, port } = hostPortOf(slotSchemeIn(harness.store.facts)!, generation)
    return (await request(port, { address: host, host: 'app' })).text
  }
  const containerOf = async (tag: string) => (await harness.containers(tag)).map(({ id }) => id)

  test('a pool of them is chosen once, and one of its ports leads to the container', async () => {
    await harness.click('red')
    assert.match(await pageOf('red'), /<h1>red/)
    const places = slotSchemeIn(harness.store.facts)
    assert.ok(places?.kind === 'port' && places.ports.length === 60)
    const [{ published, address } = { published: 0, address: '' }] = await harness.containers('red')
    assert.equal(published, places.ports[(await harness.untilState('red', 'running')).generation.slot - 1])
    assert.ok(address, 'it is on the network all the same, with an address that the engine chose')
    await harness.deps.network.ensure()
    assert.deepEqual(slotSchemeIn(harness.store.facts), places)
  })

  test('a port that another program took meanwhile makes the start take another slot', async () => {
    const places = slotSchemeIn(harness.store.facts)!
    const { generation } = await harness.untilState('red', 'running')
    const asked: net.Socket[] = []
    const foreign = [1, 2].map((n) => {
      const { host, port } = hostPortOf(places, { slot: generation.slot + n, port: 80 })
      return net.createServer((socket) => void asked.push(socket)).listen(port, host)
    })
    try {
      await Promise.all(foreign.map((server) => once(server, 'listening')))
      await harness.click('green')
      assert.match(await pageOf('green'), /<h1>green/)
      const green = await harness.untilState('green', 'running')
      assert.equal(green.generation.slot, generation.slot + 3)
      const taken = harness.store.history('green').filter(({ event }) => event === 'slotTaken')
      assert.deepEqual(
        taken.map(({ detail }) => detail).sort(),
        [2, 3].map((n) => `slot ${generation.slot + n}`).sort(),
      )
      assert.equal((await containerOf('green')).length, 1, 'nothing is left of the tries')
      assert.equal(asked.length, 0, 'and only the container was probed')
    } finally {
      for (const server of foreign) server.close()
      for (const socket of asked) socket.destroy()
    }
  })

  test('one that was stopped is made anew', async () => {
    const [was] = await containerOf('red')
    await harness.ask('red', { type: 'stop', why: 'asked' })
    await harness.untilState('red', 'stopped')
    assert.deepEqual(await containerOf('red'), [was], 'until then its output can be read')
    await harness.click('red')
    assert.match(await pageOf('red'), /<h1>red/)
    const [is, ...others] = await containerOf('red')
    assert.ok(is !== was && others.length === 0)
  })

  test('when slots are addresses from now on, what runs is ended, and the next visit finds it at one', async () => {
    await harness.click('blue')
    await harness.untilState('blue', 'running')
    await harness.ask('blue', { type: 'stop', why: 'asked' })
    await harness.untilState('blue', 'stopped')
    const [was, kept] = [await containerOf('red'), await containerOf('blue')]
    const ports = portsIn(harness.store.facts)

    const { engine, store, config, log } = harness.deps
    const firewall = { setUp: () => Promise.resolve(undefined), isSetUp: () => Promise.resolve(true) }
    harness.deps.network = openNetwork({ engine, store, firewall, config: { ...config, slotKind: 'network' }, log })
    await harness.deps.network.ensure()
    for (const tag of ['red', 'green']) {
      const preview = harness.store.get(tag)!
      assert.ok(preview.state === 'stopping' && preview.why === 'moved', JSON.stringify(preview))
    }
    // A click during the stop waits: the preview is not called back to its former slot.
    for (const tag of ['red', 'blue']) await harness.click(tag)
    await harness.nudges.nudge(harness.store.get('red')!)
    await harness.nudges.nudge(harness.store.get('green')!)
    for (const tag of ['red', 'blue']) assert.match(await pageOf(tag), new RegExp(`<h1>${tag}`))
    assert.equal(slotSchemeIn(harness.store.facts)?.kind, 'network')
    for (const tag of ['red', 'blue']) {
      const [container, ...others] = await harness.containers(tag)
      assert.deepEqual([container?.published, others.length], [null, 0])
      assert.ok(![...was, ...kept].includes(container!.id))
    }
    await harness.untilState('green', 'stopped')
    assert.deepEqual(portsIn(harness.store.facts), ports, 'they are kept for another time')
  })

  test('and back', async () => {
    const was = await containerOf('red')
    const { engine, store, config, log } = harness.deps
    const firewall = { setUp: () => Promise.resolve(undefined), isSetUp: () => Promise.resolve(true) }
    harness.deps.network = openNetwork({ engine, store, firewall, config, log })
    await harness.deps.network.ensure()
    await harness.nudges.nudge(harness.store.get('red')!)
    await harness.untilState('red', 'stopped')
    await harness.click('red')
    assert.match(await pageOf('red'), /<h1>red/)
    await until('the one with an address is gone', async () => !(await containerOf('red')).includes(was[0]!))
  })
})
