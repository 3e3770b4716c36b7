import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextActions } from '../../shared/preview/next-actions.ts'
import { countsAsRunning, type Preview } from '../../shared/preview/preview.ts'
import { chooseToStop } from './capacity.ts'

const now = 1_000_000_000
const minutes = (n: number) => now - n * 60_000

/** A preview with what this rule looks at. */
function preview(tag: string, state: Preview['state'], facts: object = {}): Preview {
  return {
    repository: '',
    tag,
    since: minutes(60),
    lastSeen: null,
    stages: {},
    readyAt: minutes(60),
    notBefore: 0,
    retiring: [],
    pending: null,
    image: null,
    state,
    ...facts,
  } as unknown as Preview
}

const waiting = preview('waiting', 'queued')
const tagsOf = (previews: readonly Preview[]) => previews.map(({ tag }) => tag)

test('the least recently used preview is stopped', () => {
  const cases: [what: string, previews: Preview[], tag: string | undefined][] = [
    ['no preview is up', [waiting], undefined],
    [
      'the longest idle one',
      [waiting, preview('a', 'running', { lastSeen: minutes(5) }), preview('b', 'running', { lastSeen: minutes(9) })],
      'b',
    ],
    ['never visited, but up for long', [waiting, preview('a', 'running', { readyAt: minutes(2) })], 'a'],
    ['the only one is in use', [waiting, preview('a', 'running', { lastSeen: now - 59_000 })], undefined],
    ['it came up a moment ago', [waiting, preview('a', 'running', { readyAt: now - 1_000 })], undefined],
    [
      'a paused one before any that runs',
      [waiting, preview('a', 'running', { lastSeen: minutes(9) }), preview('b', 'paused', { lastSeen: minutes(1) })],
      'b',
    ],
    ['not one that wakes', [waiting, preview('a', 'paused', { phase: 'waking' })], undefined],
    ['none for what Lotan only tries', [preview('t', 'queued', { by: 'verify' }), preview('a', 'running')], undefined],
    [
      '… until another part waits for it',
      [preview('t', 'queued', { by: 'verify', waiter: { who: 'program', until: now + 1 } }), preview('a', 'running')],
      'a',
    ],
    ['one is leaving already', [waiting, preview('a', 'running'), preview('b', 'stopping')], undefined],
    [
      'the one that is leaving comes back',
      [waiting, preview('a', 'running'), preview('b', 'stopping', { phase: 'endingToRestart' })],
      'a',
    ],
    [
      'two wait, one is leaving',
      [waiting, preview('w', 'queued'), preview('a', 'running'), preview('b', 'stopping')],
      'a',
    ],
    [
      'what is pinned stays',
      [waiting, preview('a', 'running', { pin: { until: null } }), preview('b', 'paused', { pin: { until: now + 1 } })],
      undefined,
    ],
    ['but not where that is over', [waiting, preview('a', 'running', { pin: { until: now } })], 'a'],
    ['none waits', [preview('a', 'running')], undefined],
    [
      'who waits is not due yet',
      [preview('w', 'queued', { notBefore: now + 8_000 }), preview('a', 'running')],
      undefined,
    ],
  ]
  for (const [what, previews, tag] of cases) {
    const places = previews.filter(({ state }) => countsAsRunning(state)).length
    assert.deepEqual(tagsOf(chooseToStop(previews, places, now)), tag === undefined ? [] : [tag], what)
  }
})

test('where LOTAN_MAX_RUNNING was lowered all who have to go are stopped at once, and no more', () => {
  const up = ['a', 'b', 'c', 'd', 'e', 'f'].map((tag, i) => preview(tag, 'running', { lastSeen: minutes(20 - i) }))
  assert.deepEqual(tagsOf(chooseToStop([waiting, ...up], 3, now)), ['a', 'b', 'c', 'd'])
  assert.deepEqual(tagsOf(chooseToStop([waiting, preview('z', 'stopping'), ...up], 3, now)), ['a', 'b', 'c', 'd'])
  assert.deepEqual(tagsOf(chooseToStop([waiting, preview('z', 'stopping'), ...up], 6, now)), ['a'])
  const paused = preview('p', 'paused', { lastSeen: minutes(1) })
  assert.deepEqual(tagsOf(chooseToStop([waiting, paused, ...up], 6, now)), ['p', 'a'])
  assert.deepEqual(tagsOf(chooseToStop([waiting, ...up], 10, now)), [])
  assert.deepEqual(tagsOf(chooseToStop(up, 3, now)), [])
})

