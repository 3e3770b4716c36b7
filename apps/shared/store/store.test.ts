import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import { openLog } from '../log.ts'
import { next } from '../preview/state-machine/transitions.ts'
import type { Event } from '../preview/event.ts'
import type { Image, In, Preview } from '../preview/preview.ts'
import { MISSING_MS } from './missing.ts'
import { SLOT_REST_MS } from './slots.ts'
import { isDamage, openStore, setAsideIfCorrupt, type Store } from './store.ts'
import { labelOf } from '../tag.ts'
import { oneRepository } from '../../testing/harness/repositories.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-store-'))
const opened: Store[] = []
after(() => {
  for (const store of opened) store.close()
  fs.rmSync(dir, { recursive: true })
})

const now = 1_763_700_000_000
const image: Image = {
  id: 'sha256:one',
  digest: 'sha256:d1',
  pulled: true,
  bytes: 9,
  created: null,
  labels: {},
  ports: [],
}
const label = (tag: string) => labelOf(tag, { domain: 'example.com', transliterate: true, ...oneRepository })
let files = 0
const newFile = () => path.join(dir, `${++files}.sqlite`)

function open(file = newFile(), slots = 10, labels = label): Store {
  const store = openStore(file, { slots, label: labels, log: openLog('test', 'silent') })
  opened.push(store)
  return store
}

const found: Event = { type: 'found', image }
const absent: Event = { type: 'absent', isOffered: true }
const unlisted: Event = { type: 'absent', isOffered: false }
const exited: Event = { type: 'exited', generation: 1, reason: { code: 'exited', detail: 'exit 1' }, gone: false }
const begin = (places = 99): Event => ({ type: 'begin', places, port: 80 })

/** Brings a tag to where it has begun to start. @returns its slot, or undefined where it got none */
function begun(store: Store, tag: string, at = now, places?: number): number | null | undefined {
  store.apply(tag, { type: 'start', by: 'visit' }, at)
  store.apply(tag, found, at)
  const preview = store.apply(tag, begin(places), at)
  return preview?.state === 'starting' ? preview.generation?.slot : undefined
}

function up(store: Store, tag: string, at = now): Preview {
  begun(store, tag, at)
  const generation = (store.get(tag) as Preview & { state: 'starting' }).generation!.number
  store.apply(tag, { type: 'created', generation, container: `c-${tag}` }, at)
  return store.apply(tag, { type: 'answered', generation, notices: [{ code: 'text', text: 'slow' }] }, at)!
}

