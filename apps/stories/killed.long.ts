/** Every part is killed again and again at moments that nobody chose, while people click. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type Lotan, type PartName } from '../testing/harness/lotan.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']
const ROUNDS = 30

describe('kill -9 at any moment', { timeout: 15 * 60_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    for (let i = 0; i < ROUNDS; i++) {
      await publishSmall(`${registry.repository}:t${i}`, `this is t${i}`, { ballast: 100 })
    }
    lotan = await startLotan({ repository: registry.repository })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  for (let i = 0; i < ROUNDS; i++) {
    const part = parts[i % parts.length]!
    const moment = Math.round((i / ROUNDS) * 700)
    test(`${part}, ${moment} ms after a click`, async () => {
      const click = lotan.click(`t${i}`, '/', 60_000)
      await sleep(moment)
      await lotan.killPart(part)
      const { status, text } = await click
      assert.equal(status, 200, text)
      assert.match(text, new RegExp(`this is t${i}<`))
      const mine = (await lotan.containers()).filter(({ Labels }) => Labels['lotan.tag'] === `t${i}`)
      assert.equal(mine.length, 1)
    })
  }
})
