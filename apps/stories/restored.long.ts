/** A start while the engine is away, over the last database and over one that is older: a back-up that was restored. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { openEngineProxy, type EngineProxy } from '../testing/harness/engine-proxy.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const run = promisify(execFile)
const tags = ['one', 'other', 'third']

describe('a start while the engine is away', { timeout: 180_000 }, () => {
  let registry: Registry
  let proxy: EngineProxy
  let lotan: Lotan
  let file: string

  before(async () => {
    registry = await startImageRegistry()
    proxy = await openEngineProxy()
    await buildApps(registry.repository, tags)
    lotan = await startLotan({
      repository: registry.repository,
      env: { DOCKER_HOST: `unix://${proxy.socket}`, LOTAN_GRACE_SECONDS: '1' },
    })
    file = path.join(lotan.config.dataDir, 'lotan.sqlite')
    for (const tag of ['one', 'other']) assert.equal(await shownAtLast(tag), tag)
  })
  after(async () => {
    // What is to be taken down is asked of the engine itself.
    await lotan?.stop()
    await proxy?.close()
    await registry?.close()
  })

  test('serves what runs, where the database is the last one', async () => {
    await startWithoutEngine()
    await until('one is served', async () => (await shown('one'))?.text === 'one', { within: 20_000 })
    assert.doesNotMatch(lotan.said(), /older/)
    await lotan.end()
    await proxy.comeBack()
    await lotan.again()
  })

  test('serves nobody over a back-up that was made while Lotan ran, until the engine is back', async (t) => {
    const copy = `${file}.copy`
    await backUp(copy)
    assert.equal(await shownAtLast('third'), 'third')
    const was = await Promise.all(tags.map((tag) => lotan.containerOf(tag)))
    await lotan.end()
    await restore(copy)

    const seen = new Set<string>()
    let over = false
    const visits = ['one', 'other'].map(async (tag) => {
      for (; !over; await sleep(20)) {
        const answer = await shown(tag)
        if (answer) seen.add(`${answer.status} ${tag} ${answer.status === 200 ? answer.text : ''}`)
      }
    })
    try {
      await startWithoutEngine()
      await saysThatItWaits()
      // Longer than an ordinary start waits for an engine that does not answer.
      await sleep(4_000)
      assert.deepEqual([...seen], [])
      const { stdout } = await run(process.execPath, ['apps/lotan/healthcheck.ts'], { env: lotan.env }).catch(
        (error: { stdout: string }) => error,
      )
      assert.match(stdout, /engine does not answer, nginx waits until the older database was compared/)

      const took = await lotan.end('SIGINT')
      t.diagnostic(`Ctrl-C in the wait took ${Math.round(took)} ms`)
      assert.ok(took < 5_000, `it took ${took} ms`)
      assert.deepEqual(lotan.left(), [])

      lotan.begin()
      await saysThatItWaits()
      await proxy.comeBack()
      await lotan.ready()
      for (const tag of tags) assert.equal(await shownAtLast(tag), tag)
    } finally {
      over = true
      await Promise.all(visits)
    }
    const wrong = [...seen].filter((line) => /^200/.test(line) && !/(\w+) \1$/.test(line))
    assert.deepEqual(wrong, [])
    // Of one that the back-up does not know the container is the same.
    assert.equal(await lotan.containerOf('third'), was[2])
  })

  test('and serves at once from then on, over what was a back-up', async () => {
    await startWithoutEngine()
    await until('one is served', async () => (await shown('one'))?.text === 'one', { within: 20_000 })
    assert.doesNotMatch(lotan.said(), /older/)
    await lotan.end()
    await proxy.comeBack()
  })

  /** What somebody who asks now is answered; undefined where nobody listens. */
  const shown = (tag: string) => lotan.request(tag, { path: '/plain' }).catch(() => undefined)

  /** What is shown in the end: a first try may have failed, as the engine's proxy closes connections that rest. */
  const shownAtLast = (tag: string) =>
    until(`${tag} is shown`, async () => {
      const { status, text } = await lotan.click(tag, '/plain')
      return status === 200 && text
    })

  const saysThatItWaits = () =>
    until('it says what it waits for', () => /may be older than what runs/.test(lotan.said()), { within: 20_000 })

  async function startWithoutEngine() {
    await lotan.end()
    await proxy.goAway()
    lotan.begin()
  }

  async function backUp(copy: string) {
    const db = new Database(file)
    await db.backup(copy)
    db.close()
  }

  /** Puts the copy in the place of the database, with previews where they were, each at the other's slot of now. */
  async function restore(copy: string) {
    for (const suffix of ['', '-wal', '-shm']) await fs.rm(file + suffix, { force: true })
    await fs.rename(copy, file)
    const db = new Database(file)
    const select = db.prepare<[string], number>('SELECT slot FROM endpoint WHERE tag = ?').pluck()
    const [one, other] = ['one', 'other'].map((tag) => select.get(tag)!)
    const set = db.prepare('UPDATE endpoint SET slot = ? WHERE tag = ?')
    set.run(-1, 'one')
    set.run(one, 'other')
    set.run(other, 'one')
    db.close()
  }
})
