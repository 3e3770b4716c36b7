import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { distanceWithin, nearest } from './nearest.ts'

const all = () => true

test('what is close to a name, the closest first', () => {
  const offered = ['main', 'latest', 'pr-3009', 'pr-2999', 'pr-399', 'pr-3001', 'pr-40', 'v1.9.5', 'Release']
  for (const [what, wanted, expected] of [
    ['one digit is other', 'pr-3008', ['pr-3009', 'pr-3001']],
    ['a digit is too many', 'pr-3999', ['pr-2999', 'pr-399', 'pr-3009']],
    ['two letters are swapped', 'mian', ['main']],
    ['a letter is missing', 'latst', ['latest']],
    ['capitals do not count', 'release', ['Release']],
    ['a tag that is not there is close to none', 'feature-login', []],
    ['a name of two letters is close to anything, so to nothing', 'pr', []],
    ['five letters may have one slip, and not two', 'pr-50', ['pr-40']],
    ['nor two', 'pr-51', []],
    ['the name itself is none', 'main', []],
  ] as const)
    assert.deepEqual(nearest(wanted, offered, { most: 3, suits: all }), expected, what)
})

test('of equally close ones the first are taken, and only what suits', () => {
  const offered = ['pr-3002', 'pr-3003', 'pr-3004', 'pr-3005']
  assert.deepEqual(nearest('pr-3001', offered, { most: 2, suits: all }), ['pr-3002', 'pr-3003'])
  const asked: string[] = []
  const suits = (name: string) => (asked.push(name), name !== 'pr-3002')
  assert.deepEqual(nearest('pr-3001', offered, { most: 2, suits }), ['pr-3003', 'pr-3004'])
  assert.deepEqual(asked, ['pr-3002', 'pr-3003', 'pr-3004'])
})

test('a closer one that comes later takes the place of one further away', () => {
  assert.deepEqual(nearest('abcdef', ['abcxyf', 'abcxef'], { most: 1, suits: all }), ['abcxef'])
})

/** As written down in textbooks, without a limit. */
function plainDistance(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i && j ? 0 : i + j)),
  )
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      d[i]![j] = Math.min(d[i - 1]![j]! + 1, d[i]![j - 1]! + 1, d[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d[i]![j] = Math.min(d[i]![j]!, d[i - 2]![j - 2]! + 1)
    }
  return d[a.length]![b.length]!
}

test('a limit changes no distance that is within it', () => {
  const names = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), maxLength: 9 })
  fc.assert(
    fc.property(names, names, fc.integer({ min: 0, max: 3 }), (a, b, limit) => {
      const [found, plain] = [distanceWithin(limit, a, b), plainDistance(a, b)]
      assert.equal(Math.min(found, limit + 1), Math.min(plain, limit + 1))
    }),
    { numRuns: 2_000 },
  )
})
