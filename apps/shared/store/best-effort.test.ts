import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import { openLog } from '../log.ts'
import { openStore } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-best-effort-'))
after(() => fs.rmSync(dir, { recursive: true }))

test('a visit is not waited for while another process writes, and is noted with the next one', () => {
  const file = path.join(dir, 'lotan.sqlite')
  const store = openStore(file, { slots: 5, label: (id) => id, log: openLog('test', 'silent') })
  store.apply('red', { type: 'start', by: 'api' }, 1)
  store.apply('blue', { type: 'start', by: 'api' }, 1)
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  const began = performance.now()
  assert.equal(store.touch([['red', 1_000]]), false)
  // A write that waits for its turn takes 5 s.
  assert.ok(performance.now() - began < 1_000)
  other.exec('ROLLBACK')
  assert.equal(store.get('red')?.lastSeen, null)
  assert.equal(store.touch([['blue', 2_000]]), true)
  assert.deepEqual([store.get('red')?.lastSeen, store.get('blue')?.lastSeen], [1_000, 2_000])
  other.close()
  store.close()
})
