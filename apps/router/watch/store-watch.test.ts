import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { pino } from 'pino'
import { openStore } from '../../shared/store/store.ts'
import { watchStore } from './store-watch.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-changes-'))
const options = { slots: 4, label: (tag: string) => tag, log: pino({ level: 'silent' }) }
const store = openStore(path.join(dir, 'lotan.sqlite'), options)
// Another process, as far as SQLite can tell.
const elsewhere = openStore(path.join(dir, 'lotan.sqlite'), options)
after(() => {
  store.close()
  elsewhere.close()
  fs.rmSync(dir, { recursive: true })
})

const soon = () => Date.now() + 5_000

test('a wait ends when the check finds something, at once or after a commit', async () => {
  const changes = watchStore(store, { everyMs: 10 })
  assert.equal(await changes.until(() => 'here', { deadline: 0 }), 'here')

  for (const [tag, writer] of [['own', store] as const, ['other', elsewhere] as const]) {
    const waiting = changes.until(() => store.get(tag)?.state, { deadline: soon() })
    writer.apply(tag, { type: 'start', by: 'visit' })
    assert.equal(await waiting, 'queued')
  }
})

test('the kernel tells of the commit of another process, between two looks', async () => {
  const changes = watchStore(store, { everyMs: 60_000 })
  const waiting = changes.until(() => store.get('told')?.state, { deadline: soon() })
  elsewhere.apply('told', { type: 'start', by: 'visit' })
  assert.equal(await waiting, 'queued')
})

test('a commit right after the first check is not missed', async () => {
  const changes = watchStore(store, { everyMs: 10 })
  let checks = 0
  const found = await changes.until(
    () => {
      if (checks++ === 0) elsewhere.apply('race', { type: 'start', by: 'visit' })
      else return store.get('race')?.state
      return undefined
    },
    { deadline: soon() },
  )
  assert.equal(found, 'queued')
})

test('a wait ends at its deadline, and when its caller hangs up', async () => {
  const changes = watchStore(store, { everyMs: 10 })
  const began = Date.now()
  assert.equal(await changes.until(() => undefined, { deadline: began + 60 }), undefined)
  assert.ok(Date.now() - began >= 55)

  const caller = new AbortController()
  setTimeout(() => caller.abort(), 20)
  assert.equal(await changes.until(() => undefined, { deadline: Infinity, signal: caller.signal }), undefined)
  assert.equal(await changes.until(() => 'here', { deadline: Infinity, signal: caller.signal }), undefined)
})

test('a check that throws rejects its own wait and no other', async () => {
  const changes = watchStore(store, { everyMs: 10 })
  const other = changes.until(() => (store.get('thrown') ? 'found' : undefined), { deadline: soon() })
  const throwing = changes.until(
    () => {
      if (store.get('thrown')) throw new Error('no')
      return undefined
    },
    { deadline: soon() },
  )
  store.apply('thrown', { type: 'start', by: 'visit' })
  await assert.rejects(throwing, /no/)
  assert.equal(await other, 'found')
})

test('500 waiters share one poll and one read, and nobody polls when they are gone', async () => {
  let polls = 0
  let gets = 0
  const counted = {
    version: () => (polls++, store.version()),
    list: store.list,
    stateOf: store.stateOf,
    onWrite: store.onWrite,
    get: (tag: string) => (gets++, store.get(tag)),
  }
  const changes = watchStore(counted, { everyMs: 10 })
  const waits = Array.from({ length: 500 }, () =>
    changes.until(() => changes.previews().find(({ tag }) => tag === 'shared'), { deadline: soon() }),
  )
  elsewhere.apply('shared', { type: 'start', by: 'visit' })
  for (const preview of await Promise.all(waits)) assert.equal(preview?.state, 'queued')

  const one = changes.until(() => changes.preview('one'), { deadline: soon() })
  const many = Array.from({ length: 499 }, () => changes.until(() => changes.preview('one'), { deadline: soon() }))
  assert.equal(gets, 1)
  elsewhere.apply('one', { type: 'start', by: 'visit' })
  for (const preview of await Promise.all([one, ...many])) assert.equal(preview?.state, 'queued')
  assert.ok(gets <= 3, `${gets} reads`)

  const before = polls
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(polls, before)
})

test('previews are read once between two commits of any process', () => {
  const read = store.list()
  assert.equal(store.list(), read)
  elsewhere.apply('later', { type: 'start', by: 'visit' })
  assert.ok(store.list().some(({ tag }) => tag === 'later'))
  store.apply('later', { type: 'remove' })
  assert.ok(!store.list().some(({ tag, state }) => tag === 'later' && state === 'queued'))
})

test('a listener that stops while listeners are called is not called any more', async () => {
  const changes = watchStore(store, { everyMs: 10 })
  const called: string[] = []
  const stops = ['a', 'b'].map((name) => changes.on(() => (called.push(name), stops.forEach((stop) => stop()))))
  store.facts.set('slotWhy', 'value')
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.deepEqual(called, ['a'])
})