/** Ends a preview and gives its slot back. */
function down(store: Store, tag: string, at = now) {
  for (const event of [{ type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' }] as Event[])
    store.apply(tag, event, at)
}

test('a preview reads back as it was written, in every state, after a restart too', () => {
  const file = newFile()
  const store = open(file)
  const reads = (preview: Preview | undefined) => {
    assert.ok(preview)
    assert.deepEqual(store.get('red'), preview)
    const again = open(file)
    assert.deepEqual(again.get('red'), preview)
    assert.deepEqual(again.list(), [preview])
  }
  const states = new Set<string>()
  const events: Event[] = [
    { type: 'start', by: 'visit' },
    absent,
    { type: 'pull', places: 1 },
    { type: 'pulled', image },
    begin(),
    { type: 'created', generation: 1, container: 'c1' },
    { type: 'started', generation: 1 },
    { type: 'answered', generation: 1, notices: [{ code: 'answers-error', status: 404, path: '/' }] },
    exited,
    begin(),
    { type: 'answered', generation: 1, notices: [] },
    { type: 'stop', why: 'idle' },
    { type: 'ending' },
    { type: 'start', by: 'visit' },
    { type: 'stop', why: 'asked' },
    { type: 'ended' },
    { type: 'start', by: 'api' },
    { type: 'fail', reason: { code: 'stalled', detail: 'no byte', output: ['a', 'b'] } },
    { type: 'remove' },
  ]
  for (const [i, event] of events.entries()) {
    const was = store.get('red')
    const became = store.apply('red', event, now + i)
    if (event.type !== 'begin') assert.deepEqual(became, next(was, 'red', event, now + i))
    reads(became)
    states.add(became!.state)
  }
  assert.equal(states.size, 8)
  assert.equal(store.apply('red', { type: 'removed' }, now)?.state, 'unknown')
  assert.equal(store.get('red'), undefined)
  assert.deepEqual(store.list(), [])
})

test('an event that means nothing to the state changes nothing', () => {
  const store = open()
  assert.equal(store.apply('red', { type: 'ended' }, now), undefined)
  store.apply('red', { type: 'start', by: 'visit' }, now)
  const version = store.version()
  assert.equal(store.apply('red', { type: 'start', by: 'visit' }, now), undefined)
  assert.equal(store.version(), version)
  assert.equal(store.history('red').length, 1)
})

test('of many processes that race for one change, one wins', async (t) => {
  const file = newFile()
  const store = open(file)
  const tags = Array.from({ length: 60 }, (_, i) => `tag-${i}`)
  for (const tag of tags) {
    store.apply(tag, { type: 'start', by: 'visit' })
    store.apply(tag, found)
  }
  const racer = path.join(dir, 'racer.ts')
  fs.writeFileSync(
    racer,
    `import { openStore } from ${JSON.stringify(path.join(import.meta.dirname, 'store.ts'))}
     import { openLog } from ${JSON.stringify(path.join(import.meta.dirname, '../log.ts'))}
     const options = { slots: 100, label: (tag) => tag, log: openLog('racer', 'silent') }
     const store = openStore(${JSON.stringify(file)}, options)
     process.once('message', () => {
       const won = []
       for (const tag of ${JSON.stringify(tags)}) {
         const preview = store.apply(tag, { type: 'begin', places: 40, port: 80 })
         if (preview) won.push([tag, preview.generation.slot])
       }
       process.send(won, () => process.exit())
     })
     process.send('ready')`,
  )
  const racers = Array.from({ length: 3 }, () => fork(racer))
  const gone = racers.map((child) => once(child, 'exit'))
  t.after(() => racers.forEach((child) => child.kill('SIGKILL')))
  await Promise.all(racers.map((child) => once(child, 'message')))
  const ended = racers.map(async (child) => (await once(child, 'message'))[0] as [tag: string, slot: number][])
  for (const child of racers) child.send('go')
  const won = (await Promise.all(ended)).flat()
  await Promise.all(gone)

  assert.equal(won.length, 40, 'places are counted where they are taken')
  assert.equal(new Set(won.map(([tag]) => tag)).size, 40)
  assert.equal(new Set(won.map(([, slot]) => slot)).size, 40, 'no slot is given out twice')
  assert.equal(store.places(), 40)
  assert.equal(store.list().filter(({ state }) => state === 'starting').length, 40)
})

test('a read never mixes two commits', async (t) => {
  const file = newFile()
  const store = open(file)
  const writer = path.join(dir, 'writer.ts')
  fs.writeFileSync(
    writer,
    `import { openStore } from ${JSON.stringify(path.join(import.meta.dirname, 'store.ts'))}
     import { openLog } from ${JSON.stringify(path.join(import.meta.dirname, '../log.ts'))}
     const options = { slots: 10, label: (tag) => tag, log: openLog('writer', 'silent') }
     const store = openStore(${JSON.stringify(file)}, options)
     const image = ${JSON.stringify(image)}
     process.once('disconnect', () => process.exit())
     process.send('ready')
     let now = Date.now()
     const turn = () => {
       const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: image.id, digest: null, port: 80 }
       store.apply('red', { type: 'adopt', frozen: false, generation, image })
       store.apply('red', { type: 'remove' })
       store.apply('red', { type: 'removed' })
       setImmediate(turn)
     }
     turn()`,
  )
  const child = fork(writer)
  const gone = once(child, 'exit')
  t.after(() => child.kill('SIGKILL'))
  await once(child, 'message')
  const end = Date.now() + 700
  let running = 0
  while (Date.now() < end)
    for (const preview of [store.get('red'), ...store.list()]) {
      if (preview?.state !== 'running') continue
      running++
      assert.ok(preview.generation, 'what runs has its generation')
    }
  child.disconnect()
  await gone
  assert.ok(running > 10, `only ${running} looks met it running`)
})

test('slots are given out in turn, not the lowest first', () => {
  const store = open(newFile(), 5)
  assert.deepEqual([begun(store, 'a'), begun(store, 'b'), begun(store, 'c')], [1, 2, 3])
  down(store, 'a')
  down(store, 'b')
  const later = now + SLOT_REST_MS
  assert.deepEqual([begun(store, 'd', later), begun(store, 'e', later), begun(store, 'f', later)], [4, 5, 1])
})

test('the slots that were given out are counted, whoever has them, and never counted back', () => {
  const file = newFile()
  const store = open(file)
  assert.equal(store.slotsGiven(), 0)
  begun(store, 'a')
  up(store, 'b')
  assert.equal(store.slotsGiven(), 2)
  down(store, 'b')
  const generation = { number: 3, container: 'c3', slot: 9, sandbox: null, image: image.id, digest: null, port: 80 }
  store.apply('c', { type: 'adopt', frozen: false, generation, image }, now)
  assert.equal(store.slotsGiven(), 3)
  store.countSlotsFrom(2)
  assert.equal(store.slotsGiven(), 3)
  store.countSlotsFrom(7)
  begun(store, 'd')
  assert.equal(open(file).slotsGiven(), 8)
})

test('a freed slot rests half a minute, over a restart too', () => {
  const file = newFile()
  const store = open(file, 2)
  assert.deepEqual([begun(store, 'a'), begun(store, 'b')], [1, 2])
  down(store, 'a', now)
  assert.equal(begun(store, 'c', now + 1), undefined)
  assert.equal(store.get('c')?.state, 'queued')
  const again = open(file, 2)
  assert.equal(again.apply('c', begin(), now + SLOT_REST_MS - 1), undefined)
  assert.equal(again.apply('c', begin(), now + SLOT_REST_MS)?.state, 'starting')
})

test('a slot that was freed by a clock that was ahead rests half a minute from when that is found out', () => {
  const store = open(newFile(), 1)
  const hour = 3_600_000
  begun(store, 'red', now + hour)
  down(store, 'red', now + hour)
  assert.equal(begun(store, 'blue', now), undefined)
  assert.equal(begun(store, 'blue', now + SLOT_REST_MS - 1), undefined)
  assert.equal(begun(store, 'blue', now + SLOT_REST_MS), 1)
})

test('however a generation loses its slot, the slot rests', () => {
  const ways: Event[][] = [
    [exited],
    [{ ...exited, gone: true }],
    [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }],
    [{ type: 'stop', why: 'asked' }, { type: 'ending' }, { type: 'ended' }],
    [{ type: 'restart' }, { type: 'ending' }, { type: 'ended' }],
  ]
  for (const events of ways) {
    const store = open(newFile(), 1)
    up(store, 'a')
    for (const event of events) assert.ok(store.apply('a', event, now + 1), JSON.stringify(event))
    assert.equal(begun(store, 'b', now + SLOT_REST_MS), undefined, JSON.stringify(events))
    assert.equal(begun(store, 'b', now + SLOT_REST_MS + 1), 1)
  }
  const store = open(newFile(), 1)
  begun(store, 'a')
  store.apply('a', { type: 'fail', reason: { code: 'wrong-port', detail: '' } }, now + 1)
  assert.equal(begun(store, 'b', now + SLOT_REST_MS), undefined)
  assert.equal(begun(store, 'b', now + SLOT_REST_MS + 1), 1)
})

test('a slot is kept until its container has ended', () => {
  const file = newFile()
  const store = open(file, 1)
  up(store, 'a')
  store.apply('a', { type: 'stop', why: 'idle' }, now)
  store.apply('a', { type: 'ending' }, now)
  assert.equal(begun(store, 'b', now + 10 * SLOT_REST_MS), undefined)
  assert.deepEqual([store.isTaken(1), open(file, 1).isTaken(1)], [true, true])
  store.apply('a', { type: 'ended' }, now)
  assert.equal(store.isTaken(1), false)
})

test('no more previews are up than there are places; the rest wait in line', () => {
  const store = open()
  assert.equal(begun(store, 'a', now, 2), 1)
  assert.equal(begun(store, 'b', now + 1, 2), 2)
  assert.equal(begun(store, 'c', now + 2, 2), undefined)
  store.apply('d', { type: 'start', by: 'visit' }, now + 3)
  store.apply('d', absent, now + 4)
  assert.equal(store.apply('d', { type: 'pull', places: 2 }, now + 4), undefined)
  assert.equal(store.places(), 2)
  const ahead = (tag: string) => store.ahead(store.get(tag)!)
  assert.deepEqual([ahead('c'), ahead('d')], [0, 1])
  down(store, 'a', now + 5)
  assert.equal(store.apply('c', begin(2), now + 6)?.state, 'starting')
  assert.equal(ahead('d'), 0)
})

test('every change is in the history, newest first, and the oldest go', () => {
  const store = open()
  up(store, 'red')
  assert.deepEqual(
    store.history('red').map(({ was, state, event, generation, detail }) => [was, state, event, generation, detail]),
    [
      ['starting', 'running', 'answered', 1, '[{"code":"text","text":"slow"}]'],
      ['starting', 'starting', 'created', 1, 'c-red'],
      ['queued', 'starting', 'begin', 1, 'slot 1'],
      ['queued', 'queued', 'found', null, null],
      ['unknown', 'queued', 'start', null, 'visit'],
    ],
  )
  assert.equal(store.history('red', 2).length, 2)
  for (let i = 0; i < 150; i++) {
    store.apply('red', { type: 'stop', why: 'asked' }, now + i)
    store.apply('red', { type: 'start', by: 'admin' }, now + i)
  }
  assert.equal(store.history('red', 999).length, 200)
  assert.equal(store.history('blue').length, 0)
})

test('how far a start is with its lookup is no line of the history', () => {
  const store = open()
  for (const event of [
    { type: 'start', by: 'visit' },
    unlisted,
    { type: 'exists' },
    { type: 'pull', places: 1 },
  ] as const)
    assert.ok(store.apply('red', event, now), event.type)
  assert.deepEqual(
    store.history('red').map(({ event }) => event),
    ['pull', 'start'],
  )
})

test('the history outlives the row, but a guessed tag leaves none', () => {
  const store = open()
  up(store, 'red')
  for (const event of [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }] as Event[])
    store.apply('red', event, now)
  assert.equal(store.history('red')[0]?.state, 'unknown')
  store.apply('guess', { type: 'start', by: 'visit' }, now)
  store.apply('guess', unlisted, now)
  store.apply('guess', { type: 'missing' }, now)
  assert.deepEqual(store.history('guess'), [])
})

test('what is told of a tag that went long ago is dropped, but not that there was one', () => {
  const store = open()
  const day = 24 * 60 * 60_000
  up(store, 'red', now)
  up(store, 'stays', now)
  up(store, 'late', now + day)
  for (const [tag, at] of [
    ['red', now],
    ['late', now + day],
  ] as const)
    for (const event of [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }] as Event[])
      store.apply(tag, event, at)
  const [stays, late] = [store.history('stays'), store.history('late')]
  store.forgetHistory(now + 1)
  assert.deepEqual(
    store.history('red').map(({ event }) => event),
    ['removed'],
  )
  assert.deepEqual([store.history('stays'), store.history('late')], [stays, late])
  store.apply('red', { type: 'start', by: 'visit' }, now + day)
  assert.equal(store.get('red')!.generations, 1)
})

