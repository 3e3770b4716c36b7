import assert from 'node:assert/strict'
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { until } from '../../testing/harness/until.ts'
import { endLeftovers, holdersOf } from './leftovers.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-leftovers-'))
const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
  fs.rmSync(dir, { recursive: true })
})

/** Starts a process that ends up as a sleep whose output goes to a log. */
async function write(name: string, script: string) {
  return start(script, (file) => ['ignore', file, 'inherit'], fs.openSync(path.join(dir, name), 'a'))
}

async function start(script: string, stdio: (file: number) => StdioOptions, file: number) {
  const child = spawn('sh', ['-c', script], { stdio: stdio(file), detached: true })
  fs.closeSync(file)
  children.push(child)
  const ended = once(child, 'exit')
  await until('it sleeps', () => fs.readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n')
  return { pid: child.pid!, ended }
}

test('what has the lock as its input is ended, wherever it writes, and its children with it', async () => {
  const lock = path.join(dir, 'lock')
  fs.writeFileSync(lock, '')
  const family = 'exec 3<&0; sleep 60 <&3 & exec sleep 60'
  const mine = await start(family, (file) => [file, 'ignore', 'ignore'], fs.openSync(lock, 'r'))
  await until('it has a child', () => holdersOf([lock]).length === 2)
  assert.equal(await endLeftovers([lock], 2_000), 2)
  assert.deepEqual(await mine.ended, [null, 'SIGTERM'])
})

test('what writes to a log is ended, by force if need be, and nothing else is', async () => {
  const logs = ['nginx.log', 'router.log'].map((name) => path.join(dir, name))
  const polite = await write('nginx.log', 'exec sleep 60')
  const deaf = await write('router.log', 'trap "" TERM; exec sleep 60')
  const other = await write('other.log', 'exec sleep 60')
  // A log that was removed is still known by its name.
  fs.rmSync(logs[0]!)
  assert.deepEqual(holdersOf(logs).sort(), [polite.pid, deaf.pid].sort())

  assert.equal(await endLeftovers(logs, 300), 2)
  assert.deepEqual(await polite.ended, [null, 'SIGTERM'])
  assert.deepEqual(await deaf.ended, [null, 'SIGKILL'])
  assert.deepEqual(holdersOf([path.join(dir, 'other.log')]), [other.pid])
  assert.equal(await endLeftovers(logs), 0)
})
