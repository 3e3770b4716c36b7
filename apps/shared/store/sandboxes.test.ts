import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { openLog } from '../log.ts'
import type { Event } from '../preview/event.ts'
import { generationOf, type Image } from '../preview/preview.ts'
import type { Generation } from '../preview/generation.ts'
import { labelOf } from '../tag.ts'
import { SLOT_REST_MS } from './slots.ts'
import { openStore, type Store } from './store.ts'
import { oneRepository } from '../../testing/harness/repositories.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-sandboxes-'))
after(() => fs.rmSync(dir, { recursive: true }))

const image: Image = { id: 'i', digest: null, pulled: true, bytes: 9, created: null, labels: {}, ports: [] }
const now = 1_763_700_000_000
let files = 0

function open(slots: number): Store {
  return openStore(path.join(dir, `${++files}.sqlite`), {
    slots,
    label: (tag) => labelOf(tag, { domain: 'example.com', transliterate: true, ...oneRepository }),
    log: openLog('test', 'silent'),
  })
}

function withStore(slots: number, check: (store: Store) => void) {
  const store = open(slots)
  try {
    check(store)
  } finally {
    store.close()
  }
}

function makeReady(store: Store, at = now, port: number | null = null): number {
  const { number } = store.sandboxes.begin(port, at)!
  assert.ok(store.sandboxes.ready(number))
  return number
}

const ended: Event[] = [{ type: 'stop', why: 'asked' }, { type: 'ending' }, { type: 'ended' }]

function start(store: Store, tag: string, at = now, port = 80) {
  store.apply(tag, { type: 'start', by: 'visit' }, at)
  store.apply(tag, { type: 'found', image }, at)
  const preview = store.apply(tag, { type: 'begin', places: 99, port }, at)
  return preview && generationOf(preview)
}

function run(store: Store, tag: string, at = now) {
  return answer(store, tag, start(store, tag, at)!, at)
}

function answer(store: Store, tag: string, { number, container }: Generation, at: number) {
  if (!container) store.apply(tag, { type: 'created', generation: number, container: `c-${tag}-${number}` }, at)
  store.apply(tag, { type: 'answered', generation: number, notices: [] }, at)
  return generationOf(store.get(tag)!)!
}

const apply = (store: Store, tag: string, events: Event[], at = now) => {
  for (const event of events) assert.ok(store.apply(tag, event, at), event.type)
}

test('a start takes the sandbox that stands ready longest, and its slot; one that is being made it does not', () =>
  withStore(9, (store) => {
    const [first, second] = [makeReady(store), makeReady(store)]
    const making = store.sandboxes.begin(null, now)!
    const slots = [first, second].map((number) => store.sandboxes.get(number)!.slot)
    assert.deepEqual(
      ['a', 'b'].map((tag) => run(store, tag)).map(({ sandbox, slot }) => [sandbox, slot]),
      [
        [first, slots[0]],
        [second, slots[1]],
      ],
    )
    const own = run(store, 'c')
    assert.deepEqual([own.sandbox, own.slot === making.slot], [null, false])
    assert.deepEqual(
      store.sandboxes.list().map(({ state, preview }) => [state, preview]),
      [
        ['given', 'a'],
        ['given', 'b'],
        ['making', null],
      ],
    )
  }))

test('where slots are ports, a start takes one that leads to its port', () =>
  withStore(9, (store) => {
    const usual = makeReady(store, now, 80)
    assert.equal(start(store, 'odd', now, 3000)!.sandbox, null)
    assert.equal(start(store, 'a', now, 80)!.sandbox, usual)
  }))

test('a stopped preview keeps its sandbox and that its slot; it is stopped only while its preview does not start', () =>
  withStore(9, (store) => {
    const sandbox = makeReady(store)
    const { slot } = run(store, 'a')
    apply(store, 'a', ended)
    assert.deepEqual([generationOf(store.get('a')!)!.slot, store.isTaken(slot!)], [null, true])
    assert.deepEqual([run(store, 'a').slot, generationOf(store.get('a')!)!.sandbox], [slot, sandbox])
    assert.equal(store.sandboxes.retire(sandbox, 'stop', true, now), false, 'it runs')
    apply(store, 'a', ended)
    assert.equal(store.sandboxes.retire(sandbox, 'stop', true, now), true)
    assert.deepEqual([store.sandboxes.get(sandbox)!.slot, store.isTaken(slot!)], [null, false])
    const again = run(store, 'a')
    assert.equal(again.sandbox, sandbox)
    assert.equal(store.sandboxes.get(sandbox)!.slot, again.slot)
    assert.notEqual(again.slot, slot)
  }))

