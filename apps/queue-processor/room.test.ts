import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Preview } from '../shared/preview.ts'
import { makesWay, nextInLine } from './room.ts'

const now = 1_000_000_000
const minutes = (n: number) => now - n * 60_000

/** A preview with what this rule looks at. */
function preview(tag: string, state: Preview['state'], facts: object = {}): Preview {
  return {
    tag,
    since: minutes(60),
    lastSeen: null,
    readyAt: minutes(60),
    notBefore: 0,
    thenStart: false,
    state,
    ...facts,
  } as unknown as Preview
}

const waiting = preview('waiting', 'queued')

test('the preview that nobody has used for longest makes way', () => {
  const cases: [what: string, previews: Preview[], tag: string | undefined][] = [
    ['nobody is up', [waiting], undefined],
    [
      'the longest idle one',
      [waiting, preview('a', 'running', { lastSeen: minutes(5) }), preview('b', 'running', { lastSeen: minutes(9) })],
      'b',
    ],
    ['never visited, but up for long', [waiting, preview('a', 'running', { readyAt: minutes(2) })], 'a'],
    ['somebody is there', [waiting, preview('a', 'running', { lastSeen: now - 59_000 })], undefined],
    ['it came up a moment ago', [waiting, preview('a', 'running', { readyAt: now - 1_000 })], undefined],
    [
      'a paused one before any that runs',
      [waiting, preview('a', 'running', { lastSeen: minutes(9) }), preview('b', 'paused', { lastSeen: minutes(1) })],
      'b',
    ],
    ['not one that wakes', [waiting, preview('a', 'paused', { thenStart: true })], undefined],
    ['one is leaving already', [waiting, preview('a', 'running'), preview('b', 'stopping')], undefined],
    [
      'the one that is leaving comes back',
      [waiting, preview('a', 'running'), preview('b', 'stopping', { thenStart: true })],
      'a',
    ],
    [
      'two wait, one is leaving',
      [waiting, preview('w', 'queued'), preview('a', 'running'), preview('b', 'stopping')],
      'a',
    ],
    ['nobody waits', [preview('a', 'running')], undefined],
    [
      'who waits is not due yet',
      [preview('w', 'queued', { notBefore: now + 8_000 }), preview('a', 'running')],
      undefined,
    ],
  ]
  for (const [what, previews, tag] of cases) assert.equal(makesWay(previews, now)?.tag, tag, what)
})

test('who has waited longest is next', () => {
  const late = preview('late', 'queued', { since: minutes(1) })
  const early = preview('early', 'queued', { since: minutes(2) })
  const resting = preview('resting', 'queued', { since: minutes(3), notBefore: now + 500 })
  assert.equal(nextInLine([late, early, resting, preview('up', 'running')], now)?.tag, 'early')
  assert.equal(nextInLine([resting], now), undefined)
})
