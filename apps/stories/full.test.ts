/** The disk that Lotan keeps its own things on is full: what is up goes on being served, and all goes on when there is room. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type Lotan, type PartName } from '../testing/harness/lotan.ts'
import { buildApps } from '../testing/images/build.ts'
import { isAlive } from '../testing/harness/processes.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { openOwnDisk, type OwnDisk } from '../testing/scenarios/own-disk.ts'

const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']
/** Longer than nginx may use an answer for, and than a timer rests that writes. */
const LONG_ENOUGH_MS = 8_000

describe('a data directory on a full disk', { timeout: 300_000 }, () => {
  let disk: OwnDisk
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    disk = await openOwnDisk({ megabytes: 64 })
    registry = await startImageRegistry()
    await buildApps(registry.repository, ['warm', 'cold', 'idle'])
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_DATA_DIR: path.join(disk.dir, 'data'), LOTAN_GRACE_SECONDS: '1' },
    })
    for (const tag of ['warm', 'idle']) await lotan.request(tag, { path: '/plain' })
  })
  after(async () => {
    await disk?.empty()
    await lotan?.stop()
    await registry?.close()
    await disk?.close()
  })

  test('takes nothing down, what frees room is still done, and so is what is asked for', async () => {
    const ids = parts.map((name) => lotan.part(name))

    await disk.fillUp()
    assert.equal(await disk.left(), 0)

    const full = Date.now()
    const end = full + LONG_ENOUGH_MS
    for (; Date.now() < end; await sleep(100)) {
      const { status, text } = await lotan.request('warm', { path: '/plain' })
      assert.deepEqual([status, text], [200, 'warm'])
    }
    assert.deepEqual(
      parts.map((name) => lotan.part(name)),
      ids,
    )
    const seen = lotan.store.get('warm')!.lastSeen!
    assert.ok(seen > full, 'no visit was noted')

    // What gives room back: a preview goes, with its image.
    assert.equal((await lotan.api('DELETE', '/previews/idle')).status, 202)
    await until('idle is gone', () => lotan.store.get('idle') === undefined, { within: 60_000 })
    assert.equal((await lotan.click('cold', '/plain')).text, 'cold')
    assert.equal(await disk.left(), 0)
  })

  test('keeps no part that ended from coming back', async () => {
    for (const name of ['router', 'reaper', 'queue-processor'] as const) await lotan.killPart(name)
    await until('it is ready', async () => (await lotan.ask({ host: lotan.domain, path: '/readyz' })).status === 200)
    assert.equal((await lotan.click('warm', '/plain')).text, 'warm')
    assert.equal(await disk.left(), 0)
  })

  test('is forgotten when there is room', async () => {
    await disk.empty()
    const began = Date.now()
    await until('a visit is noted', async () => {
      assert.equal((await lotan.request('warm', { path: '/plain' })).text, 'warm')
      return lotan.store.get('warm')!.lastSeen! > began
    })
    assert.equal((await lotan.api('POST', '/previews/warm/restart')).status, 202)
    await until('warm was stopped', () => lotan.store.history('warm').some(({ event }) => event === 'ended'))
    assert.equal((await lotan.click('warm', '/plain')).text, 'warm')
  })

  test('keeps Redis from ending no more than the others, though it cannot write its file', async () => {
    await disk.fillUp()
    assert.equal(await disk.left(), 0)
    const was = lotan.part('redis')!
    process.kill(was, 'SIGTERM')
    await until('it has ended', () => !isAlive(was), { within: 60_000 })
    await until('it runs again', () => lotan.part('redis'))
    assert.equal(await disk.left(), 0)
    await disk.empty()
    await lotan.ready()
  })
})
