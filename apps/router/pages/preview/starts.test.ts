import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Change } from '../../../shared/store/store.ts'
import { startsOf } from './starts.ts'

const T = Date.UTC(2031, 0, 1, 12)
const LATER = T + 90 * 60_000

type Told = [seconds: number, was: string, state: string, event: string, detail?: string | null, who?: string]

function changes(...told: Told[]): Change[] {
  return told
    .map(([seconds, was, state, event, detail = null, who = 'lotan'], id) => ({
      id,
      at: T + seconds * 1_000,
      was,
      state,
      event,
      generation: null,
      detail,
      who,
      address: who === 'visitor' ? '203.0.113.5' : null,
      request: null,
    }))
    .reverse()
}

const shown = (told: Told[]) =>
  startsOf('red', changes(...told), LATER).map(({ state, title, lasted }) =>
    [state, title, lasted].join(' | ').replaceAll('\u00a0', ' '),
  )

const up: Told[] = [
  [0, 'unknown', 'queued', 'start', 'visit', 'visitor'],
  [0.4, 'queued', 'pulling', 'pull'],
  [7.5, 'pulling', 'starting', 'pulled', 'sha256:9f86d081884c'],
  [7.5, 'starting', 'starting', 'begin', 'slot 49'],
  [10, 'starting', 'starting', 'created', 'eb67db80279d'],
  [10.5, 'starting', 'starting', 'started'],
  [11.7, 'starting', 'running', 'answered'],
]
const stops: Told[] = [
  [700, 'running', 'stopping', 'stop', 'idle'],
  [711, 'stopping', 'stopping', 'ending'],
  [712, 'stopping', 'stopped', 'ended'],
]

test('a start is one entry, with why it began and how it went', () => {
  const cases: [what: string, told: Told[], expected: string[]][] = [
    ['runs', up, ['running | a visitor opened it from 203.0.113.5; first answer after 11.7 s | 1 h 30 min']],
    ['slept', [...up, ...stops], ['stopped | a visitor opened it from 203.0.113.5; stopped: nobody used it | 11 min']],
    [
      'slept, and its image went',
      [...up, ...stops, [4_000, 'stopped', 'stopped', 'cleaned']],
      ['stopped | a visitor opened it from 203.0.113.5; stopped: nobody used it | 11 min'],
    ],
    [
      'was called back while it stopped',
      [...up, ...stops.slice(0, 1), [705, 'stopping', 'running', 'start', 'visit', 'visitor']],
      ['running | a visitor opened it from 203.0.113.5; first answer after 11.7 s | 1 h 30 min'],
    ],
    [
      'stopped by hand, and opened again',
      [
        ...up,
        [60, 'running', 'stopping', 'stop', 'asked', 'admin'],
        [61, 'stopping', 'stopped', 'ended'],
        [90, 'stopped', 'queued', 'start', 'admin', 'admin'],
        [90.1, 'queued', 'starting', 'begin', 'slot 3'],
        [91, 'starting', 'running', 'answered'],
      ],
      [
        'running | Start was pressed by admin; first answer after 1.0 s | 1 h 28 min',
        'stopped | a visitor opened it from 203.0.113.5; stopped by admin | 1 min',
      ],
    ],
    [
      'restarted',
      [
        ...up,
        [60, 'running', 'stopping', 'restart', null, 'token ci'],
        [61, 'stopping', 'queued', 'ended'],
        [61.5, 'queued', 'starting', 'begin', 'slot 3'],
        [63, 'starting', 'running', 'answered'],
      ],
      [
        'running | a restart was asked for by token ci; first answer after 2.0 s | 1 h 28 min',
        'stopped | a visitor opened it from 203.0.113.5; restarted | 1 min',
      ],
    ],
    [
      'failed, and tried again',
      [
        [0, 'unknown', 'queued', 'start', 'api', 'token ci'],
        [1, 'queued', 'failed', 'fail', 'registry-down: no route'],
        [61, 'failed', 'queued', 'start', 'retry'],
      ],
      ['queued | another try | 1 h 28 min', 'failed | asked for by token ci; registry-down: no route | 1.0 s'],
    ],
    [
      'a newer image',
      [
        ...up,
        [60, 'running', 'running', 'renewed', 'sha256:aa'],
        [60, 'running', 'running', 'replace', 'slot 4'],
        [62, 'running', 'running', 'answered'],
      ],
      [
        'running | a container of it comes up beside | 1 h 29 min',
        'stopped | a visitor opened it from 203.0.113.5; a newer image took over | 1 min',
      ],
    ],
    ['pulled ahead', [[0, 'unknown', 'stopped', 'ahead', 'sha256:aa']], ['stopped | its image was pulled before the first click | ']],
    [
      'removed',
      [...up, [60, 'running', 'removing', 'remove', null, 'admin'], [62, 'removing', 'unknown', 'removed']],
      ['stopped | a visitor opened it from 203.0.113.5; removed by admin | 1 min'],
    ],
    ['ended by itself', [...up, [60, 'running', 'stopped', 'exited', 'exited: code 0']], ['stopped | a visitor opened it from 203.0.113.5; exited: code 0 | 1 min']],
  ] // prettier-ignore
  for (const [what, told, expected] of cases) assert.deepEqual(shown(told), expected, what)
})

