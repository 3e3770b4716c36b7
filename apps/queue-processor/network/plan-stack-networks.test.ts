import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dueOf, LEFT_MS, leftOf, type Facts } from './plan-stack-networks.ts'

const row = (number: number, preview: string | null) => ({ number, preview })
const found = (number: number, preview: string | undefined) => ({
  name: `n${number}`,
  number,
  preview,
  subnet: undefined,
})

test('a network is left where its preview has no container, or is not its preview’s', () => {
  const cases: [facts: Omit<Facts, 'inUse'>, inUse: string[], left: [number, string | undefined][]][] = [
    [{ rows: [row(1, 'red')], found: [found(1, 'red')] }, ['red'], []],
    [{ rows: [row(1, 'red')], found: [found(1, 'red')] }, [], [[1, 'red']]],
    // Its number too, where the network itself is gone.
    [{ rows: [row(1, 'red')], found: [] }, [], [[1, 'red']]],
    [{ rows: [row(1, 'red')], found: [] }, ['red'], []],
    [{ rows: [row(1, null)], found: [] }, [], []],
    [{ rows: [row(1, null)], found: [found(1, 'red')] }, ['red'], [[1, undefined]]],
    [{ rows: [row(2, 'red')], found: [found(1, 'red'), found(2, 'red')] }, ['red'], [[1, undefined]]],
    [{ rows: [], found: [found(3, undefined)] }, [], [[3, undefined]]],
  ]
  for (const [facts, inUse, left] of cases)
    assert.deepEqual([...leftOf({ ...facts, inUse: new Set(inUse) })], left, JSON.stringify(facts))
})

test('it goes once it has been left for a minute without a break', () => {
  const since = new Map<number, number>()
  const left = (...numbers: number[]) => new Map(numbers.map((number) => [number, undefined]))
  assert.deepEqual(dueOf(left(1, 2), since, 0), [])
  assert.deepEqual(dueOf(left(1), since, LEFT_MS - 1), [])
  assert.deepEqual(dueOf(left(1, 2), since, LEFT_MS), [1], '2 was in use in between')
  assert.deepEqual(dueOf(left(2), since, 2 * LEFT_MS), [2])
})
