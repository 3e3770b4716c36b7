import assert from 'node:assert/strict'
import { test } from 'node:test'
import { next } from './state-machine/transitions.ts'
import { isAsked, isHopeless, wantsNewer } from './image-update.ts'
import type { Event } from './event.ts'
import { fresh, type Image, type In, type Preview } from './preview.ts'
import type { ReasonCode } from './failure-reason.ts'
import type { Notice } from './notice.ts'

const now = 1_763_700_000_000
const image: Image = {
  id: 'sha256:one',
  digest: 'sha256:d1',
  pulled: true,
  bytes: 9,
  created: null,
  labels: {},
  ports: [80],
}
const slow: Notice = { code: 'answers-error', status: 500, path: '/' }
const newest = { ...image, id: 'sha256:two', digest: 'sha256:d2' }
const known = { ...fresh, repository: '', tag: 'red', since: now, image, generations: 1 }
const generation = {
  number: 1,
  container: 'c1',
  slot: 7,
  sandbox: null,
  image: image.id,
  digest: image.digest,
  port: 80,
}
const kept = { ...generation, slot: null }
const stopped: In<'stopped'> = { ...known, state: 'stopped', generation: kept, why: 'idle' }
const running: In<'running'> = { ...known, state: 'running', generation, readyAt: now, pending: null }

/** What becomes of a preview by these events, 10 ms apart; those that change nothing are passed over. */
function after(first: Preview, ...events: Event[]): Preview {
  let at = now
  return events.reduce((preview, event) => next(preview, 'red', event, (at += 10)) ?? preview, first)
}

const asked: Event = { type: 'refresh' }
const noticed: Event = { type: 'refresh', digest: newest.digest }
const start: Event = { type: 'start', by: 'visit' }
const exists: Event = { type: 'exists' }
const pull: Event = { type: 'pull', places: 1 }
const pulled: Event = { type: 'pulled', image: newest }
const begin: Event = { type: 'begin', places: 1, port: 80, slot: 9 }
const fails = (code: ReasonCode): Event => ({ type: 'fail', reason: { code, detail: 'engine words' } })
/** By default the answer to the first asking. */
const notRenewed = (code: ReasonCode, number = 1, rest?: number): Event => ({
  type: 'notRenewed',
  reason: { code, detail: 'engine words' },
  number,
  rest,
})
const ends: Event[] = [{ type: 'stop', why: 'asked' }, { type: 'ending' }, { type: 'ended' }]
const up: Event[] = [
  begin,
  { type: 'created', generation: 2, container: 'c2' },
  { type: 'answered', generation: 2, notices: [slow] },
]

test('a start of what was asked for, or noticed, pulls first; any other takes what is here', () => {
  assert.equal(after(stopped, start, pull).state, 'queued')
  for (const why of [asked, noticed])
    for (const events of [
      [why, start],
      [start, why],
    ]) {
      const pulling = after(stopped, ...events, exists, pull)
      assert.deepEqual([pulling.state, pulling.image], ['pulling', image])
      const starting = after(pulling, { type: 'pulled', image: newest, number: 1 })
      assert.deepEqual([starting.state, starting.image, starting.update], ['starting', newest, null])
    }
})

test('what is wanted is known in every state, until the registry has answered the last asking', () => {
  const wanted = after(running, asked, asked, ...ends)
  assert.deepEqual([wanted.state, wantsNewer(wanted)], ['stopped', true])
  for (const answer of [{ type: 'current' }, { type: 'renewed', image: newest }] as const) {
    for (const number of [undefined, 1]) assert.equal(after(wanted, { ...answer, number }).update, wanted.update)
    assert.equal(after(wanted, { ...answer, number: 2 }).update, null)
  }
  // Told by its digest, it is here with it, whenever that was.
  assert.equal(after(running, noticed, { type: 'renewed', image: newest }).update, null)
  assert.equal(after(running, asked, asked, notRenewed('credentials', 1)).update?.failure, null)
  assert.equal(after(running, asked, asked, notRenewed('credentials', 2)).update?.failure?.code, 'credentials')
})

test('an answer counts whatever the clock does, and a number is given out once', () => {
  const ahead = next(running, 'red', asked, now + 600_000)!
  assert.equal(next(ahead, 'red', { type: 'current', number: ahead.update!.number }, now)!.update, null)
  const first = after(running, asked)
  const again = after(first, { type: 'current', number: first.update!.number }, asked)
  assert.notEqual(again.update!.number, first.update!.number)
  const born = next(undefined, 'red', { type: 'ahead', image }, now)!
  assert.ok(after(born, asked).update!.number > now)
})

test('who waits waits for what somebody has asked for, not for what was only noticed', () => {
  assert.equal(isAsked(after(running, noticed)), false)
  assert.equal(isAsked(after(running, asked)), true)
  assert.equal(isAsked(after(running, asked, noticed)), true)
  assert.equal(isAsked(after(running, asked, notRenewed('credentials'))), false)
  assert.equal(isAsked(after(running, asked, { type: 'current', number: 1 }, noticed)), false)
})