test('each moment of a start reads as a sentence, a stop and a clean too', () => {
  const [start] = startsOf('red', changes(...up, ...stops, [4_000, 'stopped', 'stopped', 'cleaned']), LATER)
  assert.deepEqual(
    start!.moments.map(({ words }) => words),
    [
      'a visitor opened it from 203.0.113.5',
      'the pull of its image began',
      'image 9f86d081',
      'its container is made, slot 49',
      'container eb67db80279d',
      'its container runs',
      'gave its first answer',
      'it is stopped: nobody used it',
      'its last requests have ended',
      'its container has stopped',
      'container and image removed',
    ],
  )
  assert.equal(start!.moments[1]!.took, '7.1\u00a0s')
})

test('a cold start says where the time went', () => {
  const [{ cold } = { cold: null }] = startsOf('red', changes(...up), LATER)
  assert.deepEqual(
    cold!.parts.map(({ name, took, x }) => [name, took.replace('\u00a0', ' '), x]),
    [['queued', '0.4 s', 0], ['pulled', '7.1 s', 34], ['container made', '3.0 s', 641], ['first answer', '1.2 s', 897]], // prettier-ignore
  )
  const warm: Told[] = [
    [0, 'stopped', 'queued', 'start', 'visit', 'visitor'],
    [0.2, 'queued', 'starting', 'begin', 'slot 3'],
    [0.5, 'starting', 'starting', 'started'],
    [1, 'starting', 'running', 'answered'],
  ]
  assert.deepEqual(
    startsOf('red', changes(...warm), LATER)[0]!.cold!.parts.map(({ name }) => name),
    ['queued', 'container made', 'first answer'],
  )
  assert.equal(startsOf('red', changes(...up.slice(0, 4)), LATER)[0]!.cold, null)
})

test('whatever a history holds, each change is in one entry, with words', () => {
  const state = fc.constantFrom('unknown', 'queued', 'pulling', 'starting', 'running', 'paused', 'stopping', 'stopped', 'removing', 'failed') // prettier-ignore
  const event = fc.oneof(fc.constantFrom('start', 'stop', 'ended', 'replace', 'adopt', 'exited', 'cleaned', 'pull'), fc.string()) // prettier-ignore
  const told = fc.tuple(fc.nat(5_000), state, state, event, fc.option(fc.string()), fc.constantFrom('lotan', 'visitor'))
  fc.assert(
    fc.property(fc.array(told), (any) => {
      const all = changes(...any.toSorted(([a], [b]) => a - b))
      const starts = startsOf('red', all, LATER)
      assert.equal(starts.flatMap(({ moments }) => moments).length, all.length)
      assert.equal(new Set(starts.map(({ key }) => key)).size, starts.length)
      for (const { lasted } of starts) assert.doesNotMatch(lasted, /-|NaN/)
    }),
    { numRuns: 200 },
  )
})
