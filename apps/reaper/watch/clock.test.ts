import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openClockWatch } from './clock.ts'

test('a step of the clock, in any direction, is forgotten after 10 s', () => {
  for (const step of [3_600_000, -3_600_000]) {
    const clocks = { wall: 1_000_000_000, steady: 5_000 }
    const pass = (ms: number) => ((clocks.wall += ms), (clocks.steady += ms))
    const wasStepped = openClockWatch({ wall: () => clocks.wall, steady: () => clocks.steady })
    assert.equal(wasStepped(), false)
    clocks.wall += step
    assert.equal(wasStepped(), true, `by ${step} ms`)
    pass(9_999)
    assert.equal(wasStepped(), true)
    pass(1)
    assert.equal(wasStepped(), false)
  }
})
