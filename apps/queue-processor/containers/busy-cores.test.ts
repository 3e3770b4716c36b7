import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { mangledText } from '../../testing/arbitraries/texts.ts'
import { busyTicks } from './busy-cores.ts'

test('a processor that idles or waits for a disk is not busy', () => {
  assert.equal(busyTicks('cpu  100 20 30 9000 500 6 4 77 0 0\ncpu0 50 10 15 4500 250 3 2 0 0 0\nintr 5\n'), 160)
  assert.equal(busyTicks(''), undefined)
})

test('whatever /proc/stat says, there is a number of ticks, or none', () => {
  fc.assert(
    fc.property(mangledText('cpu  100 20 30 9000 500 6 4 77 0 0\ncpu0 50 10 15 4500'), (text) => {
      const ticks = busyTicks(text)
      assert.ok(ticks === undefined || (Number.isFinite(ticks) && ticks >= 0), `${ticks}`)
    }),
    { numRuns: 300, examples: [['cpu  a b c'], ['cpu 1e950 10 15 4500']] },
  )
})
