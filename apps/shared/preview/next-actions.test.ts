import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextActions, type NextFacts } from './next-actions.ts'
import { idOf } from './preview-id.ts'
import { fresh, type In, type Preview } from './preview.ts'

const MINUTE = 60_000
const now = 1_000 * MINUTE
const image = { id: 'i', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [80] }
const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
const timeouts = { pauseAfter: null, stopAfter: 10 * MINUTE, rmiAfter: 60 * MINUTE, prepulls: () => false }
const facts: NextFacts = { timeouts, maxRunning: 9, memoryFull: false, open: new Set() }
const pausing = { ...facts, timeouts: { ...timeouts, pauseAfter: 5 * MINUTE } }

/** @param used minutes ago */
const known = (tag: string, used: number) => ({
  ...{ ...fresh, repository: '', tag, image, generation, since: now - used * MINUTE, lastSeen: now - used * MINUTE },
  readyAt: now - 30 * MINUTE,
})
const up = (tag: string, used: number, more: Partial<In<'running'>> = {}): Preview => ({
  ...{ ...known(tag, used), state: 'running', pending: null },
  ...more,
})
const paused = (tag: string, used: number): Preview => ({ ...known(tag, used), state: 'paused', phase: 'frozen' })
const asleep = (tag: string, used: number): Preview => ({ ...known(tag, used), state: 'stopped', why: 'idle' })
const failed = (tag: string, since: number): Preview => ({
  ...known(tag, since),
  ...{ state: 'failed', reason: { code: 'exited', detail: '' }, retryAt: null },
})
const waits = (tag: string, person = false): Preview => ({
  ...{ ...known(tag, 0), state: 'queued', phase: 'start', generation: null, notBefore: 0, by: 'visit', reason: null },
  waiter: person ? { who: 'person', until: now + 5 * MINUTE } : null,
})
const unvisited = (tag: string): Preview =>
  up(tag, 0, { lastSeen: null, readyAt: now - 4_000, stages: { running: now - 4_000 } })

const told = (previews: Preview[], facts: NextFacts, at = now) =>
  nextActions(previews, facts, at).map(
    (action) => `${action.preview.tag} ${action.what} ${action.why} ${(action.at - now) / 1_000}`,
  )

test('what happens next is told with its time, the earliest first', () => {
  const full = { ...facts, maxRunning: 2 }
  const cases: [what: string, previews: Preview[], facts: NextFacts, expected: string[]][] = [
    ['none', [], facts, []],
    ['idle ones', [up('a', 2), up('b', 9)], facts, ['b stop idle 60', 'a stop idle 480']],
    ['it is due', [up('a', 10)], facts, ['a stop idle 0']],
    ['images, of failed ones too', [asleep('a', 58), failed('b', 59)], facts, ['b clean idle 60', 'a clean idle 120']],
    ['pinned ones', [up('a', 2, { pin: { until: null } })], facts, []],
    ['a pause', [up('a', 2), paused('b', 6)], pausing, ['a pause idle 180', 'b stop idle 240']],
    ['a pause that a client holds off', [up('a', 2)], { ...pausing, open: new Set(['a']) }, ['a stop idle 480']],
    ['a pause that is due', [up('a', 6)], pausing, ['a pause idle -60']],
    ['… where it is not known who is connected', [up('a', 6)], { ...pausing, open: null }, ['a stop idle 240']],
    ['none is paused while a newer image comes up', [up('a', 2, { pending: { ...generation, number: 2 } })], pausing, ['a stop idle 480']],
    ['places are left', [waits('w'), up('a', 2)], full, ['a stop idle 480']],
    ['full: the longest idle one goes', [waits('w'), up('a', 2), up('b', 0.5)], full, ['a stop room 0', 'b stop idle 570']],
    ['… once it is idle', [waits('w'), up('a', 0.2), up('b', 0.5)], full, ['b stop room 30', 'a stop idle 588']],
    ['… a paused one before', [waits('w'), up('a', 9), paused('b', 6)], full, ['b stop room 0', 'a stop idle 60']],
    ['… none that is pinned', [waits('w'), up('a', 2, { pin: { until: null } }), up('b', 0.5)], full, ['b stop room 30']],
    ['… none where one goes already', [waits('w'), up('a', 2), { ...known('b', 9), state: 'stopping', phase: 'draining', why: 'idle' }], full, ['a stop idle 480']],
    ['… one for each that waits', [waits('w'), waits('v'), up('a', 2), up('b', 0.5)], full, ['a stop room 0', 'b stop room 30']],
    ['… what would stop anyway stops so', [waits('w'), up('a', 0.1), up('b', 0.5, { image: { ...image, labels: { 'lotan.inactivity-stop-minutes': '0.6' } } })], full, ['b stop idle 6', 'a stop idle 594']],
    ['an unvisited one stays for a program', [waits('w'), unvisited('a'), up('b', 0.2)], full, ['b stop room 48', 'a stop idle 596']],
    ['… and goes for a person', [waits('w', true), unvisited('a'), up('b', 0.2)], full, ['a stop room 6', 'b stop idle 588']],
    ['no memory', [waits('w'), up('a', 2)], { ...facts, memoryFull: true }, ['a stop room 0']],
    ['no memory, and none waits', [up('a', 2)], { ...facts, memoryFull: true }, ['a stop idle 480']],
  ] // prettier-ignore
  for (const [what, previews, facts, expected] of cases) assert.deepEqual(told(previews, facts), expected, what)
})

test('it is the same with each look, until something happens', () => {
  const minutes = fc.integer({ min: 0, max: 900 }).map((tenths) => tenths / 10)
  const preview = fc.oneof(
    minutes.map((used) => (tag: string) => up(tag, used)),
    minutes.map((used) => (tag: string) => paused(tag, used)),
    minutes.map((used) => (tag: string) => asleep(tag, used)),
    fc.boolean().map((person) => (tag: string) => waits(tag, person)),
    fc.constant(unvisited),
  )
  const looks = fc.record({
    made: fc.array(preview, { maxLength: 8 }),
    maxRunning: fc.integer({ min: 1, max: 4 }),
    memoryFull: fc.boolean(),
    later: fc.integer({ min: 1, max: 200_000 }),
    isKnown: fc.boolean(),
  })
  fc.assert(
    fc.property(looks, ({ made, maxRunning, memoryFull, later, isKnown }) => {
      const previews = made.map((make, i) => make(`t${i}`))
      const all = { ...pausing, maxRunning, memoryFull, open: isKnown ? new Set<string>() : null }
      const first = nextActions(previews, all, now)
      assert.equal(new Set(first.map(({ preview }) => idOf(preview))).size, first.length, 'one a preview')
      const due = Math.min(...first.map(({ at }) => at).filter((at) => at > now))
      const at = Math.min(now + later, due - 1)
      assert.deepEqual(nextActions(previews, all, at), first)
    }),
    { numRuns: 500 },
  )
})
