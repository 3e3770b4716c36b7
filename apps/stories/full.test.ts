/** The disk that Lotan keeps its own things on is full: what is up goes on being served, and all goes on when there is room. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startLotan, type Lotan, type PartName } from '../testing/harness/lotan.ts'
import { buildApps } from '../testing/images/build.ts'
import { isAlive } from '../testing/harness/processes.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const run = promisify(execFile)
const MB = 1024 * 1024
const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']
/** Longer than nginx may use an answer for, and than a timer rests that writes. */
const LONG_ENOUGH_MS = 8_000

describe('a data directory on a full disk', { timeout: 300_000 }, () => {
  let dir: string
  let registry: Registry
  let lotan: Lotan
  let fill: string

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-full-'))
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'lotan-test', dir])
    fill = path.join(dir, 'fill')
    registry = await startImageRegistry()
    await buildApps(registry.repository, ['warm', 'cold', 'idle'])
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_DATA_DIR: path.join(dir, 'data'), LOTAN_GRACE_SECONDS: '1' },
    })
    for (const tag of ['warm', 'idle']) await lotan.request(tag, { path: '/plain' })
  })
  after(async () => {
    await fs.rm(fill ?? '', { force: true })
    await lotan?.stop()
    await registry?.close()
    await run('umount', ['--lazy', dir])
    await fs.rmdir(dir)
  })

  test('takes nothing down, what frees room is still done, and so is what is asked for', async () => {
    const ids = parts.map((name) => lotan.part(name))

    await fillUp()

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
    assert.equal(await left(), 0)
  })

  test('keeps no part that ended from coming back', async () => {
    for (const name of ['router', 'reaper', 'queue-processor'] as const) await lotan.killPart(name)
    await until('it is ready', async () => (await lotan.ask({ host: lotan.domain, path: '/readyz' })).status === 200)
    assert.equal((await lotan.click('warm', '/plain')).text, 'warm')
    assert.equal(await left(), 0)
  })

  test('is forgotten when there is room', async () => {
    await fs.rm(fill)
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
    await fillUp()
    const was = lotan.part('redis')!
    process.kill(was, 'SIGTERM')
    await until('it has ended', () => !isAlive(was), { within: 60_000 })
    await until('it runs again', () => lotan.part('redis'))
    assert.equal(await left(), 0)
    await fs.rm(fill)
    await lotan.ready()
  })

  /** Until not a byte is left, whatever else gives back a little meanwhile. */
  async function fillUp() {
    const file = await fs.open(fill, 'a')
    try {
      for (const piece of [MB, 4096, 1])
        await file
          .write(Buffer.alloc(piece))
          .then(async () => {
            for (;;) if ((await file.write(Buffer.alloc(piece))).bytesWritten < piece) return
          })
          .catch((error: NodeJS.ErrnoException) => assert.equal(error.code, 'ENOSPC'))
    } finally {
      await file.close()
    }
    assert.equal(await left(), 0)
  }

  /** Bytes that are free. */
  async function left(): Promise<number> {
    const { bavail, bsize } = await fs.statfs(dir)
    return bavail * bsize
  }
})
