import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStack } from '../../shared/stack/read-stack.ts'
import { SIDE, withSide } from './with-side.ts'

test('the stacks of storm and chaos can be used: else their previews fail at once, and nothing is tried', () => {
  for (const hasHost of [true, false])
    for (const id of ['green', 'api/red']) {
      const read = readStack(String(withSide(id, 'localhost:5000/app:red', hasHost).labels!['lotan.stack']))
      assert.ok('stack' in read, JSON.stringify(read))
      const [side, ...others] = read.stack.services
      assert.deepEqual([side?.name, side?.host, others], [SIDE, hasHost ? { port: 80 } : null, []])
    }
})
