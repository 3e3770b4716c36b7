import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { until } from '../../testing/harness/until.ts'
import { takeLock, takeLocks } from './lock.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-lock-'))
after(() => fs.rmSync(dir, { recursive: true }))

test('a lock is had once, and again after its release', async () => {
  const file = path.join(dir, 'released')
  const first = await takeLock(file)
  assert.equal(await takeLock(file), undefined)
  await first!.release()
  const second = await takeLock(file)
  await second!.release()
})

test('a lock whose holder was killed is free', async () => {
  const file = path.join(dir, 'killed')
  const script = `
    import { takeLock } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.ts'))}
    console.log(Boolean(await takeLock(${JSON.stringify(file)})))
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script])
  const [words] = await once(holder.stdout, 'data')
  assert.equal(String(words), 'true\n')
  assert.equal(await takeLock(file), undefined)
  holder.kill('SIGKILL')
  const lock = await until('the lock is free', () => takeLock(file))
  await lock.release()
})

test('a lock that cannot be made is an error', async () => {
  await assert.rejects(takeLock(path.join(dir, 'no', 'such', 'directory')), /flock ended with status/)
})

test('who runs everything has the directory, and who runs parts has these', async () => {
  const whole = await takeLocks(dir, null)
  assert.equal(await takeLocks(dir, null), undefined)
  assert.equal(await takeLocks(dir, ['router']), undefined)
  await whole!.release()

  const router = await takeLocks(dir, ['router'])
  const others = await takeLocks(dir, ['reaper', 'nginx'])
  assert.ok(router && others)
  assert.equal(await takeLocks(dir, ['redis', 'router']), undefined)
  assert.equal(await takeLocks(dir, null), undefined)
  const redis = await takeLocks(dir, ['redis'])
  assert.ok(redis, 'what was refused with another part is free')
  for (const lock of [router, others, redis]) await lock.release()
  await (await takeLocks(dir, null))!.release()
})
