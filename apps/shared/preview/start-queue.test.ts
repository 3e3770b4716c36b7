import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aheadOf, isDue, leavesAt, nextInLine, overtakers, rankOf, startQueue } from './start-queue.ts'
import type { In, Preview } from './preview.ts'

const now = 1_000_000_000
const queued = (tag: string, ago: number, facts: object = {}) =>
  ({ repository: '', tag, state: 'queued', since: now - ago, notBefore: 0, image: {}, ...facts }) as Preview
const next = (previews: Preview[], places = 1) => nextInLine(previews, places, now).map(({ tag }) => tag)

test('who has waited longest is next', () => {
  const late = queued('late', 1_000)
  const early = queued('early', 2_000)
  const resting = queued('resting', 3_000, { notBefore: now + 500 })
  const up = { ...queued('up', 9_000), state: 'running' } as Preview
  assert.deepEqual(next([late, early, resting, up]), ['early'])
  assert.deepEqual(next([late, early, resting, up], 0), ['early'])
  assert.deepEqual(next([late, early, resting, up], 5), ['early', 'late'])
  assert.deepEqual(next([resting]), [])
})

test('nobody whose image is here waits behind somebody else’s pull', () => {
  const big = queued('big', 9_000, { image: null })
  const other = queued('other', 8_000, { image: null })
  const here = queued('here', 1_000)
  assert.deepEqual(next([big, other, here]), ['here', 'big'])
  assert.deepEqual(next([big, other]), ['big'])
})

test('a back-off that was reckoned by a clock that was ahead is over', () => {
  assert.equal(isDue({ notBefore: now + 8_000 }, now), false)
  assert.equal(isDue({ notBefore: now + 50 }, now), true)
  assert.equal(isDue({ notBefore: now + 3_600_000 }, now), true)
})

const person = { waiter: { who: 'person', until: now + 1 } }
const program = { waiter: { who: 'program', until: now + 1 } }

test('people who look come first, then programs that wait, then what was only asked for', () => {
  const line = [
    queued('tried', 10_000, { by: 'verify' }),
    queued('asked', 9_000),
    queued('waited for', 8_000, program),
    queued('left', 7_000, { waiter: { who: 'person', until: now } }),
    queued('looked at', 2_000, person),
    queued('looked at later', 1_000, person),
    queued('of a clock that was ahead', 500, { waiter: { who: 'person', until: now + 3_600_000 } }),
  ]
  const asked = ['asked', 'left', 'of a clock that was ahead']
  const order = ['looked at', 'looked at later', 'waited for', ...asked, 'tried']
  assert.deepEqual(
    startQueue(line, now).map(({ tag }) => tag),
    order,
  )
  for (const [i, tag] of order.entries()) {
    const preview = line.find((one) => one.tag === tag)!
    assert.equal(aheadOf(preview, line, now), i, tag)
  }
  assert.deepEqual(next(line), ['looked at'])
})

test('only a better rank overtakes', () => {
  const line = [queued('a', 9_000), queued('b', 8_000, program), queued('c', 7_000, person), queued('d', 1, person)]
  const before = (preview: Preview) => overtakers(preview, line, now).map(({ tag }) => tag)
  assert.deepEqual(line.map(before), [['c', 'd', 'b'], ['c', 'd'], [], []])
  const update = { ...queued('u', 1), state: 'running' } as Preview
  assert.deepEqual([rankOf(update, now), before(update).length], [3, 4])
  const resting = queued('c', 7_000, { ...person, notBefore: now + 500 })
  assert.deepEqual(overtakers(line[0]!, [resting], now), [])
})

test('one that met no visitor makes room for a person at once, and for others as any does', () => {
  const up = (lastSeen: number | null) =>
    ({ ...queued('up', 0), state: 'running', lastSeen, readyAt: now, stages: { running: now } }) as In<'running'>
  const waits = (preview: In<'running'>) => [true, false].map((forPerson) => leavesAt(preview, forPerson) - now)
  assert.deepEqual(waits(up(null)), [10_000, 60_000])
  assert.deepEqual(waits(up(now - 5_000)), [10_000, 60_000])
  assert.deepEqual(waits(up(now + 5_000)), [65_000, 65_000])
})