test('without an image there is none that is newer: what somebody builds under its name stays as it is', () => {
  const own: Event = { type: 'found', image: { ...image, pulled: false } }
  const told = after(stopped, noticed, notRenewed('disk-full'))
  const ways: [string, Preview, Event[]][] = [
    ['cleaned', told, [{ type: 'cleaned' }, start]],
    ['cleaned for a click', told, [start, { type: 'cleaned' }]],
    ['gone', after(running, asked, ...ends), [start, { type: 'imageGone' }]],
    ['removed', after(running, asked), [{ type: 'remove' }, start, { type: 'removed' }]],
  ]
  for (const [how, before, events] of ways) {
    const bare = after(before, ...events)
    assert.deepEqual([bare.state, bare.image, bare.update, bare.notices], ['queued', null, null, []], how)
    assert.equal(wantsNewer(after(bare, own)), false, how)
  }
  assert.equal(after(told, { type: 'cleaned' }).update, null)
  assert.equal(wantsNewer({ ...after(running, asked), image: { ...image, pulled: false } }), false)
})

test('what is asked for while a pull is under way may be newer than what it brings', () => {
  const pulling: Preview = { ...known, since: now, image: null, state: 'pulling', progress: null }
  const starting = after(pulling, asked, pulled)
  assert.deepEqual([starting.state, wantsNewer(starting)], ['starting', true])
})

test('what is told twice is no news, nor of a preview that has it, or has somebody else’s image', () => {
  const changes = (preview: Preview, event: Event) => next(preview, 'red', event, now) !== undefined
  assert.ok(changes(running, noticed))
  assert.ok(!changes(after(running, noticed), noticed))
  assert.ok(!changes(after(running, noticed, notRenewed('bad-image')), noticed))
  assert.ok(changes(after(running, noticed, notRenewed('bad-image')), asked))
  assert.ok(!changes(running, { type: 'refresh', digest: image.digest! }))
  assert.ok(!changes({ ...running, image: { ...image, pulled: false } }, asked))
  assert.ok(!changes({ ...stopped, image: null, generation: null }, asked))
  assert.ok(!changes(running, { type: 'current' }))
  assert.ok(!changes(running, notRenewed('credentials')))
})

test('a newer image that does not come when a start waits for it lets the one before start, and the admin is told', () => {
  const starting = after(stopped, noticed, start, exists, pull, fails('credentials'))
  assert.deepEqual([starting.state, starting.image], ['starting', image])
  const { state, update, notices } = after(starting, ...up)
  assert.deepEqual([state, update?.failure?.code, update?.digest], ['running', 'credentials', newest.digest])
  assert.deepEqual(notices, [slow])
})

test('a registry that does not answer keeps nobody from what is here, nor from its kept container', () => {
  const queued = after(stopped, asked, start, notRenewed('registry-down'))
  assert.deepEqual([queued.state, wantsNewer(queued)], ['queued', false])
  const starting = after(queued, begin) as In<'starting'>
  assert.equal(starting.generation?.container, kept.container)
  const { update } = after(starting, { type: 'answered', generation: 1, notices: [] })
  assert.deepEqual([update?.failure?.code, update?.digest], ['registry-down', null])
})

test('a start tries again what has rested, and no start of Lotan’s own does', () => {
  const asleep = (rest?: number) => after(running, noticed, notRenewed('registry-down', 1, rest), ...ends)
  const tries = (preview: Preview, by: 'visit' | 'admin' | 'api' | 'retry' | 'reaper', ms: number) =>
    wantsNewer(next(preview, 'red', { type: 'start', by }, now + ms)!)
  for (const by of ['visit', 'admin', 'api'] as const) {
    assert.equal(tries(asleep(), by, 50_000), false, by)
    assert.equal(tries(asleep(), by, 61_000), true, by)
    assert.equal(tries(asleep(), by, -61_000), true, `${by}, after the clock stepped back`)
    assert.equal(tries(asleep(300_000), by, 290_000), false, by)
    assert.equal(tries(asleep(300_000), by, 301_000), true, by)
  }
  for (const by of ['retry', 'reaper'] as const) assert.equal(tries(asleep(), by, 61_000), false, by)
})

test('what is nothing that can run here is not tried again by a start; somebody may ask all the same', () => {
  const tried = (code: ReasonCode) => after(running, noticed, notRenewed(code))
  assert.equal(tried('disk-full').update?.failure?.code, 'disk-full')
  const again = (preview: Preview) => next(after(preview, ...ends), 'red', start, now + 61_000)!
  assert.ok(wantsNewer(again(tried('disk-full'))))
  assert.ok(!wantsNewer(again(tried('bad-image'))))
  assert.ok(isHopeless(again(tried('bad-image')), newest.digest))
  assert.ok(isHopeless(tried('bad-stack'), newest.digest))
  assert.ok(!isHopeless(again(tried('bad-image')), 'sha256:d3'))
  assert.ok(!isHopeless(tried('disk-full'), newest.digest))
  assert.ok(wantsNewer(after(tried('bad-image'), asked)))
})

test('once it is here, or the registry has the one before again, nothing is said of it any more', () => {
  const told = { ...after(running, noticed, notRenewed('disk-full')) }
  const both: Preview = { ...told, notices: [slow] }
  for (const event of [
    { type: 'renewed', image: { ...newest, digest: 'sha256:d3' }, number: 1 },
    { type: 'current', number: 1 },
  ] as const) {
    assert.deepEqual([after(told, event).update, after(told, event).notices], [null, []])
    assert.deepEqual([after(both, event).update, after(both, event).notices], [null, [slow]])
  }
})

test('what was pulled ahead and is offered no more ages from then on', () => {
  const ahead: In<'stopped'> = { ...stopped, generation: null, why: 'ahead' }
  const aging = after(ahead, { type: 'unlisted' }) as In<'stopped'>
  assert.deepEqual([aging.why, aging.since], ['idle', now + 10])
  assert.equal(next(stopped, 'red', { type: 'unlisted' }, now), undefined)
  assert.equal(next(running, 'red', { type: 'unlisted' }, now), undefined)
})