test('a tag that comes back counts its generations on', () => {
  const store = open()
  up(store, 'red')
  for (const event of [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }] as Event[])
    store.apply('red', event, now)
  begun(store, 'red')
  const preview = store.get('red')
  assert.ok(preview?.state === 'starting')
  assert.deepEqual([preview.generation?.number, preview.generations], [2, 2])
  assert.equal(store.apply('red', exited, now), undefined, 'the old generation 1 is nothing to it')
})

test('a tag counts on from a generation that only came up beside another, and from one that the history forgot', () => {
  const store = open()
  up(store, 'beside')
  store.apply('beside', { type: 'renewed', image: { ...image, id: 'sha256:two', digest: 'sha256:d2' } }, now)
  store.apply('beside', { type: 'replace', port: 80 }, now)
  for (const event of [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }] as Event[])
    store.apply('beside', event, now)
  store.apply('beside', { type: 'start', by: 'visit' }, now)
  assert.equal(store.get('beside')!.generations, 2)

  up(store, 'away')
  down(store, 'away')
  store.apply('away', { type: 'cleaned' }, now)
  const registryDown: Event = { type: 'fail', reason: { code: 'registry-down', detail: 'away' } }
  for (let i = 0; i < 70; i++)
    for (const event of [{ type: 'start', by: 'admin' }, absent, { type: 'pull', places: 9 }, registryDown] as Event[])
      store.apply('away', event, now)
  store.apply('away', { type: 'forget' }, now)
  store.apply('away', { type: 'start', by: 'visit' }, now)
  assert.equal(store.get('away')!.generations, 1)
})

test('a container is taken over unless its slot is somebody else’s', () => {
  const store = open()
  const generation = { number: 3, container: 'c3', slot: 1, sandbox: null, image: image.id, digest: null, port: 80 }
  assert.equal(store.apply('red', { type: 'adopt', frozen: false, generation, image }, now)?.state, 'running')
  assert.equal(store.apply('blue', { type: 'adopt', frozen: false, generation, image }, now), undefined)
  assert.equal(begun(store, 'green'), 2)
})

