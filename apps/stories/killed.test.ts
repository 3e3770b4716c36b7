/** Every part is killed at the worst moment, and the click still ends in the application. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan, type PartName } from '../testing/harness/lotan.ts'
import { openGate, type Gate } from '../testing/registries/throttle.ts'
import { buildApps } from '../testing/images/build.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { emptyRedis } from '../testing/scenarios/accidents.ts'

const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']

describe('kill -9', { timeout: 300_000 }, () => {
  let registry: Registry
  let gate: Gate
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    const through = `127.0.0.1:${gate.port}/todowrangler`
    for (const part of [...parts, 'emptied']) {
      const pulled = `${registry.repository}:pull-${part}`
      await publishSmall(pulled, `this is pull-${part}`, { ballast: 400 })
    }
    const starts = [...parts, 'emptied'].map((part) => `start-${part}`)
    await buildApps(through, starts, { env: { APP_DELAY: 1_200 } })
    lotan = await startLotan({ repository: through })
  })
  after(async () => {
    await lotan?.stop()
    await gate?.close()
    await registry?.close()
  })

  for (const part of parts) {
    test(`of ${part} during a pull`, async () => {
      await clickDuringPull(`pull-${part}`, () => lotan.killPart(part))
    })

    test(`of ${part} during a start`, async () => {
      await clickDuringStart(`start-${part}`, () => lotan.killPart(part))
    })
  }

  test('is not needed: Redis emptied during a pull loses nothing', async () => {
    await clickDuringPull('pull-emptied', () => emptyRedis(lotan))
  })

  test('is not needed: Redis emptied during a start loses nothing', async () => {
    await clickDuringStart('start-emptied', () => emptyRedis(lotan))
  })

  async function clickDuringPull(tag: string, hurt: () => Promise<void>) {
    gate.narrow(200_000)
    const click = lotan.click(tag)
    await until(`${tag} is half pulled`, () => {
      const preview = lotan.store.get(tag)
      return preview?.state === 'pulling' && preview.progress && preview.progress.bytes > 0
    })
    await hurt()
    gate.widen()
    const { status, text } = await click
    assert.equal(status, 200, text)
    assert.match(text, new RegExp(`this is ${tag}`))
    await one(tag)
  }

  async function clickDuringStart(tag: string, hurt: () => Promise<void>) {
    const click = lotan.click(tag, '/plain')
    await until(`${tag} starts`, () => {
      const preview = lotan.store.get(tag)
      return preview?.state === 'starting' && preview.stages.waiting
    })
    await hurt()
    const { status, text } = await click
    assert.equal(status, 200, text)
    assert.equal(text, tag)
    await one(tag)
  }

  async function one(tag: string) {
    const mine = (await lotan.containers()).filter(({ Labels }) => Labels['lotan.tag'] === tag)
    assert.equal(mine.length, 1, `${tag} has ${mine.length} containers`)
  }
})
