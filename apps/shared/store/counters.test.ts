import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openLog } from '../log.ts'
import type { Event } from '../preview/event.ts'
import type { ReasonCode } from '../preview/failure-reason.ts'
import type { Image } from '../preview/preview.ts'
import type { Counters } from './counters.ts'
import { openStore } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-counters-'))
const log = openLog('test', 'silent')
const open = () => openStore(path.join(dir, 'lotan.sqlite'), { slots: 100, label: (tag) => tag, log })
const [store, other] = [open(), open()]
after(() => {
  for (const each of [store, other]) each.close()
  fs.rmSync(dir, { recursive: true })
})

const now = 1_763_700_000_000
const image: Image = { id: 'sha256:one', digest: null, pulled: true, bytes: 9, created: null, labels: {}, ports: [] }
const because = (code: ReasonCode) => ({ reason: { code, detail: '' } })
const start: Event = { type: 'start', by: 'admin' }
const begin: Event = { type: 'begin', places: 99, port: 80 }
const created: Event = { type: 'created', generation: 1, container: 'c1' }
const started: Event = { type: 'started', generation: 1 }
const answered: Event = { type: 'answered', generation: 1, notices: [] }
const begun: Event[] = [start, { type: 'found', image }, begin, created, started]
const up: Event[] = [...begun, answered]
const stopped: Event[] = [...up, { type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' }]
const pulling: Event[] = [start, { type: 'absent', isOffered: true }, { type: 'pull', places: 99 }]

let tags = 0
/** Without durations, which have a test of their own. @returns what `last` has counted, after `before` */
function countedBy(before: readonly Event[], last: Event): Counters {
  const tag = `tag-${++tags}`
  for (const event of before) store.apply(tag, event, now)
  const was = store.counters()
  assert.ok(store.apply(tag, last, now), `${last.type} changes nothing`)
  const more: Counters = {}
  for (const name of ['start', 'crash', 'reap'] as const)
    for (const [label, value] of Object.entries(store.counters()[name] ?? {})) {
      const by = value - (was[name]?.[label] ?? 0)
      if (by !== 0) (more[name] ??= {})[label] = by
    }
  return more
}

const exited: Event = { type: 'exited', generation: 1, ...because('out-of-memory'), gone: false }
const cases: [what: string, before: Event[], last: Event, counted: Counters][] = [
  ['a start that gets an answer', begun, answered, { start: { running: 1 } }],
  ['one that does not', begun, { type: 'fail', ...because('wrong-port') }, { start: { 'wrong-port': 1 } }],
  ['one whose application ends', begun, { ...exited, ...because('disk-over') }, { start: { 'disk-over': 1 } }],
  ['a pull that fails', pulling, { type: 'fail', ...because('credentials') }, { start: { credentials: 1 } }],
  ['a tag that is not there', pulling, { type: 'missing' }, { start: { 'no-such-tag': 1 } }],
  ['a start that is stopped', pulling, { type: 'stop', why: 'asked' }, { start: { cancelled: 1 } }],
  ['one that is removed', begun, { type: 'remove' }, { start: { cancelled: 1 } }],
  ['a start that is tried again is none that has ended', begun, { ...exited, ...because('exited') }, {}],
  ['an end of what ran', up, exited, { crash: { 'out-of-memory': 1 } }],
  ['what wrote too much', up, { type: 'diskOver', generation: 1, ...because('disk-over') }, { crash: { 'disk-over': 1 } }], // prettier-ignore
  ['the end of a newer image that comes up beside it', [...up, { type: 'refresh' }, { type: 'renewed', image: { ...image, id: 'sha256:two' } }, { type: 'replace', port: 80 }], { ...exited, generation: 2 }, {}], // prettier-ignore
  ['a pause', up, { type: 'pause' }, { reap: { 'pause idle': 1 } }],
  ['a stop for being idle', up, { type: 'stop', why: 'idle' }, { reap: { 'stop idle': 1 } }],
  ['a stop for room', up, { type: 'stop', why: 'room' }, { reap: { 'stop room': 1 } }],
  ['a stop for the disk', up, { type: 'stop', why: 'disk' }, { reap: { 'stop disk': 1 } }],
  ['a stop that a person asked for is none of the reaper’s', up, { type: 'stop', why: 'asked' }, {}],
  ['an image that was not used', stopped, { type: 'cleaned' }, { reap: { 'clean idle': 1 } }],
  ['an image for the disk', [...stopped, { type: 'stop', why: 'disk' }], { type: 'cleaned' }, { reap: { 'clean disk': 1 } }], // prettier-ignore
  ['a preview that is forgotten', [...stopped, { type: 'cleaned' }], { type: 'forget' }, { reap: { 'forget idle': 1 } }], // prettier-ignore
  ['a removal that was asked for', up, { type: 'remove' }, {}],
]
for (const [what, before, last, counted] of cases)
  test(`counts ${what}`, () => assert.deepEqual(countedBy(before, last), counted))

test('durations are counted in the bucket that they fit in, and added up', () => {
  const was = store.counters()
  const bring = (tag: string, pullMs: number, startMs: number) => {
    for (const event of pulling) store.apply(tag, event, now)
    store.apply(tag, { type: 'pulled', image }, now + pullMs)
    for (const event of [begin, created, started]) store.apply(tag, event, now + pullMs)
    store.apply(tag, answered, now + pullMs + startMs)
  }
  bring('quick', 500, 51)
  bring('slow', 700_000, 100)
  bring('of a clock that stepped back', -5_000, -1)
  const { pullDuration, startDuration, pullSeconds, startSeconds } = store.counters()
  const since = (name: keyof Counters, label: string) => was[name]?.[label] ?? 0
  assert.deepEqual(pullDuration, { '0.5': 2, '+Inf': 1 })
  assert.equal(startDuration!['0.1']! - since('startDuration', '0.1'), 2)
  assert.equal(startDuration!['0.05']! - since('startDuration', '0.05'), 1)
  assert.equal(pullSeconds![''], 700.5)
  assert.equal(Math.round((startSeconds!['']! - since('startSeconds', '')) * 1_000), 151)
})

test('another process counts on, and so does one that opens the database later', () => {
  const running = () => store.counters().start!.running!
  const before = running()
  for (const event of up) other.apply('elsewhere', event, now)
  assert.equal(running(), before + 1)
  const later = open()
  try {
    assert.deepEqual(later.counters(), store.counters())
  } finally {
    later.close()
  }
})

test('what does not happen is not counted', () => {
  const before = store.counters()
  assert.equal(store.apply('never', answered, now), undefined)
  assert.deepEqual(store.counters(), before)
})
