import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { imageLabels } from '../../testing/arbitraries/images.ts'
import { fresh, type Preview } from './preview.ts'
import { duesOf, longestIdle } from './timeouts.ts'

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
