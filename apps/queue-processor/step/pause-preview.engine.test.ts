/** Sleeping and waking on a real engine: what is frozen when, what calls it back, and what it finds when it wakes. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressOf } from '../../shared/slots/slots.ts'
import { docker, kill, removeByHand } from '../../testing/harness/docker.ts'
import { request } from '../../testing/clients/http.ts'
import { buildSmall, moveToRegistry } from '../../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { makeBed, type Bed } from '../harness.ts'

describe('a paused preview', { timeout: 300_000 }, () => {
  let registry: Registry
  let bed: Bed

  before(async () => {
    registry = await startImageRegistry()
    await buildSmall(`${registry.repository}:red`, 'red')
    await moveToRegistry(`${registry.repository}:red`)
    bed = await makeBed(registry.repository)
    bed.work()
    await bed.click('red')
    await bed.untilState('red', 'running')
  })
  after(async () => {
    await bed?.close()
    await registry?.close()
  })

  async function address(): Promise<string> {
    const { generation } = await bed.untilState('red', 'running')
    return addressOf(bed.store.meta.get('subnet')!, generation.slot)
  }

  const status = async () => (await bed.containers('red')).map(({ status }) => status).join()

  /** Pauses it, and waits until its container is frozen. */
  async function freeze() {
    await bed.ask('red', { type: 'pause' })
    await until('the container is frozen', async () => (await status()) === 'paused')
  }

  async function answers(): Promise<void> {
    const { text } = await request(80, { host: 'red', address: await address() })
    assert.match(text, /<h1>red</)
  }

  test('is frozen when its route has been gone for long enough, and wakes with a click in the same place', async () => {
    const { generation } = await bed.untilState('red', 'running')
    const began = Date.now()
    await freeze()
    assert.ok(Date.now() - began >= bed.parts.waits.drain)
    const { generation: kept } = await bed.untilState('red', 'paused')
    assert.deepEqual(kept, generation)
    await bed.click('red')
    await bed.untilState('red', 'running')
    assert.equal(await status(), 'running')
    assert.deepEqual((await bed.untilState('red', 'running')).generation, generation)
    await answers()
  })

  test('a click before it is frozen calls it back', async () => {
    await bed.ask('red', { type: 'pause' })
    await bed.click('red')
    await sleep(bed.parts.waits.drain + 300)
    assert.equal(await status(), 'running')
    await bed.untilState('red', 'running')
  })

  test('a click in the very moment that it is frozen wakes it', async () => {
    for (const late of [-5, 0, 5, 10, 20]) {
      await bed.ask('red', { type: 'pause' })
      await sleep(bed.parts.waits.drain + late)
      await bed.click('red')
      await bed.untilState('red', 'running')
      await answers()
    }
  })

  test('what somebody is connected to is not frozen', async () => {
    const socket = net.connect(80, await address())
    await until('it is connected', () => socket.readyState === 'open')
    try {
      await bed.ask('red', { type: 'pause' })
      await until('it goes on', () => bed.store.history('red', 1)[0]?.event === 'inUse')
      assert.equal(await status(), 'running')
    } finally {
      socket.destroy()
    }
  })

  test('what turns out to have been used is not frozen', async () => {
    await bed.ask('red', { type: 'pause' })
    await sleep(50)
    bed.store.touch([['red', Date.now()]])
    await until('it goes on', () => bed.store.history('red', 1)[0]?.event === 'inUse')
    await bed.untilState('red', 'running')
  })

  test('is stopped without being woken first, and at once: nobody can be there', async () => {
    await freeze()
    const began = Date.now()
    await bed.ask('red', { type: 'stop', why: 'idle' })
    await bed.untilState('red', 'stopped')
    assert.equal(await status(), 'exited')
    const drains = bed.store.history('red', 2).filter(({ event }) => event === 'ending')
    assert.deepEqual(drains, [], `it took ${Date.now() - began} ms`)
    await bed.click('red')
    await bed.untilState('red', 'running')
    await answers()
  })

  test('whose container was killed, or woken, or removed by somebody else serves all the same', async () => {
    for (const meanwhile of [kill, removeByHand, (id: string) => docker('POST', `/containers/${id}/unpause`)]) {
      await freeze()
      const { generation } = await bed.untilState('red', 'paused')
      await meanwhile(generation.container)
      await bed.click('red')
      await bed.untilState('red', 'running')
      await answers()
    }
  })

  test('is removed with its container', async () => {
    await freeze()
    await bed.ask('red', { type: 'remove' })
    await until('nothing is left', async () => !bed.store.get('red') && (await status()) === '')
  })
})
