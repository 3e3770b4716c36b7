import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fresh, type Preview } from '../../../shared/preview/preview.ts'
import { inOrder, sortOf, sortText, type Sortable } from './order.ts'

const now = 1_763_700_000_000

function row(tag: string, state: Preview['state'], lastSeen: number | null, more: Partial<Sortable> = {}): Sortable {
  const preview = { ...fresh, repository: '', tag, state, since: now, lastSeen } as Preview
  return { preview, change: '', memory: null, nextAt: null, ...more }
}

const rows = [
  row('pr-10', 'running', now - 2, { memory: 5, nextAt: 30, change: 'b' }),
  row('pr-9', 'stopped', now - 9, { nextAt: 10, change: 'a' }),
  row('pr-2', 'running', now - 1, { memory: 7, nextAt: 20 }),
  row('a', 'paused', now - 4),
  row('b', 'failed', null),
  row('c', 'pulling', now),
]
const tags = (given: unknown) => inOrder(rows, sortOf(given)).map(({ preview }) => preview.tag)

test('the list begins with what failed and what changes; what runs follows by last visit, what sleeps is last', () => {
  assert.deepEqual(tags(undefined), ['b', 'c', 'pr-2', 'pr-10', 'a', 'pr-9'])
  for (const nonsense of ['', 'state,tag', '--tag', 'size', ['tag'], null])
    assert.deepEqual(tags(nonsense), tags(undefined))
})

test('each column sorts in both directions, and what it knows nothing of is last in both', () => {
  const expected: [given: string, tags: string[]][] = [
    ['tag', ['a', 'b', 'c', 'pr-2', 'pr-9', 'pr-10']],
    ['-tag', ['pr-10', 'pr-9', 'pr-2', 'c', 'b', 'a']],
    ['-state', ['pr-9', 'a', 'pr-10', 'pr-2', 'c', 'b']],
    ['change', ['pr-9', 'pr-10', 'a', 'b', 'c', 'pr-2']],
    ['-change', ['pr-10', 'pr-9', 'a', 'b', 'c', 'pr-2']],
    ['visit', ['c', 'pr-2', 'pr-10', 'a', 'pr-9', 'b']],
    ['-visit', ['pr-9', 'a', 'pr-10', 'pr-2', 'c', 'b']],
    ['memory', ['pr-2', 'pr-10', 'a', 'b', 'c', 'pr-9']],
    ['-memory', ['pr-10', 'pr-2', 'a', 'b', 'c', 'pr-9']],
    ['next', ['pr-9', 'pr-2', 'pr-10', 'a', 'b', 'c']],
    ['-next', ['pr-10', 'pr-2', 'pr-9', 'a', 'b', 'c']],
  ]
  for (const [given, wanted] of expected) {
    assert.deepEqual(tags(given), wanted, given)
    assert.equal(sortText(sortOf(given)!), given)
  }
})

test('an order is the same whatever the rows came in', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(rows, { minLength: rows.length }),
      fc.constantFrom('tag', '-memory', ''),
      (given, by) => {
        assert.deepEqual(inOrder(given, sortOf(by)), inOrder(rows, sortOf(by)))
      },
    ),
  )
})
