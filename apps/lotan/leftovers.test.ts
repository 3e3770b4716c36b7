import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { endLeftovers, writersOf } from './leftovers.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-leftovers-'))
after(() => fs.rmSync(dir, { recursive: true }))

function write(name: string, script: string) {
  const out = fs.openSync(path.join(dir, name), 'a')
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', out, 'inherit'], detached: true })
  fs.closeSync(out)
  return { pid: child.pid!, ended: once(child, 'exit'), end: () => child.kill('SIGKILL') }
}

test('what writes to a log is ended, by force if need be, and nothing else is', async () => {
  const logs = ['nginx.log', 'router.log'].map((name) => path.join(dir, name))
  const polite = write('nginx.log', 'exec sleep 60')
  const deaf = write('router.log', 'trap "" TERM; while :; do sleep 0.05 >/dev/null; done')
  const other = write('other.log', 'exec sleep 60')
  // A log that was removed is still known by its name.
  fs.rmSync(logs[0]!)
  assert.deepEqual(writersOf(logs).sort(), [polite.pid, deaf.pid].sort())

  assert.equal(await endLeftovers(logs, 300), 2)
  assert.deepEqual(await polite.ended, [null, 'SIGTERM'])
  assert.deepEqual(await deaf.ended, [null, 'SIGKILL'])
  assert.deepEqual(writersOf([path.join(dir, 'other.log')]), [other.pid])
  assert.equal(await endLeftovers(logs), 0)
  other.end()
  await other.ended
})
