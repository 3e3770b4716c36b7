import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { imageLabels } from '../../testing/arbitraries/images.ts'
import { fresh, type Preview } from './preview.ts'
import { duesOf, longestIdle, nextDue } from './timeouts.ts'

const MINUTE = 60_000
const timeouts = { pauseAfter: 5 * MINUTE, stopAfter: 10 * MINUTE, rmiAfter: 60 * MINUTE, prepulls: () => false }

test('no label keeps a preview up for ever, and each due has its time', () => {
  fc.assert(
    fc.property(imageLabels, fc.nat(1e12), (labels, lastSeen) => {
      const image = { id: 'i', digest: null, pulled: true, bytes: 1, created: null, labels, ports: [80] }
      const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
      const up = { ...fresh, repository: '', tag: 'red', since: lastSeen, lastSeen, image, pending: null }
      const preview = { ...up, state: 'running', readyAt: lastSeen, generation } as unknown as Preview
      const dues = duesOf(preview, timeouts)
      for (const { at } of dues) assert.ok(Number.isFinite(at) && at >= lastSeen, `${at}`)
      const stop = dues.find(({ what, why }) => what === 'stop' && why === 'idle')
      assert.ok(stop && stop.at <= lastSeen + longestIdle(timeouts.stopAfter))
    }),
    { numRuns: 300 },
  )
})

test('what would be due while a preview is pinned is due as that ends, and a stop comes before a pause', () => {
  const labels = { 'lotan.max-lifetime-minutes': '30' }
  const image = { id: 'i', digest: null, pulled: true, bytes: 1, created: null, labels, ports: [80] }
  const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
  const common = { ...fresh, repository: '', tag: 'red', since: 0, lastSeen: 0, image, generation }
  const up: Preview = { ...common, state: 'running', readyAt: 0, pending: null }
  const asleep: Preview = { ...common, state: 'stopped', why: 'disk' }
  const cases: [preview: Preview, until: number | null, dues: [what: string, why: string, minutes: number][]][] = [
    [up, -1, [['pause', 'idle', 5], ['stop', 'idle', 10], ['stop', 'lifetime', 30]]],
    [up, 7, [['pause', 'idle', 7], ['stop', 'idle', 10], ['stop', 'lifetime', 30]]],
    [up, 20, [['stop', 'idle', 20], ['stop', 'lifetime', 30]]],
    [up, 90, [['stop', 'idle', 90], ['stop', 'lifetime', 90]]],
    [up, null, []],
    [asleep, 90, [['clean', 'disk', 90]]],
    [asleep, null, []],
  ] // prettier-ignore
  for (const [preview, minutes, expected] of cases) {
    const until = minutes === null ? null : minutes * MINUTE
    const dues = duesOf({ ...preview, pin: { until } }, timeouts)
    assert.deepEqual(dues.map(({ what, why, at }) => [what, why, at / MINUTE]), expected, `${preview.state}, ${minutes}`) // prettier-ignore
  }
  assert.equal(nextDue({ ...up, pin: { until: 20 * MINUTE } }, timeouts, 6 * MINUTE)?.what, 'stop')
})
