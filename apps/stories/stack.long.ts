/** Fifty sleeps of a database under writes: whatever was answered is there afterwards. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { publishItems, publishRedis } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const previews = ['a', 'b', 'c', 'd', 'e']
const SLEEPS = 10

describe('fifty sleeps of previews with a database', { timeout: 900_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    await publishRedis(`${registry.repository}-redis:7`)
    const stack = `services:
  app: { environment: { ITEMS_REDIS: db }, depends_on: { db: { condition: service_healthy } } }
  db: { image: '${registry.repository}-redis:7', healthcheck: { test: [CMD, redis-cli, ping] }, volumes: ['data:/data'] }
volumes: { data: {} }
`
    for (const tag of previews)
      await publishItems(`${registry.repository}:${tag}`, { labels: { 'lotan.stack': stack } })
    lotan = await startLotan({ repository: registry.repository, env: { LOTAN_GRACE_SECONDS: '1' } })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('lose no write that was answered', async (t) => {
    let written = 0
    await Promise.all(
      previews.map(async (tag) => {
        const answered: string[] = []
        for (let sleeps = 0; sleeps < SLEEPS; sleeps++) {
          await lotan.click(tag)
          const stop = Date.now() + 1_000
          for (let n = 0; Date.now() < stop || n < 3; n++) {
            const item = `${tag} ${sleeps} ${n}`
            const { status } = await lotan.request(tag, { method: 'POST', path: '/', body: item })
            if (status === 200) answered.push(item)
          }
          // Some writes meet the sleep itself: the route goes at once, the container some seconds later.
          await lotan.api('POST', `/previews/${tag}/stop`)
          await lotan.untilState(tag, 'stopped')
        }
        const there = (await lotan.click(tag)).text.split('\n')
        assert.deepEqual(answered.filter((item) => !there.includes(item)), []) // prettier-ignore
        written += answered.length
      }),
    )
    assert.ok(written >= 3 * SLEEPS * previews.length, `${written}`)
    t.diagnostic(`${previews.length * SLEEPS} sleeps, ${written} writes, none lost`)
  })
})