test('the version changes with every commit, one’s own and others’', () => {
  const file = newFile()
  const one = open(file)
  const other = open(file)
  let seen = one.version()
  const moved = () => {
    const before = seen
    seen = one.version()
    return seen !== before
  }
  assert.equal(moved(), false)
  one.apply('red', { type: 'start', by: 'visit' }, now)
  assert.equal(moved(), true)
  other.apply('red', absent, now)
  other.apply('red', { type: 'pull', places: 1 }, now)
  assert.equal(moved(), true)
  other.progress('red', { bytes: 1, total: 2, layers: 1, layersDone: 0, percent: 50 })
  assert.equal(moved(), true)
  one.touch([['red', now + 1]])
  assert.equal(moved(), true)
  one.get('red')
  other.list()
  assert.equal(moved(), false)
})

test('activity is noted, never back in time', () => {
  const store = open()
  up(store, 'red')
  store.touch([['red', now + 5], ['nobody', now]]) // prettier-ignore
  store.touch([['red', now + 1]])
  assert.equal(store.get('red')?.lastSeen, now + 5)
  assert.equal(store.get('nobody'), undefined)
})

test('a visit that was noted by a clock that was ahead is noted anew', () => {
  const store = open()
  const ahead = Date.now() + 60 * 60_000
  store.apply('red', { type: 'start', by: 'visit' }, ahead)
  store.touch([['red', ahead]])
  const at = Date.now()
  store.touch([['red', at]])
  assert.equal(store.get('red')?.lastSeen, at)
})

test('progress is that of a running pull', () => {
  const store = open()
  const progress = { bytes: 1, total: 2, layers: 1, layersDone: 0, percent: 50 }
  store.apply('red', { type: 'start', by: 'visit' }, now)
  store.progress('red', progress)
  store.apply('red', absent, now)
  store.apply('red', { type: 'pull', places: 1 }, now)
  assert.deepEqual(store.get('red'), { ...store.get('red'), state: 'pulling', progress: null })
  store.progress('red', progress)
  assert.deepEqual(store.get('red'), { ...store.get('red'), state: 'pulling', progress })
  store.apply('red', { type: 'pulled', image }, now)
  store.progress('red', progress)
  assert.equal(store.get('red')?.state, 'starting')
})

test('that the registry lacks a tag is remembered for a short while', () => {
  const store = open()
  store.apply('red', { type: 'start', by: 'visit' }, now)
  store.apply('red', absent, now)
  store.apply('red', { type: 'pull', places: 1 }, now)
  assert.equal(store.apply('red', { type: 'missing' }, now)?.state, 'unknown')
  assert.equal(store.get('red'), undefined)
  assert.equal(store.missing('red', now), now + MISSING_MS)
  assert.equal(store.missing('red', now + MISSING_MS), undefined)
  assert.equal(store.missing('blue', now), undefined)
  store.offer('', [{ tag: 'red', digest: null }])
  assert.equal(store.missing('red', now), undefined)
})

test('that the registry lacks a tag is not remembered by a clock that was ahead', () => {
  const store = open()
  store.apply('red', { type: 'start', by: 'visit' }, now + 3_600_000)
  store.apply('red', unlisted, now + 3_600_000)
  assert.ok(store.apply('red', { type: 'missing' }, now + 3_600_000))
  assert.equal(store.missing('red', now), undefined)
})

test('asking for a missing tag once more forgets that it was', () => {
  const store = open()
  for (const event of [
    { type: 'start', by: 'visit' },
    unlisted,
    { type: 'missing' },
    { type: 'start', by: 'api' },
  ] as const)
    assert.ok(store.apply('red', event, now))
  assert.equal(store.missing('red', now), undefined)
})

test('a tag that never came to a container leaves no trace, whatever ended it; one that did leaves its history', () => {
  const store = open()
  const reason = { code: 'registry-down' as const, detail: 'away' }
  for (const event of [{ type: 'start', by: 'visit' }, { type: 'fail', reason }, { type: 'forget' }] as Event[])
    store.apply('guess', event, now)
  assert.deepEqual([store.get('guess'), store.history('guess')], [undefined, []])
  up(store, 'red')
  for (const event of [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }] as Event[])
    store.apply('red', event, now)
  assert.equal(store.get('red'), undefined)
  assert.ok(store.history('red').length > 0)
})

test('the list of tags is taken over: what is known of a tag stays, and what is gone goes', () => {
  const store = open()
  store.offer('', [
    { tag: 'red', digest: 'sha256:r' },
    { tag: 'blue', digest: null },
  ])
  store.offer('', [
    { tag: 'green', digest: null },
    { tag: 'red', digest: null },
  ])
  assert.deepEqual(store.offered(''), [{ tag: 'green', digest: null }, { tag: 'red', digest: 'sha256:r' }]) // prettier-ignore
  assert.deepEqual(['red', 'blue'].map(store.isOffered), [true, false])
  store.offer('', [{ tag: 'red', digest: 'sha256:newer' }])
  assert.deepEqual(store.offered(''), [{ tag: 'red', digest: 'sha256:newer' }])
})

test('the newest tags are those that were shown last, as many as are wanted of those that suit', () => {
  const store = open()
  const offer = (...tags: string[]) =>
    store.offer(
      '',
      tags.map((tag) => ({ tag, digest: null })),
    )
  offer('b', 'c')
  offer('a', 'b', 'c')
  store.noteUnfit('c', 'sha256:chart', true)
  assert.deepEqual(
    store.newestOffered('', 9, () => true),
    ['a', 'b'],
  )
  assert.deepEqual(
    store.newestOffered('', 1, (tag) => tag !== 'a'),
    ['b'],
  )
  assert.deepEqual(
    store.newestOffered('api', 9, () => true),
    [],
  )
})

test('the list of tags is taken over while another process writes', async (t) => {
  const file = newFile()
  const store = open(file)
  const writer = path.join(dir, 'writer.ts')
  fs.writeFileSync(
    writer,
    `import Database from ${JSON.stringify(createRequire(import.meta.url).resolve('better-sqlite3'))}
     const db = new Database(${JSON.stringify(file)})
     db.pragma('busy_timeout = 5000')
     const write = db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('busy', ?)")
     setInterval(() => write.run(String(Math.random())), 1)
     process.send('ready')`,
  )
  const child = fork(writer)
  t.after(() => child.kill('SIGKILL'))
  await once(child, 'message')
  for (let round = 0; round < 100; round++)
    store.offer(
      '',
      Array.from({ length: 300 }, (_, i) => ({ tag: `tag-${(round % 2) * 300 + i}`, digest: null })),
    )
  assert.equal(store.offered('').length, 300)
})

