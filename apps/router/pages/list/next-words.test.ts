import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh, type Preview } from '../../../shared/preview/preview.ts'
import { nextOf } from './next-words.ts'

const now = 1_763_700_000_000
const MINUTE = 60_000
const timeouts = { pauseAfter: null, stopAfter: 10 * MINUTE, rmiAfter: 60 * MINUTE, prepulls: () => false }
const image = { id: 'i', digest: 'd', pulled: true, bytes: 1, created: null, labels: {}, ports: [80] }
const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: 'd', port: 80 }
const known = { ...fresh, repository: '', tag: 'a', since: now - MINUTE, lastSeen: now - MINUTE, image }
const running: Preview = { ...known, state: 'running', generation, readyAt: now - 99 * MINUTE, pending: null }
const stopped: Preview = { ...known, state: 'stopped', generation: null, why: 'idle' }
const failed = (code: 'no-such-tag' | 'exited' | 'registry-down', retryAt: number | null = null): Preview => ({
  ...known,
  image: null,
  state: 'failed',
  reason: { code, detail: '' },
  retryAt,
})

const table: [what: string, preview: Preview, text: string | null, isSoon?: boolean][] = [
  ['one in use', running, 'Stops in 9 min'],
  ['to the nearest minute', { ...running, lastSeen: now - 3.4 * MINUTE }, 'Stops in 7 min'],
  ['in seconds only at the end', { ...running, lastSeen: now - 8.1 * MINUTE }, 'Stops in 1 min 54 s', true],
  ['one that is due', { ...running, lastSeen: now - 11 * MINUTE }, 'Stops now', true],
  ['one that sleeps', stopped, 'Image goes in 59 min'],
  ['nothing of it is left', { ...stopped, image: null }, 'Image gone'],
  ['a pin without an end', { ...running, pin: { until: null } }, 'Pinned'],
  ['a pin with one', { ...running, pin: { until: now + 180 * MINUTE } }, 'Pinned for 3 h'],
  ['a pin that is over', { ...running, pin: { until: now } }, 'Stops in 9 min'],
  ['what is to be removed', { ...running, pin: { until: null }, removeAt: now + 7_300 }, 'Goes in 8 s', true],
  ['a tag that does not exist', failed('no-such-tag'), 'Leaves now'],
  ['… as it was asked for', { ...failed('no-such-tag'), since: now - 19_000 }, 'Leaves in 41 s'],
  ['what is tried again', failed('registry-down', now + 29_500), 'Tried again in 30 s'],
  ['what is not', failed('exited'), null],
  ['one that changes', { ...known, state: 'pulling', progress: null }, null],
]

for (const [what, preview, text, isSoon = false] of table)
  test(`next: ${what}`, () => {
    const next = nextOf(preview, timeouts, now)
    assert.deepEqual([next?.text.replaceAll('\u00a0', ' ') ?? null, next?.isSoon ?? false], [text, isSoon])
  })

test('next: one that is stopped to make room for one that waits, where that comes before', () => {
  const textOf = (roomAt: number) => nextOf(running, timeouts, now, roomAt)?.text.replaceAll('\u00a0', ' ')
  assert.equal(textOf(now + 30_000), 'Stops for room in 30 s')
  assert.equal(textOf(now - 1), 'Stops for room now')
  assert.equal(textOf(now + 10 * MINUTE), 'Stops in 9 min')
})