test('it goes when its generation has gone, not before; then its slot rests', () =>
  withStore(1, (store) => {
    const sandbox = makeReady(store)
    run(store, 'a')
    assert.equal(store.sandboxes.retire(sandbox, 'remove'), false)
    apply(store, 'a', [{ type: 'remove' }, { type: 'ending' }, { type: 'removed' }])
    assert.deepEqual([store.sandboxes.get(sandbox)!.preview, store.isTaken(1)], [null, true])
    assert.equal(start(store, 'b', now + 2 * SLOT_REST_MS), undefined, 'no other gets it')
    assert.equal(store.sandboxes.retire(sandbox, 'remove'), true)
    store.sandboxes.forget(sandbox, now + 1)
    assert.deepEqual([store.sandboxes.list(), store.isTaken(1)], [[], false])
    assert.equal(store.sandboxes.begin(null, now + SLOT_REST_MS), undefined, 'it rests')
    assert.equal(start(store, 'b', now + SLOT_REST_MS + 1)!.slot, 1)
  }))

test('one that is on its way out is taken by no start', () =>
  withStore(9, (store) => {
    const sandbox = makeReady(store)
    assert.equal(store.sandboxes.retire(sandbox, 'remove'), true)
    assert.equal(start(store, 'a')!.sandbox, null)
  }))

test('a container that is taken over brings its sandbox, and its number is not given again', () =>
  withStore(9, (store) => {
    const generation = { number: 3, container: 'c', slot: 5, sandbox: 7, image: 'i', digest: null, port: 80 }
    assert.ok(store.apply('a', { type: 'adopt', frozen: false, generation, image }, now))
    assert.deepEqual(store.sandboxes.get(7), { number: 7, state: 'given', port: null, slot: 5, preview: 'a' })
    assert.equal(makeReady(store), 8)
  }))

test('whatever happens, a sandbox is one preview’s alone', () => {
  const tags = ['a', 'b', 'c']
  const act = fc.record({
    what: fc.constantFrom('make', 'start', 'stop', 'crash', 'remove', 'replace', 'retire', 'free'),
    tag: fc.constantFrom(...tags),
    at: fc.nat(4),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) =>
      withStore(6, (store) => {
        const owners = new Map<number, string>()
        for (const [i, { what, tag, at }] of acts.entries()) {
          const time = now + i * SLOT_REST_MS
          const sandbox = store.sandboxes.list().at(at)?.number
          const known = store.get(tag)
          const number = (known && generationOf(known)?.number) ?? 0
          if (what === 'make') {
            const made = store.sandboxes.begin(null, time)
            if (made) store.sandboxes.ready(made.number)
          } else if (what === 'start') {
            const begun = start(store, tag, time)
            if (begun) answer(store, tag, begun, time)
          } else if (what === 'stop') for (const event of ended) store.apply(tag, event, time)
          else if (what === 'crash')
            store.apply(
              tag,
              { type: 'exited', generation: number, gone: at > 2, reason: { code: 'exited', detail: '' } },
              time,
            )
          else if (what === 'remove')
            for (const type of ['remove', 'ending', 'removed'] as const) store.apply(tag, { type }, time)
          else if (what === 'replace') {
            store.apply(tag, { type: 'renewed', image: { ...image, id: `i${i}` } }, time)
            store.apply(tag, { type: 'replace', port: 80 }, time)
          } else if (sandbox !== undefined) {
            if (what === 'retire') store.sandboxes.retire(sandbox, 'stop', true, time)
            else if (store.sandboxes.retire(sandbox, 'remove')) store.sandboxes.forget(sandbox, time)
          }
          for (const { number, preview } of store.sandboxes.list()) {
            if (preview === null) continue
            assert.equal(owners.get(number) ?? preview, preview)
            owners.set(number, preview)
          }
        }
      }),
    ),
    { numRuns: 60 },
  )
})
