import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spanOf, timeOf } from './span.ts'

test('spans and times are read, and nothing else', () => {
  const spans: [string, number | undefined][] = [
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['2d', 172_800_000],
    ['4w', 2_419_200_000],
    ['0d', undefined],
    ['2', undefined],
    ['2 d', undefined],
    ['-1d', undefined],
    ['1y', undefined],
    ['', undefined],
  ]
  for (const [text, ms] of spans) assert.equal(spanOf(text), ms, text)
  const now = Date.parse('2026-03-01T12:00:00Z')
  const times: [string, string | undefined][] = [
    ['2d', '2026-03-03T12:00:00.000Z'],
    ['2031-12-24T18:00:00+01:00', '2031-12-24T17:00:00.000Z'],
    ['2031-12-24', '2031-12-24T00:00:00.000Z'],
    ['tomorrow', undefined],
    ['2031-99-24', undefined],
    ['5', undefined],
  ]
  for (const [text, time] of times) assert.equal(timeOf(text, now), time, text)
})
