import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDue, nextInLine } from './start-queue.ts'
import type { Preview } from './preview.ts'

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
