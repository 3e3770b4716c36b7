/** What an engine refuses, and strays beside a preview that does not run. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openEngineProxy, type EngineProxy } from '../../testing/harness/engine-proxy.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { openHarness, type Harness } from '../harness.ts'
import { removeStrays } from '../step/remove-strays.ts'

describe('an engine that refuses', { timeout: 300_000 }, () => {
  let registry: Registry
  let proxy: EngineProxy
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    await publishSmall(`${registry.repository}:red`, 'red')
    proxy = await openEngineProxy()
    harness = await openHarness(registry.repository, { DOCKER_HOST: `unix://${proxy.socket}` })
    harness.startWorker()
    await harness.click('red')
    await harness.untilState('red', 'running')
  })
  after(async () => {
    proxy?.heal()
    await harness?.close()
    await proxy?.close()
    await registry?.close()
  })

  test('to freeze a container has it go on, and is not asked again soon', async () => {
    proxy.refuse(/^POST \/containers\/\w+\/pause/)
    const asked = Date.now()
    await harness.ask('red', { type: 'pause' })
    await until('it was tried', () => harness.store.history('red').some(({ event }) => event === 'woken'))
    const { stages } = await harness.untilState('red', 'running')
    assert.ok(stages.unfrozen! >= asked, JSON.stringify(stages))
    proxy.heal()
  })

  test('to stop a container does not keep it: it is removed by force', async () => {
    proxy.refuse(/^POST \/containers\/\w+\/stop/)
    await harness.ask('red', { type: 'remove' })
    await until('red is gone', () => harness.state('red') === 'unknown')
    assert.deepEqual(await harness.containers('red'), [])
    proxy.heal()
  })

  test('a container that leaves is not swept, though nothing of its preview runs', async () => {
    await harness.click('red')
    const { image, generation } = await harness.untilState('red', 'running')
    const { store } = harness
    const newer = { ...image!, id: 'sha256:newer', digest: 'sha256:newer' }
    store.apply('red', { type: 'renewed', image: newer })
    const number = generation.number + 1
    assert.ok(store.apply('red', { type: 'replace', port: 80 }))
    const labels = { 'lotan.instance': harness.config.instance, 'lotan.tag': 'red', 'lotan.generation': String(number) }
    const name = `lotan-${harness.config.instance}-red-${number}`
    const container = await harness.engine.create({ name, Image: image!.id, Labels: labels })
    store.apply('red', { type: 'created', generation: number, container })
    const reason = { code: 'exited', detail: '' } as const
    store.apply('red', { type: 'exited', generation: generation.number, reason, gone: true })
    store.apply('red', { type: 'fail', reason: { code: 'start-failed', detail: '' } })
    assert.equal(harness.state('red'), 'failed')
    await removeStrays(harness.deps, 'red')
    assert.deepEqual(
      (await harness.containers('red')).map(({ id }) => id),
      [container],
    )
  })
})
