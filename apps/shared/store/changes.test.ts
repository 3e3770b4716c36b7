import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openLog } from '../log.ts'
import { tagTemplateOf } from '../forge/tag-templates.ts'
import { aChange } from '../../testing/arbitraries/change.ts'
import { openStore } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-changes-'))
after(() => fs.rmSync(dir, { recursive: true }))
const log = openLog('test', 'silent')
let files = 0
const open = (forks?: 'ask' | 'open') =>
  openStore(path.join(dir, `${++files}.sqlite`), {
    slots: 5,
    label: (id) => id,
    log,
    forge: forks ? { forks, templates: [tagTemplateOf('pr-{number}')!], fallback: ['main'] } : null,
  })

const image = { digest: 'sha256:1', revision: 'a41f09c', bytes: 7, created: '2026-11-30T12:00:00Z' }

test('what a forge tells is kept, and told again it changes nothing', () => {
  const { changes, version } = open()
  const change = aChange()
  assert.deepEqual(changes.put(change, ['pr-3001', 'a41f09c'], 10), change)
  assert.deepEqual(changes.get(change), change)
  assert.deepEqual(changes.tagsOf(change), ['pr-3001', 'a41f09c'])
  assert.deepEqual(changes.ofPreview('a41f09c'), [change])
  assert.deepEqual(changes.ofPreview('api/a41f09c'), [])
  const before = version()
  assert.equal(changes.put(change, ['pr-3001', 'a41f09c'], 20), undefined)
  assert.equal(version(), before)
})

test('an older report never wins, and closing is dated once', () => {
  const { changes } = open()
  changes.put(aChange({ updated: 5 }), ['pr-3001'], 10)
  assert.equal(changes.put(aChange({ updated: 4, state: 'closed' }), ['pr-3001'], 11), undefined)
  assert.equal(changes.put(aChange({ updated: 6, state: 'merged' }), ['pr-3001'], 12)?.closedAt, 12)
  assert.equal(changes.put(aChange({ updated: 7, state: 'merged' }), ['pr-3001'], 13)?.closedAt, 12)
  assert.equal(changes.put(aChange({ updated: 8, state: 'open' }), ['pr-3001'], 14)?.closedAt, null)
  assert.deepEqual(changes.open().map(({ number }) => number), [3001]) // prettier-ignore
})

test('a push moves the tags of a change, and keeps what is known of it besides', () => {
  const { changes } = open()
  const change = aChange()
  changes.put(change, ['pr-3001', 'a41f09c'], 1)
  changes.approve(change, { who: 'admin', at: 2 })
  changes.noteBehind(change, { revision: 'a41f09c', sha: change.sha, commits: 0 })
  changes.noteSaid(change, { comment: { id: '5', text: 'x', sha: change.sha, deletedAt: null } })
  const sha = 'b'.repeat(40)
  const pushed = changes.put({ ...change, sha, updated: 2 }, ['pr-3001', 'bbbbbbb'], 3)
  assert.deepEqual(pushed?.approval, { who: 'admin', at: 2 })
  assert.equal(pushed?.behind?.commits, 0)
  assert.deepEqual(changes.said(change), { comment: { id: '5', text: 'x', sha: change.sha, deletedAt: null } })
  assert.deepEqual([changes.ofPreview('a41f09c').length, changes.ofPreview('bbbbbbb').length], [0, 1])
})

test('images of tags are kept as they were read last', () => {
  const { changes } = open()
  changes.noteImage('pr-3001', image)
  assert.deepEqual(changes.image('pr-3001'), { tag: 'pr-3001', ...image })
  changes.noteImage('pr-3001', { ...image, revision: null })
  assert.equal(changes.image('pr-3001')?.revision, null)
  changes.noteImage('pr-3001', null)
  assert.equal(changes.image('pr-3001'), undefined)
})

test('closed changes are forgotten with their tags and images', () => {
  const { changes } = open()
  changes.put(aChange({ number: 1, state: 'merged' }), ['pr-1'], 10)
  changes.put(aChange({ number: 2, state: 'merged' }), ['pr-2'], 30)
  changes.put(aChange({ number: 3 }), ['pr-3'], 5)
  for (const tag of ['pr-1', 'pr-2', 'pr-3']) changes.noteImage(tag, image)
  changes.forget(20)
  assert.deepEqual(changes.list().map(({ number }) => number), [3, 2]) // prettier-ignore
  assert.deepEqual([changes.ofPreview('pr-1'), changes.image('pr-1')], [[], undefined])
  assert.ok(changes.image('pr-2') && changes.image('pr-3'))
})

test('nothing brings up what may not run, and approval, reopening and a pin let it', () => {
  const store = open('ask')
  const start = () => store.apply('pr-7', { type: 'start', by: 'visit' })?.state
  assert.equal(store.standing('pr-7', 1).is, 'asks')
  assert.equal(start(), undefined)
  store.changes.approveTag('pr-7', { who: 'admin', at: 1 })
  assert.equal(start(), 'queued')
  store.apply('pr-7', { type: 'absent', isOffered: true })
  store.changes.approveTag('pr-7', null)
  store.changes.put(aChange({ number: 7, fork: true }), ['pr-7'], 1)
  assert.equal(store.apply('pr-7', { type: 'pull', places: 5 }), undefined)
  store.changes.approve({ repository: '', number: 7 }, { who: 'admin', at: 1 })
  assert.equal(store.apply('pr-7', { type: 'pull', places: 5 })?.state, 'pulling')
  store.changes.put(aChange({ number: 7, fork: true, state: 'closed', updated: 2 }), ['pr-7'], 1)
  assert.equal(store.apply('pr-7', { type: 'restart' }), undefined)
  assert.equal(store.standing('pr-7', 1).is, 'closed')
  store.apply('pr-7', { type: 'pin', until: null })
  assert.equal(store.standing('pr-7', Date.now()).is, 'free')
})

test('a base branch, and a fallback, stay free when what comes out of them is merged', () => {
  const store = open('ask')
  store.changes.put(aChange({ number: 7, state: 'merged', base: 'develop' }), ['pr-7', 'develop', 'main'], 1)
  assert.deepEqual(['pr-7', 'develop', 'main'].map((id) => store.standing(id, 1).is), ['closed', 'free', 'free']) // prettier-ignore
})

test('without a forge every tag is free', () => {
  const store = open()
  store.changes.put(aChange({ number: 7, state: 'merged' }), ['pr-7'], 1)
  assert.deepEqual(store.standing('pr-7', 1), { is: 'free', change: null, isTrusted: true })
})
