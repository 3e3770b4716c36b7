import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import { openLog } from '../log.ts'
import { openStore, type Store } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-store-'))
const opened: { close(): void }[] = []
after(() => {
  for (const one of opened) one.close()
  fs.rmSync(dir, { recursive: true })
})

function open(file: string): Store {
  const store = openStore(file, { slots: 10, label: (tag) => tag, log: openLog('test', 'silent') })
  opened.push(store)
  return store
}

test('to open a database that is up to date writes nothing, and wakes nobody', () => {
  const file = path.join(dir, 'open.sqlite')
  const store = open(file)
  const before = store.version()
  open(file)
  assert.equal(store.version(), before)
  store.facts.set('slotWhy', 'b')
  assert.notEqual(store.version(), before)
})

test('a visit that cannot be noted takes nobody down, and is noted once it can be', () => {
  const file = path.join(dir, 'busy.sqlite')
  const store = open(file)
  store.apply('red', { type: 'start', by: 'api' }, 1_000)
  const other = new Database(file)
  opened.push(other)
  other.exec('BEGIN IMMEDIATE')
  assert.equal(store.touch([['red', 3_000]]), false)
  other.exec('ROLLBACK')
  assert.equal(store.get('red')?.lastSeen, null)
  assert.equal(store.touch([['red', 2_000]]), true)
  assert.equal(store.get('red')?.lastSeen, 3_000)
})

test('room is kept once, in the journal and in the file', () => {
  const file = path.join(dir, 'room.sqlite')
  const store = open(file)
  const sizes = () => [file, `${file}-wal`].map((name) => fs.statSync(name).size)
  store.keepRoom()
  for (const size of sizes()) assert.ok(size > 8_000_000, `${size} bytes`)
  const was = sizes()
  const before = store.version()
  store.keepRoom()
  assert.equal(store.version(), before)
  for (let i = 0; i < 2_000; i++) store.apply(`t${i}`, { type: 'start', by: 'api' })
  assert.deepEqual(sizes(), was)
})
