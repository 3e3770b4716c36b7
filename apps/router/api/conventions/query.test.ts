import assert from 'node:assert/strict'
import { parse } from 'node:querystring'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { numberText, readQuery } from './query.ts'

const query = z.object({
  most: numberText(/^\d+$/, z.int().max(10), 'most is a number, 0 to 10.').default(5),
  of: z.enum(['a', 'b']).optional(),
})

test('what a query is taken for', () => {
  const cases: [sent: string, taken: object | string][] = [
    ['', { most: 5 }],
    ['most=0', { most: 0 }],
    ['of=b&most=10', { most: 10, of: 'b' }],
    ['most=11', 'most: Too big: expected number to be <=10'],
    ['most=', 'most is a number, 0 to 10.'],
    ['of=c', 'of: Invalid option: expected one of "a"|"b"'],
    ['most=1&most=1', 'most is given more than once.'],
    ['most[]=1', 'most[] is no parameter of this call. It takes most, of.'],
    ['Most=1', 'Most is no parameter of this call. It takes most, of.'],
    ['__proto__=1', '__proto__ is no parameter of this call. It takes most, of.'],
    ['toString=1', 'toString is no parameter of this call. It takes most, of.'],
    ['=1', 'A parameter without a name is no parameter of this call. It takes most, of.'],
  ]
  for (const [sent, taken] of cases) assert.deepEqual(readQuery(query, parse(sent)), taken, sent)
  assert.deepEqual(readQuery(undefined, parse('')), {})
  assert.equal(readQuery(undefined, parse('most=1')), 'most is no parameter of this call. It takes none.')
})

test('every query is taken whole, or refused with a sentence that names a parameter of it', () => {
  const name = fc.oneof(fc.constantFrom('most', 'of', '__proto__', 'hasOwnProperty'), fc.string({ minLength: 1 }))
  const value = fc.oneof(fc.constantFrom('3', 'a', '-1'), fc.string())
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 3 }), (pairs) => {
      const sent = parse(new URLSearchParams(pairs).toString())
      const taken = readQuery(query, sent)
      if (typeof taken === 'string') {
        assert.ok(
          Object.keys(sent).some((key) => taken.includes(key.slice(0, 60))),
          taken,
        )
        assert.ok(taken.length < 200)
      } else for (const key of Object.keys(sent)) assert.ok(Object.hasOwn(taken, key), key)
    }),
  )
})
