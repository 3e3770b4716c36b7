/** Failures that take their time to be one. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { openGate, type Gate } from '../testing/registries/throttle.ts'
import { buildSmall } from '../testing/images/build.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

describe('a pull that stands still', { timeout: 240_000 }, () => {
  let registry: Registry
  let gate: Gate
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    await publishSmall(`${registry.repository}:stuck`, 'this is stuck', { ballast: 500 })
    await buildSmall(`127.0.0.1:${gate.port}/todowrangler:here`, 'this is here')
    lotan = await startLotan({ repository: `127.0.0.1:${gate.port}/todowrangler` })
  })
  after(async () => {
    await lotan?.stop()
    await gate?.close()
    await registry?.close()
  })

  test('is given up after a minute without a byte, says so, and is tried again by itself', async () => {
    gate.narrow(200_000)
    const click = lotan.click('stuck', '/', 120_000)
    await until('it is half pulled', () => {
      const preview = lotan.store.get('stuck')
      return preview?.state === 'pulling' && preview.progress && preview.progress.bytes > 0
    })
    // It is in nobody's way.
    assert.equal((await lotan.request('here')).status, 200)
    const { status, text } = await click
    assert.equal(status, 502)
    assert.match(text, /stands still/)
    assert.equal((await lotan.api('GET', '/previews/stuck')).json.reason, 'stalled')

    gate.widen()
    await lotan.untilState('stuck', 'running', 60_000)
    assert.match((await lotan.request('stuck')).text, /this is stuck/)
  })
})
