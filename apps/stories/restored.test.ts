/** A database that is older than what runs: a back-up that was restored, or fewer slots than there were. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import Database from 'better-sqlite3'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import type { Answer } from '../testing/clients/http.ts'
import { keepVisiting, setAside, ways } from '../testing/scenarios/damage.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

describe('a preview that runs elsewhere than its row says', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    await buildApps(registry.repository, ['one', 'other'])
    lotan = await startLotan({
      repository: registry.repository,
      // Its rows are put in each other's place by hand.
      env: { LOTAN_GRACE_SECONDS: '1', LOTAN_MAX_RUNNING: '5', LOTAN_SANDBOXES: '0' },
    })
    lotan.store.facts.set('lastSlot', 8)
    for (const tag of ['one', 'other']) await lotan.request(tag, { path: '/plain' })
    assert.deepEqual([slotOf('one'), slotOf('other')], [9, 10])
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('beyond LOTAN_SLOTS, which was lowered, is made anew within them, and no other is touched', async () => {
    const was = await lotan.containerOf('one')
    await lotan.end()
    lotan.env.LOTAN_SLOTS = '9'
    await lotan.again()
    const { status, text } = await lotan.click('other', '/plain')
    assert.deepEqual([status, text], [200, 'other'])
    assert.ok(slotOf('other')! <= 9, `slot ${slotOf('other')}`)
    assert.equal((await lotan.request('one', { path: '/plain' })).text, 'one')
    assert.equal(await lotan.containerOf('one'), was)
  })

  test('is never shown in the place of the one that is there now', async () => {
    await lotan.end()
    // As they were when the copy was made.
    const db = new Database(path.join(lotan.config.dataDir, 'lotan.sqlite'))
    const slots = [slotOf('one'), slotOf('other')]
    db.exec('UPDATE endpoint SET slot = -slot')
    const set = db.prepare('UPDATE endpoint SET slot = ? WHERE tag = ?')
    set.run(slots[1], 'one')
    set.run(slots[0], 'other')
    db.close()

    const shown: string[] = []
    let over = false
    const visits = ['one', 'other'].map(async (tag) => {
      while (!over) {
        // Nobody listens before Lotan is up.
        const answer = await lotan.request(tag, { path: '/plain', headers: asBrowser }).catch(() => undefined)
        if (answer?.status === 200) shown.push(`${tag} shows ${answer.text}`)
      }
    })
    const clicks: Answer[] = []
    try {
      await lotan.again()
      for (const tag of ['one', 'other']) clicks.push(await lotan.click(tag, '/plain'))
    } finally {
      over = true
      await Promise.all(visits)
    }
    assert.deepEqual(
      clicks.map(({ status, text }) => `${status} ${text}`),
      ['200 one', '200 other'],
    )
    assert.deepEqual([...new Set(shown)].sort(), ['one shows one', 'other shows other'])
  })

  test('and a Redis file that cannot be read is put aside', async () => {
    await lotan.end()
    const dir = path.join(lotan.config.dataDir, 'redis')
    const file = await fs.readFile(path.join(dir, 'dump.rdb'))
    await fs.writeFile(path.join(dir, 'dump.rdb'), file.subarray(0, file.length / 2))
    lotan.env.LOTAN_SANDBOXES = '1'
    await lotan.again()
    const { status, text } = await lotan.click('one', '/plain')
    assert.deepEqual([status, text], [200, 'one'])
    assert.deepEqual(await fs.readdir(`${dir}.unreadable`), ['dump.rdb'])
  })

  test('may have a sandbox', async () => {
    await until('one stands ready', () => lotan.store.sandboxes.list().some(({ state }) => state === 'ready'))
    await lotan.api('DELETE', '/previews/other')
    await lotan.untilState('other', 'unknown')
    await lotan.click('other', '/plain')
    assert.notEqual(sandboxOf('other'), null)
  })

  for (const how of ['overwritten in its middle', 'removed', 'without its tables'] as const)
    test(`stays what it is where the database is ${how}: that is begun anew from what runs`, async (t) => {
      const file = path.join(lotan.config.dataDir, 'lotan.sqlite')
      const container = await lotan.containerOf('one')
      const sandbox = sandboxOf('other')
      const said = lotan.said().length
      const visits = keepVisiting(lotan, ['one', 'other'])
      lotan.letGo()
      let notReady = ''
      try {
        ways[how](file)
        const look = async () => {
          const { status, text } = await lotan.ask({ host: lotan.domain, path: '/readyz' })
          if (status !== 200) notReady += text
          return /the database is rebuilt/.test(lotan.said().slice(said))
        }
        await until('it is rebuilt', look, { within: 60_000 })
        await lotan.ready()
        for (const tag of ['one', 'other']) assert.equal((await lotan.click(tag, '/plain')).text, tag)
      } finally {
        const { wrong, longest } = await visits.end()
        t.diagnostic(`longest without its application: ${Math.round(longest)} ms`)
        assert.deepEqual(wrong, [])
      }
      assert.match(notReady, /restarting|is damaged|is being rebuilt/)
      assert.match(lotan.said().slice(said), /what stopped previews had written, all history .* are lost/)
      assert.equal(await lotan.containerOf('one'), container)
      assert.equal(sandboxOf('other'), sandbox)
      assert.ok(setAside(file).length > 0 || how === 'removed')
    })

  test('and Lotan stops just after the database was hurt', async (t) => {
    lotan.letGo()
    ways['cut off to nothing'](path.join(lotan.config.dataDir, 'lotan.sqlite'))
    const took = await lotan.end()
    t.diagnostic(`stopped in ${Math.round(took)} ms`)
    assert.deepEqual(lotan.left(), [])
  })

  function slotOf(tag: string): number | null {
    const preview = lotan.store.get(tag)
    return preview?.state === 'running' ? preview.generation.slot : null
  }

  function sandboxOf(tag: string): number | null {
    const preview = lotan.store.get(tag)
    return preview?.state === 'running' ? preview.generation.sandbox : null
  }
})