test('all previews are read again only after a commit, of whichever process', () => {
  const file = newFile()
  const [store, elsewhere] = [open(file), open(file)]
  const states = () => store.list().map(({ tag, state }) => `${tag} ${state}`)
  assert.deepEqual(states(), [])
  store.apply('red', { type: 'start', by: 'visit' }, now)
  assert.deepEqual(states(), ['red queued'])
  const before = store.list()
  assert.equal(store.list(), before)
  elsewhere.apply('blue', { type: 'start', by: 'visit' }, now)
  assert.deepEqual(states(), ['blue queued', 'red queued'])
  elsewhere.touch([['red', now + 1]])
  assert.equal(store.list()[1]!.lastSeen, now + 1)
})

test('that the list is wanted is known to every process', () => {
  const file = newFile()
  const [one, other] = [open(file), open(file)]
  assert.equal(other.listWantedAt(''), 0)
  one.wantList('', now)
  assert.equal(other.listWantedAt(''), now)
})

test('a host finds its tag again, among previews and what the registry offers', () => {
  const store = open()
  store.apply('Main', { type: 'start', by: 'visit' }, now)
  store.offer('', [
    { tag: '1.9.5', digest: 'sha256:d' },
    { tag: 'Feature', digest: null },
  ])
  assert.equal(store.previewAt(label('Main')), 'Main')
  assert.equal(store.previewAt(label('Feature')), 'Feature')
  assert.equal(store.previewAt('1_9_5'), '1.9.5')
  assert.equal(store.previewAt('main'), undefined)
  assert.deepEqual(store.offered(''), [{ tag: '1.9.5', digest: 'sha256:d' }, { tag: 'Feature', digest: null }]) // prettier-ignore
  store.offer('', [])
  assert.equal(store.previewAt(label('Feature')), undefined)
})

test('a host at which two known tags would live is neither’s', () => {
  const store = open(newFile(), 10, () => 'slug-hash')
  store.apply('one', { type: 'start', by: 'visit' }, now)
  store.offer('', [{ tag: 'one', digest: null }])
  assert.equal(store.previewAt('slug-hash'), 'one')
  store.offer('', [{ tag: 'one', digest: null }, { tag: 'other', digest: null }]) // prettier-ignore
  assert.equal(store.previewAt('slug-hash'), null)
  store.offer('', [])
  assert.equal(store.previewAt('slug-hash'), 'one')
})

test('labels that another naming has written are written anew', () => {
  const file = newFile()
  const store = open(file)
  store.apply('1.9.5', { type: 'start', by: 'visit' }, now)
  store.offer('', [{ tag: '2.0.0', digest: null }, { tag: 'same', digest: null }]) // prettier-ignore
  const renamed = open(file, 10, (tag) =>
    labelOf(tag, { domain: 'example.com', transliterate: false, ...oneRepository }),
  )
  assert.equal(renamed.previewAt('1_9_5'), '1.9.5')
  renamed.relabel()
  for (const tag of ['1.9.5', '2.0.0', 'same']) assert.equal(renamed.previewAt(tag), tag)
  for (const old of ['1_9_5', '2_0_0']) assert.equal(renamed.previewAt(old), undefined)
})

test('a digest that is known of an offered tag stays, until a newer one is seen or the tag is offered no more', () => {
  const store = open()
  const digests = () => store.offered('').map(({ digest }) => digest)
  store.offer('', [{ tag: 'red', digest: null }, { tag: 'unseen', digest: null }]) // prettier-ignore
  store.apply('red', { type: 'start', by: 'visit' }, now)
  store.apply('red', absent, now)
  store.apply('red', { type: 'pull', places: 1 }, now)
  assert.deepEqual(digests(), [null, null])
  store.apply('red', { type: 'pulled', image }, now)
  assert.deepEqual(digests(), ['sha256:d1', null])
  store.offer('', [{ tag: 'red', digest: null }, { tag: 'unseen', digest: null }]) // prettier-ignore
  assert.deepEqual(digests(), ['sha256:d1', null])
  store.digest('red', 'sha256:d2')
  store.digest('nobody', 'sha256:d2')
  assert.deepEqual(digests(), ['sha256:d2', null])
  const seen = store.version()
  store.digest('red', 'sha256:d2')
  assert.equal(store.version(), seen, 'nobody is woken by what was known')
  store.offer('', [{ tag: 'red', digest: 'sha256:d3' }])
  assert.deepEqual(digests(), ['sha256:d3'])
  store.apply('red', { type: 'fail', reason: { code: 'bad-image', detail: '' } }, now)
  store.apply('red', { type: 'renewed', image: { ...image, id: 'sha256:two', digest: 'sha256:d4' } }, now)
  assert.deepEqual(digests(), ['sha256:d4'])
  store.offer('', [])
  store.offer('', [{ tag: 'red', digest: null }])
  assert.deepEqual(digests(), [null])
})

test('a digest is forgotten with the row that kept it true', () => {
  const store = open()
  store.offer('', [{ tag: 'red', digest: null }])
  for (const event of [
    { type: 'start', by: 'visit' },
    absent,
    { type: 'pull', places: 1 },
    { type: 'pulled', image },
    { type: 'remove' },
  ] as const)
    store.apply('red', event, now)
  assert.equal(store.offered('')[0]!.digest, 'sha256:d1')
  store.apply('red', { type: 'removed' }, now)
  assert.deepEqual(store.offered(''), [{ tag: 'red', digest: null }])
})

