/** The database's file is hurt under a running Lotan, in every way: it is begun anew, and no preview is mistaken. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { keepVisiting, setAside, ways } from '../testing/scenarios/damage.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const tags = ['one', 'other']

describe('a database that is hurt while Lotan runs', { timeout: 15 * 60_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  let file: string

  before(async () => {
    registry = await startImageRegistry()
    await buildApps(registry.repository, [...tags, 'cold'])
    lotan = await startLotan({ repository: registry.repository, env: { LOTAN_GRACE_SECONDS: '1' } })
    file = path.join(lotan.config.dataDir, 'lotan.sqlite')
    for (const tag of tags) assert.equal((await lotan.click(tag, '/plain')).text, tag)
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  for (const [how, hurt] of Object.entries(ways))
    test(`${how} is begun anew from what runs`, async (t) => {
      const containers = await Promise.all(tags.map((tag) => lotan.containerOf(tag)))
      const said = lotan.said().length
      const visits = keepVisiting(lotan, tags)
      lotan.letGo()
      const began = performance.now()
      const passed = () => Math.round(performance.now() - began)
      try {
        hurt(file)
        // What no statement meets, nor a look at the files, is found by the reading of all within a minute.
        await until('it is rebuilt', () => /the database is rebuilt/.test(lotan.said().slice(said)), { within: 90_000 })
        await lotan.ready()
        t.diagnostic(`ready after ${passed()} ms`)
        for (const tag of tags) assert.equal((await lotan.click(tag, '/plain')).text, tag)
        assert.equal((await lotan.request('cold', { path: '/plain' })).text, 'cold')
        t.diagnostic(`another is started after ${passed()} ms`)
      } finally {
        const { wrong, longest } = await visits.end()
        t.diagnostic(`longest without its application: ${Math.round(longest)} ms`)
        assert.deepEqual(wrong, [])
      }
      assert.deepEqual(await Promise.all(tags.map((tag) => lotan.containerOf(tag))), containers)
      assert.ok(setAside(file).length <= 3)
      await lotan.api('DELETE', '/previews/cold')
      await buildApps(registry.repository, ['cold'])
    })

  for (const moment of [0, 150, 400, 800, 1_500, 3_000])
    test(`does not keep Lotan from stopping ${moment} ms later, nor from starting again`, async (t) => {
      lotan.letGo()
      ways['overwritten in its middle'](file)
      await sleep(moment)
      const took = await lotan.end()
      t.diagnostic(`the stop took ${Math.round(took)} ms`)
      assert.ok(took < 5_000, `it took ${took} ms`)
      assert.deepEqual(lotan.left(), [])
      await lotan.again()
      for (const tag of tags) assert.equal((await lotan.click(tag, '/plain')).text, tag)
    })
})
