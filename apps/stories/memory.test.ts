/** A machine whose memory is full: a start waits until a preview is idle, and says so. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLoad } from '../testing/clients/load.ts'
import { asBrowser, isWaiting, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

describe('a start for which the machine has no memory', { timeout: 120_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    await buildApps(registry.repository, ['first', 'second'])
    // A machine that runs this test uses more than a hundredth of its memory.
    const env = { LOTAN_MEMORY_HIGH_PERCENT: '1', INACTIVITY_PAUSE_TIMEOUT_MINUTES: '0.1' }
    lotan = await startLotan({ repository: registry.repository, env })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('is made all the same while nothing else is up: there is nothing to wait for', async () => {
    assert.equal((await lotan.request('first', { path: '/plain' })).text, 'first')
  })

  test('waits while the other one is used, and its page says what for', async () => {
    const load = startLoad(lotan, ['first'], { pause: 100 })
    const page = await lotan.request('second', { headers: asBrowser })
    assert.ok(isWaiting(page))
    const full = /Full: the memory of the server is used; room is made when a preview is idle/
    await until('its page says so', async () => {
      const { text } = await lotan.request('second', { headers: asBrowser })
      return full.test(text)
    })
    const { json } = await lotan.api<{ state: string; position: number; detail: string }>('GET', '/previews/second')
    assert.deepEqual([json.state, json.position], ['queued', 1])
    assert.match(json.detail, full)
    // As long as it takes the reaper to ask again, and more.
    const served = () => load.served().get('first') ?? 0
    const before = served()
    await until('the first one is used on', () => served() > before + 300)
    assert.equal(lotan.store.get('second')!.state, 'queued')
    assert.match(await lotan.output(), /would be above LOTAN_MEMORY_HIGH_PERCENT/)
    await load.stop()
    assert.deepEqual([...load.wrong(), ...load.others()], [])
  })

  test('comes when the other one has become idle and made room', async () => {
    assert.equal((await lotan.click('second', '/plain')).text, 'second')
    const first = lotan.store.get('first')!
    assert.deepEqual([first.state, first.state === 'stopped' && first.why], ['stopped', 'room'])
    assert.equal(lotan.store.facts.get('memoryFull'), undefined)
    await until('no page says so any more', async () => {
      const { json } = await lotan.api<{ detail: string }>('GET', '/previews/second')
      return json.detail === 'It answers.'
    })
  })
})
