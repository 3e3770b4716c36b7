import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeCodes } from './codes.ts'

const entry = { preview: 'red', session: 'anna', to: '/a?b=1' }
let now = 1_000_000
const codesAt = () => makeCodes(() => now)

test('a code opens the preview that it was made for, once', () => {
  const codes = codesAt()
  const code = codes.make(entry)!
  const { session, to } = codes.take(code, 'red')!
  assert.deepEqual([session, to], ['anna', '/a?b=1'])
  assert.equal(codes.take(code, 'red'), undefined)
  assert.equal(codes.take('x', 'red'), undefined)
  assert.equal(codes.take('', 'red'), undefined)
})

test('at another preview it is used up', () => {
  const codes = codesAt()
  const code = codes.make(entry)!
  assert.equal(codes.take(code, 'blue'), undefined)
  assert.equal(codes.take(code, 'red'), undefined)
})

test('it is over after 30 s', () => {
  const codes = codesAt()
  const [early, late] = [codes.make(entry)!, codes.make(entry)!]
  now += 29_999
  assert.ok(codes.take(early, 'red'))
  now += 1
  assert.equal(codes.take(late, 'red'), undefined)
})

test('a browser that comes back for one again and again is led in a circle: it gets no eleventh', () => {
  const codes = codesAt()
  for (let i = 0; i < 10; i++) assert.ok(codes.take(codes.make(entry)!, 'red'))
  assert.equal(codes.make(entry), undefined)
  assert.ok(codes.make({ ...entry, preview: 'blue' }))
  assert.ok(codes.make({ ...entry, session: 'ben' }))
  now += 30_000
  assert.ok(codes.make(entry))
})

test('of more than ten thousand the oldest are over', () => {
  const codes = codesAt()
  const first = codes.make(entry)!
  const others = Array.from({ length: 10_000 }, (_, i) => codes.make({ ...entry, session: String(i) })!)
  assert.equal(codes.take(first, 'red'), undefined)
  assert.ok(codes.take(others.at(-1)!, 'red'))
})
