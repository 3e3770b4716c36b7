import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openTail } from './tail.ts'

test('what a client has not seen is told again, or how much of it is not kept', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 20 }),
      fc.nat(40),
      fc.nat(400),
      (parts, most, from) => {
        // prettier-ignore
        const tail = openTail(most)
        for (const [i, part] of parts.entries()) {
          tail.add(Buffer.from(part))
          // Asking changes nothing.
          if (i % 3 === 0) tail.since(0)
        }
        const all = Buffer.concat(parts)
        assert.equal(tail.said(), all.length)
        const { bytes, lost } = tail.since(from)
        const unseen = all.subarray(from)
        assert.deepEqual(bytes, unseen.subarray(Math.max(0, unseen.length - most)))
        assert.equal(lost, unseen.length - bytes.length)
      },
    ),
  )
})
