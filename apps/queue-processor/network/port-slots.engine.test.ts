/** Slots that are ports: what comes up finds one that is free, and what runs is ended when they are elsewhere. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { hostPortOf, slotSchemeIn, portsIn } from '../../shared/slots/slot-scheme.ts'
import { request } from '../../testing/clients/http.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { until } from '../../testing/harness/until.ts'
import { makeBed, type Bed } from '../harness.ts'
import { openNetwork } from './network.ts'

describe('slots that are ports', { timeout: 300_000 }, () => {
  let bed: Bed

  before(async () => {
    bed = await makeBed(`127.0.0.1:1/ports-${process.pid}`, { LOTAN_SLOT_KIND: 'port', LOTAN_SLOTS: '60' })
    for (const tag of ['red', 'green', 'blue']) await buildSmall(`${bed.config.repository}:${tag}`, tag)
    bed.work()
  })
  after(() => bed?.close())

  async function pageOf(tag: string): Promise<string> {
    const { generation } = await bed.untilState(tag, 'running')
    const { host, port } = hostPortOf(slotSchemeIn(bed.store.meta)!, generation)
    return (await request(port, { address: host, host: 'app' })).text
  }
  const containerOf = async (tag: string) => (await bed.containers(tag)).map(({ id }) => id)

  test('a pool of them is chosen once, and one of its ports leads to the container', async () => {
    await bed.click('red')
    assert.match(await pageOf('red'), /<h1>red/)
    const places = slotSchemeIn(bed.store.meta)
    assert.ok(places?.kind === 'port' && places.ports.length === 60)
    const [{ published, address } = { published: 0, address: '' }] = await bed.containers('red')
    assert.equal(published, places.ports[(await bed.untilState('red', 'running')).generation.slot - 1])
    assert.ok(address, 'it is on the network all the same, with an address that the engine chose')
    await bed.parts.network.ensure()
    assert.deepEqual(slotSchemeIn(bed.store.meta), places)
  })

  test('a port that somebody else has in the meantime makes the start take another slot', async () => {
    const places = slotSchemeIn(bed.store.meta)!
    const { generation } = await bed.untilState('red', 'running')
    const asked: net.Socket[] = []
    const foreign = [1, 2].map((n) => {
      const { host, port } = hostPortOf(places, { slot: generation.slot + n, port: 80 })
      return net.createServer((socket) => void asked.push(socket)).listen(port, host)
    })
    try {
      await Promise.all(foreign.map((server) => once(server, 'listening')))
      await bed.click('green')
      assert.match(await pageOf('green'), /<h1>green/)
      const green = await bed.untilState('green', 'running')
      assert.equal(green.generation.slot, generation.slot + 3)
      const taken = bed.store.history('green').filter(({ event }) => event === 'slotTaken')
      assert.deepEqual(
        taken.map(({ detail }) => detail).sort(),
        [2, 3].map((n) => `slot ${generation.slot + n}`).sort(),
      )
      assert.equal((await containerOf('green')).length, 1, 'nothing is left of the tries')
      assert.equal(asked.length, 0, 'and nobody but the container was asked whether it is ready')
    } finally {
      for (const server of foreign) server.close()
      for (const socket of asked) socket.destroy()
    }
  })

  test('one that was stopped is made anew', async () => {
    const [was] = await containerOf('red')
    await bed.ask('red', { type: 'stop', why: 'asked' })
    await bed.untilState('red', 'stopped')
    assert.deepEqual(await containerOf('red'), [was], 'until then its output can be read')
    await bed.click('red')
    assert.match(await pageOf('red'), /<h1>red/)
    const [is, ...others] = await containerOf('red')
    assert.ok(is !== was && others.length === 0)
  })

  test('when slots are addresses from now on, what runs is ended, and the next visit finds it at one', async () => {
    await bed.click('blue')
    await bed.untilState('blue', 'running')
    await bed.ask('blue', { type: 'stop', why: 'asked' })
    await bed.untilState('blue', 'stopped')
    const [was, kept] = [await containerOf('red'), await containerOf('blue')]
    const ports = portsIn(bed.store.meta)

    const { engine, store, config, log } = bed.parts
    const firewall = { stand: () => Promise.resolve(undefined), stands: () => Promise.resolve(true) }
    bed.parts.network = openNetwork({ engine, store, firewall, config: { ...config, slotKind: 'network' }, log })
    await bed.parts.network.ensure()
    for (const tag of ['red', 'green']) {
      const preview = bed.store.get(tag)!
      assert.ok(preview.state === 'stopping' && preview.why === 'moved', JSON.stringify(preview))
    }
    // Whoever comes while it is being ended waits: nobody calls it back to where it is.
    for (const tag of ['red', 'blue']) await bed.click(tag)
    await bed.nudges.nudge(bed.store.get('red')!)
    await bed.nudges.nudge(bed.store.get('green')!)
    for (const tag of ['red', 'blue']) assert.match(await pageOf(tag), new RegExp(`<h1>${tag}`))
    assert.equal(slotSchemeIn(bed.store.meta)?.kind, 'network')
    for (const tag of ['red', 'blue']) {
      const [container, ...others] = await bed.containers(tag)
      assert.deepEqual([container?.published, others.length], [null, 0])
      assert.ok(![...was, ...kept].includes(container!.id))
    }
    await bed.untilState('green', 'stopped')
    assert.deepEqual(portsIn(bed.store.meta), ports, 'they are kept for another time')
  })

  test('and back', async () => {
    const was = await containerOf('red')
    const { engine, store, config, log } = bed.parts
    const firewall = { stand: () => Promise.resolve(undefined), stands: () => Promise.resolve(true) }
    bed.parts.network = openNetwork({ engine, store, firewall, config, log })
    await bed.parts.network.ensure()
    await bed.nudges.nudge(bed.store.get('red')!)
    await bed.untilState('red', 'stopped')
    await bed.click('red')
    assert.match(await pageOf('red'), /<h1>red/)
    await until('the one with an address is gone', async () => !(await containerOf('red')).includes(was[0]!))
  })
})