test('of another repository nothing is known: no tags, no digests, none that are missing, not how long it takes', () => {
  const store = open()
  store.offer('', [{ tag: 'red', digest: 'sha256:d1' }])
  store.noteAhead('red')
  for (const event of [{ type: 'start', by: 'visit' }, unlisted, { type: 'missing' }] as const)
    store.apply('blue', event)
  for (const event of [
    { type: 'start', by: 'visit' },
    absent,
    { type: 'pull', places: 1 },
    { type: 'pulled', image },
  ] as const)
    store.apply('red', event)
  store.facts.set('unpacked', [4])
  store.facts.set('unpacked', [5], 'api')
  store.wantList('', now)
  store.facts.set('subnet', '10.0.0.0/24')
  assert.ok(store.missing('blue'))
  store.forgetRepository('')
  assert.deepEqual(
    [store.offered(''), store.missing('blue'), store.lately()],
    [[], undefined, { pullRate: [], start: [] }],
  )
  assert.deepEqual([store.facts.get('unpacked'), store.listWantedAt(''), store.facts.get('subnet')], [undefined, 0, '10.0.0.0/24']) // prettier-ignore
  assert.deepEqual(store.facts.get('unpacked', 'api'), [5])
  store.offer('', [{ tag: 'red', digest: null }])
  assert.deepEqual([store.offered('')[0]!.digest, store.notYetAhead('')], [null, ['red']])
})

test('of the tags to pull ahead the one that was shown last is the first', () => {
  const store = open()
  const old = ['pr-1', 'pr-5', 'pr-9'].map((tag) => ({ tag, digest: null }))
  store.offer('', old)
  store.offer('', [{ tag: 'pr-2', digest: null }, ...old])
  store.noteAhead('pr-5')
  assert.deepEqual(store.notYetAhead(''), ['pr-2', 'pr-9', 'pr-1'])
})

test('what pulls and starts took is known still when their previews are gone', () => {
  const file = newFile()
  const store = open(file)
  assert.deepEqual(store.lately(), { pullRate: [], start: [] })
  const took = (tag: string, at: number, pull: number, start: number) => {
    store.apply(tag, { type: 'start', by: 'visit' }, at)
    store.apply(tag, absent, at)
    store.apply(tag, { type: 'pull', places: 99 }, at)
    store.progress(tag, { bytes: 1, total: 16_000_000, layers: 1, layersDone: 0, percent: 1 })
    store.apply(tag, { type: 'pulled', image }, at + pull)
    store.apply(tag, { type: 'begin', places: 99, port: 80 }, at + pull)
    const generation = store.get(tag)!.generations
    store.apply(tag, { type: 'created', generation, container: `c-${tag}` }, at + pull)
    store.apply(tag, { type: 'answered', generation, notices: [] }, at + pull + start)
  }
  took('red', now, 8_000, 400)
  for (const event of [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }] as Event[])
    store.apply('red', event, now + 9_000)
  assert.equal(store.get('red'), undefined)
  assert.deepEqual(open(file).lately(), { pullRate: [2_000], start: [400] })

  store.apply('bad', { type: 'start', by: 'visit' }, now)
  store.apply('bad', absent, now)
  store.apply('bad', { type: 'pull', places: 99 }, now)
  store.apply('bad', { type: 'fail', reason: { code: 'stalled', detail: '' } }, now + 60_000)
  assert.deepEqual(store.lately(), { pullRate: [2_000], start: [400] }, 'a failure is nobody’s usual')

  for (let i = 0; i < 25; i++) {
    const at = now + (i + 1) * 1_000_000
    took('blue', at, 1_000 * (i + 1), 100 + i)
    for (const event of [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }] as Event[])
      store.apply('blue', event, at + 900_000)
  }
  const { pullRate, start } = store.lately()
  assert.deepEqual([pullRate.length, pullRate[0], pullRate.at(-1)], [20, 16_000 / 6, 640])
  assert.deepEqual([start.length, start[0], start.at(-1)], [20, 105, 124])
})

test('facts about the installation are kept', () => {
  const file = newFile()
  open(file).facts.set('subnet', '10.83.0.0/20')
  const store = open(file)
  assert.equal(store.facts.get('subnet'), '10.83.0.0/20')
  store.facts.set('subnet', '10.83.16.0/20')
  assert.equal(store.facts.get('subnet'), '10.83.16.0/20')
  assert.equal(store.facts.get('unreachable'), undefined)
  store.facts.forget('subnet')
  assert.equal(open(file).facts.get('subnet'), undefined)
})

test('a fact is read as earlier versions wrote it', () => {
  const file = newFile()
  const { facts } = open(file)
  const db = new Database(file)
  const stood = {
    slot_kind: 'port',
    slot_ports: '[20001,20002]',
    guarded: 'yes',
    compared: 'yes',
    cut_off: '',
    rebuilding: '',
    slots_given: '0',
    pool_port: '3000',
    first_processes: '["sha256:a"]',
    written: '{"red":5}',
  }
  for (const row of Object.entries(stood)) db.prepare('INSERT INTO meta VALUES (?, ?)').run(...row)
  db.close()
  assert.deepEqual([facts.get('slotKind'), facts.get('slotPorts')], ['port', [20_001, 20_002]])
  assert.deepEqual([facts.get('compared'), facts.get('cutOff'), facts.get('rebuilding')], [true, undefined, undefined])
  assert.deepEqual([facts.get('slotsGiven'), facts.get('poolPort')], [0, 3_000])
  assert.deepEqual([facts.get('firstProcesses'), facts.get('written')], [['sha256:a'], { red: 5 }])
  assert.deepEqual(facts.get('firewall'), { why: null })
  facts.set('firewall', { why: 'no iptables' })
  assert.deepEqual(facts.get('firewall'), { why: 'no iptables' })
})

