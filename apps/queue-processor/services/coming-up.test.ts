import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStack } from '../../shared/stack/read-stack.ts'
import { afterFailure, awaited, levelOf, noFailure, pauseAfter, restAfter } from './coming-up.ts'

const read = readStack(`services:
  app: { depends_on: { db: { condition: service_healthy } } }
  db: { image: postgres:16 }
  seed: { image: postgres:16, depends_on: { db: { condition: service_started } } }
  worker: { image: redis:7, depends_on: { seed: { condition: service_completed_successfully }, mail: { condition: service_started } } }
  mail: { image: redis:7 }
`)
assert.ok('stack' in read, JSON.stringify(read))
const { stack } = read

test('what others wait for of a service', () => {
  const all = ['db', 'seed', 'worker', 'mail'].map((name) => awaited(stack, name))
  assert.deepEqual(all, ['service_healthy', 'service_completed_successfully', null, null])
})

test('a service has a higher level than all that it needs', () => {
  assert.deepEqual(['db', 'seed', 'worker', 'mail'].map((name) => levelOf(stack, name)), [0, 1, 2, 0]) // prettier-ignore
})

const check = { test: ['CMD', 'true'], interval: 1_000, timeout: 1_000, startPeriod: 3_000, retries: 3 }

test('failed checks count an interval apart, and after the start period', () => {
  const table: [at: number, count: number][] = [
    [100, 0],
    [2_900, 0],
    [3_000, 1],
    [3_100, 1],
    [3_999, 1],
    [4_000, 2],
    [5_200, 3],
  ]
  let failures = noFailure
  for (const [at, count] of table) {
    failures = afterFailure(failures, check, at)
    assert.equal(failures.count, count, `at ${at}`)
  }
})

test('without a start period the first failure counts after one interval, as the engine has it', () => {
  const eager = { ...check, startPeriod: 0 }
  assert.equal(afterFailure(noFailure, eager, 999).count, 0)
  assert.equal(afterFailure(noFailure, eager, 1_000).count, 1)
})

test('a check is run again soon, then each second, and never less often than it says', () => {
  const pauses = (interval: number) => [1, 2, 3, 6, 50].map((tries) => pauseAfter(tries, { interval }))
  assert.deepEqual(pauses(30_000), [50, 100, 200, 1_000, 1_000])
  assert.deepEqual(pauses(150), [50, 100, 150, 150, 150])
})

test('a service that ends again and again rests longer each time, up to a minute', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 1_000].map(restAfter), [500, 2_000, 8_000, 32_000, 60_000, 60_000])
})
