/** Pausing and waking on a real engine: what is frozen when, what calls it back, and what it finds when it wakes. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressOf } from '../../shared/slots/slots.ts'
import { docker, kill, removeByHand } from '../../testing/harness/docker.ts'
import { request } from '../../testing/clients/http.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { openHarness, type Harness } from '../harness.ts'

describe('a paused preview', { timeout: 300_000 }, () => {
  let registry: Registry
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    await publishSmall(`${registry.repository}:red`, 'red')
    harness = await openHarness(registry.repository)
    harness.startWorker()
    await harness.click('red')
    await harness.untilState('red', 'running')
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
  })

  async function address(): Promise<string> {
    const { generation } = await harness.untilState('red', 'running')
    return addressOf(harness.store.facts.get('subnet')!, generation.slot)
  }

  const status = async () => (await harness.containers('red')).map(({ status }) => status).join()

  /** Pauses it, and waits until its container is frozen. */
  async function freeze() {
    await harness.ask('red', { type: 'pause' })
    await until('the container is frozen', async () => (await status()) === 'paused')
  }

  async function answers(): Promise<void> {
    const { text } = await request(80, { host: 'red', address: await address() })
    assert.match(text, /<h1>red</)
  }

  test('is frozen when its route has been gone for long enough, and wakes with a click in the same place', async () => {
    const { generation } = await harness.untilState('red', 'running')
    const began = Date.now()
    await freeze()
    assert.ok(Date.now() - began >= harness.deps.waits.drain)
    const { generation: kept } = await harness.untilState('red', 'paused')
    assert.deepEqual(kept, generation)
    await harness.click('red')
    await harness.untilState('red', 'running')
    assert.equal(await status(), 'running')
    assert.deepEqual((await harness.untilState('red', 'running')).generation, generation)
    await answers()
  })

  test('a click before it is frozen calls it back', async () => {
    await harness.ask('red', { type: 'pause' })
    await harness.click('red')
    await sleep(harness.deps.waits.drain + 300)
    assert.equal(await status(), 'running')
    await harness.untilState('red', 'running')
  })

  test('a click in the very moment that it is frozen wakes it', async () => {
    for (const late of [-5, 0, 5, 10, 20]) {
      await harness.ask('red', { type: 'pause' })
      await sleep(harness.deps.waits.drain + late)
      await harness.click('red')
      await harness.untilState('red', 'running')
      await answers()
    }
  })

  test('a preview with an open connection is not frozen', async () => {
    const socket = net.connect(80, await address())
    await until('it is connected', () => socket.readyState === 'open')
    try {
      await harness.ask('red', { type: 'pause' })
      await until('it goes on', () => harness.store.history('red', 1)[0]?.event === 'inUse')
      assert.equal(await status(), 'running')
    } finally {
      socket.destroy()
    }
  })

  test('what turns out to have been used is not frozen', async () => {
    await harness.ask('red', { type: 'pause' })
    await sleep(50)
    harness.store.touch([['red', Date.now()]])
    await until('it goes on', () => harness.store.history('red', 1)[0]?.event === 'inUse')
    await harness.untilState('red', 'running')
  })

  test('is stopped without being woken first, and at once: no connection can be open', async () => {
    await freeze()
    const began = Date.now()
    await harness.ask('red', { type: 'stop', why: 'idle' })
    await harness.untilState('red', 'stopped')
    assert.equal(await status(), 'exited')
    const drains = harness.store.history('red', 2).filter(({ event }) => event === 'ending')
    assert.deepEqual(drains, [], `it took ${Date.now() - began} ms`)
    await harness.click('red')
    await harness.untilState('red', 'running')
    await answers()
  })

  test('whose container was killed, woken or removed by another program serves all the same', async () => {
    for (const meanwhile of [kill, removeByHand, (id: string) => docker('POST', `/containers/${id}/unpause`)]) {
      await freeze()
      const { generation } = await harness.untilState('red', 'paused')
      await meanwhile(generation.container)
      await harness.click('red')
      await harness.untilState('red', 'running')
      await answers()
    }
  })

  test('is removed with its container', async () => {
    await freeze()
    await harness.ask('red', { type: 'remove' })
    await until('nothing is left', async () => !harness.store.get('red') && (await status()) === '')
  })
})