test('for a person one goes that came up and met no visitor, and no more than people wait', () => {
  const fresh = (tag: string) => preview(tag, 'running', { readyAt: now - 11_000 })
  const person = (tag: string) => preview(tag, 'queued', { waiter: { who: 'person', until: now + 1 } })
  const choose = (...previews: Preview[]) => tagsOf(chooseToStop(previews, previews.filter(isUp).length, now))
  const isUp = ({ state }: Preview) => countsAsRunning(state)
  assert.deepEqual(choose(waiting, fresh('a'), fresh('b')), [])
  assert.deepEqual(choose(waiting, person('p'), fresh('a'), fresh('b')), ['a'])
  assert.deepEqual(choose(person('p'), fresh('a'), preview('b', 'running', { lastSeen: now - 90_000 })), ['b'])
  assert.deepEqual(choose(person('p'), preview('z', 'stopping'), fresh('a')), [])
  assert.deepEqual(choose(person('p'), preview('a', 'running', { readyAt: now - 11_000, lastSeen: now - 9_000 })), [])
})

test('where the memory is full before the places are, one goes for each that waits', () => {
  const up = ['a', 'b'].map((tag, i) => preview(tag, 'running', { lastSeen: minutes(20 - i) }))
  assert.deepEqual(tagsOf(chooseToStop([waiting, ...up], up.length, now)), ['a'])
  assert.deepEqual(tagsOf(chooseToStop([waiting, preview('z', 'stopping'), ...up], up.length + 1, now)), [])
})

test('the first stop that is announced is the first one that is made', () => {
  const seconds = fc.integer({ min: 0, max: 150 })
  const made = fc.oneof(
    seconds.map((ago) => (tag: string) => preview(tag, 'running', { lastSeen: now - ago * 1_000 })),
    seconds.map((ago) => (tag: string) => preview(tag, 'running', { readyAt: now - ago * 1_000 })),
    seconds.map((ago) => (tag: string) => preview(tag, 'paused', { phase: 'frozen', lastSeen: now - ago * 1_000 })),
    fc.constant((tag: string) => preview(tag, 'stopping', { phase: 'draining', why: 'idle' })),
    fc.constant((tag: string) => preview(tag, 'queued', { waiter: { who: 'person', until: now + 400_000 } })),
    fc.constant((tag: string) => preview(tag, 'queued')),
  )
  const never = { pauseAfter: null, stopAfter: 1e9, rmiAfter: 1e9, prepulls: () => false }
  let compared = 0
  fc.assert(
    fc.property(fc.array(made, { maxLength: 9 }), fc.integer({ min: 1, max: 5 }), (made, maxRunning) => {
      const previews = made.map((make, i) => make(`t${i}`))
      const up = previews.filter(({ state }) => countsAsRunning(state)).length
      const facts = { timeouts: never, maxRunning, memoryFull: false, open: null }
      const stops = nextActions(previews, facts, now).filter(({ why }) => why === 'room')
      const places = Math.min(up, maxRunning)
      if (up < maxRunning) return assert.deepEqual(stops, [])
      const first = Math.max(now, Math.min(...stops.map(({ at }) => at)))
      if (stops.length === 0) return assert.deepEqual(chooseToStop(previews, places, now + 300_000), [])
      compared++
      const due = stops.filter(({ at }) => at <= first).map(({ preview }) => preview.tag)
      assert.deepEqual(tagsOf(chooseToStop(previews, places, first)).sort(), due.sort())
      if (first > now) assert.deepEqual(chooseToStop(previews, places, first - 1), [])
      return undefined
    }),
    { numRuns: 1_000 },
  )
  assert.ok(compared > 100)
})
