import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayWrite, paced, type Pace } from './pace.ts'

test('what changes twenty times in ten seconds is written three times, the first time at once', () => {
  let pace: Pace | undefined
  const written: number[] = []
  for (let now = 0; now < 30_000; now += 100) {
    const isUnsaid = now <= 10_000 ? true : written.at(-1)! < 10_000
    if (!isUnsaid || !mayWrite(pace, now)) continue
    written.push(now)
    pace = paced(pace, now)
  }
  assert.deepEqual(written, [0, 4_000, 12_000])
})

test('after half a minute of quiet a change is written into at once again', () => {
  const first = paced(undefined, 0)
  const second = paced(first, 4_000)
  assert.equal(mayWrite(second, 11_999), false)
  assert.equal(paced(second, 34_000).rest, first.rest)
})