test('a corrupt file is set aside with its journal, a good one is left alone', () => {
  const file = newFile()
  assert.equal(setAsideIfCorrupt(file), undefined, 'none is there')
  up(open(file), 'red')
  opened.pop()!.close()
  assert.equal(setAsideIfCorrupt(file), undefined)
  assert.equal(open(file).get('red')?.state, 'running')
  opened.pop()!.close()

  const bytes = fs.readFileSync(file)
  for (const [what, damaged] of [
    ['text', Buffer.from('this is no database, whatever its name says '.repeat(100))],
    ['half of it', bytes.subarray(0, bytes.length / 2)],
    ['nothing', Buffer.alloc(0)],
    ['noise after the header', Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0xa5)])],
  ] as const) {
    fs.writeFileSync(file, damaged)
    fs.writeFileSync(`${file}-wal`, '')
    const found = setAsideIfCorrupt(file)
    assert.ok(found?.wrong, what)
    assert.deepEqual(fs.readFileSync(found.aside), damaged, what)
    assert.ok(!fs.existsSync(file) && !fs.existsSync(`${file}-wal`), what)
    assert.deepEqual(open(file).list(), [])
    opened.pop()!.close()
  }
})

test('a database from a newer Lotan is refused, and left as it is', () => {
  const file = newFile()
  open(file)
  opened.pop()!.close()
  const db = new Database(file)
  db.pragma('user_version = 99')
  db.close()
  assert.throws(() => open(file), /schema 99.*run the newer Lotan/)
  assert.equal(setAsideIfCorrupt(file), undefined)
})

test('a file whose tables somebody has changed is set aside too; three of all such are kept', () => {
  const file = newFile()
  const kept = () => fs.readdirSync(dir).filter((name) => name.startsWith(`${path.basename(file)}.corrupt-`))
  for (const [n, change] of [
    'DROP TABLE preview',
    'DROP TABLE meta',
    'ALTER TABLE generation RENAME COLUMN role TO part',
    'PRAGMA user_version = 0',
    'PRAGMA user_version = 3',
  ].entries()) {
    up(open(file), 'red')
    opened.pop()!.close()
    const db = new Database(file)
    db.exec(change)
    db.close()
    assert.match(
      setAsideIfCorrupt(file, new Date(now + n * 1_000))?.wrong ?? '',
      /missing|already exists|duplicate/,
      change,
    )
    assert.equal(setAsideIfCorrupt(file), undefined)
  }
  assert.deepEqual(
    kept().map((name) => name.replace(/.*corrupt-/, '')),
    [2, 3, 4].map((n) => `${new Date(now + n * 1_000).toISOString().replace(/[-:]|\.\d+/g, '')}`),
  )
})

test('what has become of its files is noticed, whatever it is', () => {
  const cut = (name: string) => fs.truncateSync(name, 4_096)
  const noise = (name: string) => {
    const opened = fs.openSync(name, 'r+')
    fs.writeSync(opened, Buffer.alloc(64, 0xa5), 0, 64, 0)
    fs.closeSync(opened)
  }
  const replace = (name: string) => {
    fs.renameSync(name, `${name}.moved`)
    fs.copyFileSync(`${name}.moved`, name)
  }
  for (const [hurt, suffix, wrong] of [
    [fs.rmSync, '', 'it was removed'],
    [replace, '', 'it was replaced'],
    [(name: string) => fs.truncateSync(name), '', 'it was cut off'],
    [cut, '', 'it was cut off'],
    [noise, '', 'its beginning was overwritten'],
    [fs.rmSync, '-wal', 'its -wal was removed'],
    [replace, '-shm', 'its -shm was replaced'],
  ] as const) {
    const file = newFile()
    const store = open(file)
    up(store, 'red')
    new Database(file).pragma('wal_checkpoint')
    assert.equal(store.wrong(), undefined)
    hurt(`${file}${suffix}`)
    assert.equal(store.wrong(), wrong)
  }
})

