import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptLabels } from './images.ts'

test('a stack is kept whole, one that is too long is known to be so, and other labels stay short', () => {
  const of = (length: number) => keptLabels({ 'lotan.stack': 'x'.repeat(length), 'lotan.port': '8'.repeat(9_000) })
  assert.equal(of(16_384)['lotan.stack']!.length, 16_384)
  assert.equal(of(70_000)['lotan.stack']!.length, 16_385)
  assert.equal(of(1)['lotan.port']!.length, 2_000)
})

test('other labels do not push it out, however many there are', () => {
  const many = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`lotan.a${i}`, '']))
  const kept = keptLabels({ ...many, 'lotan.stack': 'services: {}', 'other.label': '' })
  assert.equal(kept['lotan.stack'], 'services: {}')
  assert.equal(Object.keys(kept).length, 50)
})
