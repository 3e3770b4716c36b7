import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countdown, timeText, type As } from '../../../../views/times.js'
import { withTimes } from './when.ts'

/** In this machine's zone, whatever that is. */
const at = (day: number, hour: number, minute = 0) => new Date(2031, 0, day, hour, minute, 7, 120).getTime()
const now = at(20, 15)

test('a time is told as people tell it', () => {
  const cases: [at: number, as: As, text: string][] = [
    [at(20, 13, 11), 'moment', 'today 13:11'],
    [at(20, 23), 'moment', 'today 23:00'],
    [at(19, 23, 59), 'moment', 'yesterday 23:59'],
    [at(21, 0), 'moment', 'tomorrow 00:00'],
    [at(2, 9), 'moment', '2 Jan 09:00'],
    [at(-40, 9), 'moment', '21 Nov 2030 09:00'],
    [at(20, 13, 11), 'clock', '13:11'],
    [at(2, 13, 11), 'second', '13:11:07'],
    [at(2, 13, 11), 'milli', '13:11:07.120'],
  ]
  for (const [time, as, text] of cases) assert.equal(timeText(time, as, now), text)
})

test('a countdown is rounded above two minutes', () => {
  const cases: [ms: number, text: string][] = [
    [-5, 'now'], [0, 'now'], [1, 'in 1 s'], [59_900, 'in 1 min'], [100_000, 'in 1 min 40 s'], [119_999, 'in 2 min'],
    [120_000, 'in 2 min'], [149_000, 'in 2 min'], [151_000, 'in 3 min'], [3_599_000, 'in 1 h'], [4_920_000, 'in 1 h 22 min'],
    [86_399_000, 'in 1 d'], [90_000_000, 'in 1 d 1 h'],
  ] // prettier-ignore
  for (const [ms, text] of cases) assert.equal(countdown(ms).replaceAll('\u00a0', ' '), text)
})

test('times that stand in words are told as people tell them', () => {
  const iso = new Date(at(22, 18)).toISOString()
  assert.deepEqual(withTimes(`pinned until ${iso} by admin`, now), [
    'pinned until ',
    { datetime: iso, as: 'moment', text: '22 Jan 18:00' },
    ' by admin',
  ])
  assert.deepEqual(withTimes('2031-99-99T99:99:99Z', now), ['2031-99-99T99:99:99Z'])
})
