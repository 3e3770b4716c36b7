/** What an engine says no to, and what is there beside a preview that does not run. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openEngineProxy, type EngineProxy } from '../../testing/harness/engine-proxy.ts'
import { buildSmall, moveToRegistry } from '../../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { makeBed, type Bed } from '../harness.ts'
import { removeStrays } from '../step/remove-strays.ts'

describe('an engine that refuses', { timeout: 300_000 }, () => {
  let registry: Registry
  let proxy: EngineProxy
  let bed: Bed

  before(async () => {
    registry = await startImageRegistry()
    await buildSmall(`${registry.repository}:red`, 'red')
    await moveToRegistry(`${registry.repository}:red`)
    proxy = await openEngineProxy()
    bed = await makeBed(registry.repository, { DOCKER_HOST: `unix://${proxy.socket}` })
    bed.work()
    await bed.click('red')
    await bed.untilState('red', 'running')
  })
  after(async () => {
    proxy?.heal()
    await bed?.close()
    await proxy?.close()
    await registry?.close()
  })

  test('to freeze a container has it go on, and is not asked again soon', async () => {
    proxy.refuse(/^POST \/containers\/\w+\/pause/)
    const asked = Date.now()
    await bed.ask('red', { type: 'pause' })
    await until('it was tried', () => bed.store.history('red').some(({ event }) => event === 'woken'))
    const { stages } = await bed.untilState('red', 'running')
    assert.ok(stages.unfrozen! >= asked, JSON.stringify(stages))
    proxy.heal()
  })

  test('to stop a container does not keep it: it is removed by force', async () => {
    proxy.refuse(/^POST \/containers\/\w+\/stop/)
    await bed.ask('red', { type: 'remove' })
    await until('red is gone', () => bed.state('red') === 'unknown')
    assert.deepEqual(await bed.containers('red'), [])
    proxy.heal()
  })

  test('a container that leaves is not swept, though nothing of its preview runs', async () => {
    await bed.click('red')
    const { image, generation } = await bed.untilState('red', 'running')
    const { store } = bed
    const newer = { ...image!, id: 'sha256:newer', digest: 'sha256:newer' }
    store.apply('red', { type: 'renewed', image: newer })
    const number = generation.number + 1
    assert.ok(store.apply('red', { type: 'replace', port: 80 }))
    const labels = { 'lotan.instance': bed.config.instance, 'lotan.tag': 'red', 'lotan.generation': String(number) }
    const name = `lotan-${bed.config.instance}-red-${number}`
    const container = await bed.engine.create({ name, Image: image!.id, Labels: labels })
    store.apply('red', { type: 'created', generation: number, container })
    const reason = { code: 'exited', detail: '' } as const
    store.apply('red', { type: 'exited', generation: generation.number, reason, gone: true })
    store.apply('red', { type: 'fail', reason: { code: 'start-failed', detail: '' } })
    assert.equal(bed.state('red'), 'failed')
    await removeStrays(bed.parts, 'red')
    assert.deepEqual(
      (await bed.containers('red')).map(({ id }) => id),
      [container],
    )
  })
})