/** Damages the first page of each table: what is damaged before them, such as the schema, is met on opening. */
function damagePages(file: string, tables: string[]) {
  const db = new Database(file)
  const select = db.prepare<[string], number>('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck()
  const pages = tables.map((table) => select.get(table)!)
  db.close()
  const bytes = fs.readFileSync(file)
  for (const page of pages) bytes.fill(0xa5, (page - 1) * 4_096, page * 4_096)
  fs.writeFileSync(file, bytes)
}

test('damage that a statement meets is told, a full disk and a lock are not', () => {
  const file = newFile()
  up(open(file), 'red')
  opened.pop()!.close()
  damagePages(file, ['preview', 'generation', 'endpoint'])
  const heard: string[] = []
  const options = {
    slots: 10,
    label,
    log: openLog('test', 'silent'),
    onDamage: (error: Error) => heard.push(error.message),
  }
  const store = openStore(file, options)
  opened.push(store)
  assert.throws(() => store.get('red'))
  assert.match(heard.join(), /malformed/)
  assert.match(store.readAll() ?? '', /./)
  for (const [code, message, expected] of [
    ['SQLITE_CORRUPT', 'database disk image is malformed', true],
    ['SQLITE_CORRUPT_VTAB', 'database disk image is malformed', true],
    ['SQLITE_NOTADB', 'file is not a database', true],
    ['SQLITE_IOERR_SHORT_READ', 'disk I/O error', true],
    ['SQLITE_READONLY_DBMOVED', 'attempt to write a readonly database', true],
    ['SQLITE_ERROR', 'no such table: preview', true],
    ['SQLITE_ERROR', 'near "SELEC": syntax error', false],
    ['SQLITE_FULL', 'database or disk is full', false],
    ['SQLITE_BUSY', 'database is locked', false],
    ['SQLITE_BUSY_SNAPSHOT', 'database is locked', false],
    ['SQLITE_LOCKED', 'database table is locked', false],
    ['SQLITE_IOERR_WRITE', 'disk I/O error', false],
    ['SQLITE_IOERR_READ', 'disk I/O error', false],
    ['SQLITE_CANTOPEN', 'unable to open database file', false],
    ['SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed: generation.slot', false],
  ] as const)
    assert.equal(isDamage(Object.assign(new Error(message), { code })), expected, code)
  assert.equal(isDamage(undefined), false)
})

test('where a database is begun anew no slot is given out for 10 s', () => {
  const store = open(newFile(), 2)
  store.restAll(now)
  assert.equal(begun(store, 'a', now + 9_999), undefined)
  assert.equal(store.apply('a', begin(), now + 10_000)?.state, 'starting')
})

test('streams that are open when a preview goes do not wake it, until a person comes or it runs again', () => {
  const store = open(newFile(), 40)
  const opened = (id: string, client: string, tag = 'red') =>
    store.streams({ opened: [{ id, preview: tag, client, at: now }], ended: [] })
  const ended = (...ids: string[]) => store.streams({ opened: [], ended: ids })
  const resting = () => ['ada', 'ben', 'cy'].filter((client) => store.isResting('red', client))
  const goes = (...events: Event[]) => events.map((event) => store.apply('red', event, now)) && resting()
  const stop = (why: Extract<Event, { type: 'stop' }>['why']): Event => ({ type: 'stop', why })

  up(store, 'red')
  opened('1', 'ada')
  opened('2', 'ben')
  ended('2', 'never heard of')
  opened('3', 'cy', 'blue')
  assert.deepEqual(resting(), [], 'it runs')
  assert.deepEqual(goes(stop('idle')), ['ada'], 'what had ended, or was another preview’s, does not rest')
  ended('1')
  assert.deepEqual(resting(), ['ada'], 'it was cut by the stop')
  assert.deepEqual(goes({ type: 'ending' }, { type: 'ended' }, { type: 'cleaned' }), ['ada'], 'without its image too')
  assert.deepEqual(goes({ type: 'remove' }, { type: 'removed' }), ['ada'], 'and without its row')
  assert.equal(store.get('red'), undefined)
  assert.deepEqual(goes({ type: 'start', by: 'visit' }), [], 'a person came')

  for (const [what, events, expected] of [
    ['an admin stops it', [stop('asked')], ['ben']],
    ['it has lived its time', [stop('lifetime')], ['ben']],
    ['it is called back', [stop('idle'), { type: 'start', by: 'visit' }], []],
    ['it turns out to be in use', [stop('idle'), { type: 'inUse' }], []],
    ['it is to be frozen', [{ type: 'pause' }], ['ben']],
    ['it crashes', [{ ...exited, generation: 2 }], ['ben']],
    ['it is restarted', [{ type: 'restart' }], []],
    ['it is restarted, and that is called off', [{ type: 'restart' }, stop('asked')], ['ben']],
    ['it is made anew elsewhere', [stop('moved')], []],
    ['it is removed', [{ type: 'remove' }], ['ben']],
  ] as [string, Event[], string[]][]) {
    store.apply('red', { type: 'remove' }, now)
    store.apply('red', { type: 'ending' }, now)
    store.apply('red', { type: 'removed' }, now)
    up(store, 'red')
    const { generation } = store.get('red') as In<'running'>
    opened(what, 'ben')
    const these = events.map((event) => ('generation' in event ? { ...event, generation: generation.number } : event))
    assert.deepEqual(goes(...(these as Event[])), expected, what)
    ended(what)
  }
})

test('streams are bounded, and all have ended when nginx is started anew', () => {
  const store = open()
  up(store, 'red')
  const many = Array.from({ length: 250 }, (_, i) => ({ id: `${i}`, preview: 'red', client: `c${i}`, at: now }))
  store.streams({ opened: many, ended: [] })
  store.apply('red', { type: 'stop', why: 'idle' }, now)
  assert.equal(many.filter(({ client }) => store.isResting('red', client)).length, 200)
  assert.ok(store.isResting('red', 'c249'), 'the newest stay')

  up(store, 'blue')
  store.streams({ opened: [{ id: 'x', preview: 'blue', client: 'ada', at: now }], ended: [] })
  store.streams({ opened: [], ended: 'all' })
  store.apply('blue', { type: 'stop', why: 'idle' }, now)
  assert.equal(store.isResting('blue', 'ada'), false)
  assert.ok(store.isResting('red', 'c249'), 'what rests has ended before')
})

test('the same tag in two repositories is two previews', () => {
  const store = open()
  for (const id of ['red', 'api/red']) up(store, id)
  const slots = store.list().map((preview) => (preview as In<'running'>).generation.slot)
  assert.equal(new Set(slots).size, 2)
  const names = () => store.list().map(({ repository, tag, state }) => [repository, tag, state])
  assert.deepEqual(names(), [['', 'red', 'running'], ['api', 'red', 'running']]) // prettier-ignore

  store.touch([['api/red', now + 5]])
  store.apply('api/red', { type: 'stop', why: 'asked' }, now)
  assert.deepEqual(names(), [['', 'red', 'running'], ['api', 'red', 'stopping']]) // prettier-ignore
  assert.equal(store.get('red')?.lastSeen, now)
  assert.ok(store.history('api/red').some(({ event }) => event === 'stop'))
  assert.ok(!store.history('red').some(({ event }) => event === 'stop'))

  store.offer('api', [{ tag: 'red', digest: 'sha256:d9' }, { tag: 'blue', digest: null }]) // prettier-ignore
  store.offer('', [{ tag: 'red', digest: null }])
  assert.deepEqual([store.isOffered('api/blue'), store.isOffered('blue')], [true, false])
  assert.deepEqual([store.digestsOf('api/red'), store.digestsOf('red')], [['sha256:d9'], []])
  store.wantList('api', now)
  assert.deepEqual([store.listWantedAt('api'), store.listWantedAt('')], [now, 0])
  const image = { repository: 'api', tag: 'red', id: 'sha256:i', reference: 'r/api', digest: 'sha256:d9' }
  store.pulled.note({ ...image, repository: '', reference: 'r/app' })
  store.pulled.note(image)
  store.pulled.forget(image)
  assert.deepEqual(
    store.pulled.list().map(({ reference }) => reference),
    ['r/app'],
  )

  assert.equal(store.previewAt(label('red')), 'red')
  assert.equal(store.previewAt(label('api/blue')), 'api/blue')
  assert.notEqual(label('Main'), label('api/Main').split('.')[0], 'the hash covers the repository')

  store.forgetRepository('api')
  assert.deepEqual([store.offered('api'), store.offered('').length], [[], 1])
})
