import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { openLog } from '../shared/log.ts'
import type { Preview } from '../shared/preview/preview.ts'
import { CLICK_MS } from '../shared/preview/start-queue.ts'
import { openStore, type Store } from '../shared/store/store.ts'
import { until } from '../testing/harness/until.ts'
import { noteWaiters, type Waiters } from './waiters.ts'
import { watchStore } from './watch/store-watch.ts'

const EVERY_MS = 50

let dir: string
let store: Store
let waiters: Waiters
let nudged: string[]

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-waiters-'))
  store = openStore(path.join(dir, 'lotan.sqlite'), { slots: 5, label: (tag) => tag, log: openLog('test', 'silent') })
  nudged = []
  const nudge = async ({ tag }: Preview) => void nudged.push(tag)
  waiters = noteWaiters(
    { store, nudges: { nudge }, changes: watchStore(store, { everyMs: 10 }) },
    { everyMs: EVERY_MS },
  )
  store.apply('red', { type: 'start', by: 'api' })
})
afterEach(() => {
  waiters.close()
  store.close()
  fs.rmSync(dir, { recursive: true })
})

const waiter = (tag = 'red') => store.get(tag)?.waiter ?? null
const left = () => waiter()!.until - Date.now()

test('a person goes before a program, and one that leaves falls back', () => {
  const program = waiters.comes('red', 'program')
  assert.equal(waiter()?.who, 'program')
  assert.deepEqual(nudged, [])
  const [one, two] = [waiters.comes('red', 'person'), waiters.comes('red', 'person')]
  assert.equal(waiter()?.who, 'person')
  assert.deepEqual(nudged, ['red'], 'its pull has a lane of its own now')
  one()
  assert.equal(waiter()?.who, 'person')
  two()
  assert.equal(waiter()?.who, 'program')
  program()
  // A page that reloads is back before that.
  assert.ok(left() > 0 && left() < CLICK_MS / 2)
})

test('who still waits is noted anew before the time is over', async () => {
  const leave = waiters.comes('red', 'person')
  store.waiters([['red', { who: 'person', until: Date.now() + 100 }]])
  await until('it is noted', () => left() > CLICK_MS / 2)
  leave()
})

test('a page that comes again by itself counts until it should have come', () => {
  waiters.passes('red')
  assert.ok(left() > CLICK_MS / 2 && left() <= CLICK_MS)
  assert.deepEqual(nudged, ['red'])
})

test('a click that has made the start writes nothing more', () => {
  store.apply('blue', { type: 'start', by: 'visit' })
  const { version } = store
  const before = version()
  waiters.passes('blue')
  const leave = waiters.comes('blue', 'person')
  assert.equal(version(), before)
  assert.equal(waiter('blue')?.who, 'person')
  leave()
})

test('what does not start is not waited for', () => {
  waiters.passes('none')
  store.apply('red', { type: 'remove' })
  const leave = waiters.comes('red', 'person')
  assert.equal(waiter(), null)
  leave()
})
