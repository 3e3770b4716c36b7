import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStepWatch } from './clock.ts'

test('a step is told once, by its size and its direction', () => {
  for (const step of [3_600_000, 1_500, -1_500, -3_600_000]) {
    const clocks = { wall: 1_000_000_000, steady: 5_000 }
    const stepped = openStepWatch({ wall: () => clocks.wall, steady: () => clocks.steady })
    assert.equal(stepped(), 0)
    clocks.wall += step + 700
    clocks.steady += 700
    assert.equal(stepped(), step)
    assert.equal(stepped(), 0)
  }
})

test('time that passes is no step, however long it is looked away, and nor is a clock that runs a little fast', () => {
  const clocks = { wall: 1_000_000_000, steady: 5_000 }
  const stepped = openStepWatch({ wall: () => clocks.wall, steady: () => clocks.steady })
  clocks.wall += 3_600_000
  clocks.steady += 3_600_000
  assert.equal(stepped(), 0)
  for (let second = 0; second < 10_000; second++) {
    clocks.wall += 1_001
    clocks.steady += 1_000
    assert.equal(stepped(), 0)
  }
})
