import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import type { Change } from '../forge/change.ts'
import { tagTemplateOf } from '../forge/tag-templates.ts'
import { openLog } from '../log.ts'
import type { Event } from '../preview/event.ts'
import type { Image } from '../preview/preview.ts'
import { splitId } from '../preview/preview-id.ts'
import { openStore, type Store } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-standings-'))
const opened: Store[] = []
after(() => {
  for (const store of opened) store.close()
  fs.rmSync(dir, { recursive: true })
})

const now = 1_763_700_000_000
const approval = { who: 'anna', at: now }
const image: Image = { id: 'i', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [] }
const start: Event = { type: 'start', by: 'visit' }
const forge = { templates: [tagTemplateOf('pr-{number}')!], forks: 'ask' as const, fallback: ['main'] }

function open(rules: typeof forge | null = forge): Store {
  const log = openLog('test', 'silent')
  const file = path.join(dir, `${opened.length}.sqlite`)
  const store = openStore(file, { slots: 10, label: (id) => splitId(id).tag, forge: rules, log })
  opened.push(store)
  return store
}

/** Of the tag `pr-NUMBER`. */
function tell(store: Store, number: number, told: Partial<Change> = {}) {
  const change: Change = {
    ...{
      repository: '',
      number,
      title: 'A change',
      author: 'ben',
      branch: 'b',
      base: 'main',
      sha: 'a1',
    },
    ...{ fork: false, state: 'open', url: 'https://forge.test/3', updated: now, ...told },
  }
  return store.changes.put(change, [`pr-${number}`], now)
}

/** @returns whether they could be brought up */
function starts(store: Store, id: string): boolean {
  return store.apply(id, start, now) !== undefined
}

const pulledAhead: Event = { type: 'ahead', image }

test('what may not run is told of all previews at once as it is of each', () => {
  const store = open()
  for (const [number, told] of [
    [1, {}],
    [2, { fork: true }],
    [3, {}],
    [4, {}],
    [5, { base: 'pr-4' }],
  ] as const) {
    tell(store, number, told)
    store.changes.approveTag(`pr-${number}`, approval)
    store.apply(`pr-${number}`, pulledAhead, now)
    store.changes.approveTag(`pr-${number}`, null)
  }
  for (const id of ['main', 'v1']) store.apply(id, pulledAhead, now)
  store.changes.approveTag('pr-9', approval)
  store.apply('pr-9', pulledAhead, now)
  store.apply('pr-3', { type: 'pin', until: now + 1_000 }, now)
  for (const number of [1, 3, 4]) tell(store, number, { state: 'merged', updated: now + 1 })
  store.changes.approve({ repository: '', number: 2 }, null)

  const barred = (at: number) => [...store.barred(store.list(), at)].map(([id, { is }]) => `${id} ${is}`)
  const expected = ['pr-1 closed', 'pr-2 asks']
  assert.deepEqual(barred(now), expected)
  const each = (at: number) =>
    store
      .list()
      .map(({ tag }) => [tag, store.standing(tag as string, at).is] as const)
      .filter(([, is]) => is !== 'free')
      .map(([tag, is]) => `${tag} ${is}`)
  assert.deepEqual(each(now), expected)
  // Its pin is over.
  assert.deepEqual(barred(now + 1_000), ['pr-1 closed', 'pr-2 asks', 'pr-3 closed'])
  store.changes.approveTag('pr-9', null)
  assert.deepEqual(barred(now), [...expected, 'pr-9 asks'])
  assert.deepEqual(each(now), [...expected, 'pr-9 asks'])
})

test('without a forge everything may run', () => {
  const store = open(null)
  tell(store, 1, { state: 'closed' })
  assert.ok(starts(store, 'pr-1'))
  assert.equal(store.barred(store.list(), now).size, 0)
  assert.equal(store.apply('pr-1', { type: 'stop', why: 'closed' }, now)?.state, 'stopping')
})

test('a stop that a change asked for does not come where the change lets it run again', () => {
  const store = open()
  tell(store, 1)
  assert.ok(starts(store, 'pr-1'))
  assert.equal(store.apply('pr-1', { type: 'stop', why: 'closed' }, now), undefined)
  tell(store, 1, { state: 'closed', updated: now + 1 })
  assert.equal(store.apply('pr-1', { type: 'stop', why: 'closed' }, now)?.state, 'stopping')
  for (const type of ['ending', 'ended'] as const) store.apply('pr-1', { type }, now)
  assert.ok(!starts(store, 'pr-1'))
  tell(store, 1, { state: 'open', updated: now + 2 })
  assert.ok(starts(store, 'pr-1'))
})

test('a pin keeps what is closed, even where all of it is gone, and lets no fork in', () => {
  const store = open()
  const pin: Event = { type: 'pin', until: null }
  tell(store, 1, { state: 'merged' })
  assert.ok(!starts(store, 'pr-1'))
  assert.equal(store.apply('pr-1', pin, now)?.state, 'stopped')
  assert.ok(starts(store, 'pr-1'))
  assert.equal(store.apply('pr-2', pin, now), undefined)
  tell(store, 3, { fork: true })
  assert.equal(store.apply('pr-3', pin, now), undefined)
})

test('an approval of a tag becomes that of its change, and not of the next one', () => {
  const store = open()
  store.changes.approveTag('pr-1', approval)
  assert.ok(starts(store, 'pr-1'))
  assert.deepEqual(tell(store, 1, { fork: true })?.approval, approval)
  assert.deepEqual(store.changes.get({ repository: '', number: 1 })?.approval, approval)
  assert.equal(store.changes.approvalOfTag('pr-1'), null)
  // A push leaves it.
  tell(store, 1, { fork: true, sha: 'b2', updated: now + 1 })
  assert.equal(store.standing('pr-1', now).is, 'free')
  store.changes.approve({ repository: '', number: 1 }, null)
  assert.equal(store.standing('pr-1', now).is, 'asks')
})

test('what is not known to be of its own repository begins without secrets, whatever was believed before', () => {
  const store = open()
  tell(store, 1, { fork: true })
  store.changes.approve({ repository: '', number: 1 }, approval)
  store.apply('pr-1', start, now)
  store.apply('pr-1', { type: 'found', image }, now)
  const begin = { type: 'begin', places: 9, port: 80 } as const
  assert.equal(store.apply('pr-1', { ...begin, trusted: true }, now), undefined)
  const begun = store.apply('pr-1', { ...begin, trusted: false }, now)
  assert.equal(begun?.state === 'starting' && begun.generation?.trusted, false)
})
