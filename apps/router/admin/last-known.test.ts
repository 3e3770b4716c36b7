import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastKnown } from './last-known.ts'

const never = new Promise<never>(() => {})

test('the last reading is told where the next one takes long or fails, until it is too old', async () => {
  const failures: string[] = []
  let next: Promise<number> = Promise.resolve(1)
  const read = lastKnown(() => next, { patience: 5, kept: 200, failed: ({ message }) => failures.push(message) })
  assert.equal(await read(), 1)
  next = Promise.resolve(2)
  assert.equal(await read(), 2, 'a newer one that is there at once')
  next = never
  assert.equal(await read(), 2)
  next = Promise.reject(new Error('away'))
  assert.equal(await read(), 2)
  assert.deepEqual(failures, ['away'])
  await new Promise((resolve) => setTimeout(resolve, 250))
  assert.equal(await read(), null, 'too old')
})

test('a first reading is waited for', async () => {
  const late = new Promise<number>((resolve) => setTimeout(resolve, 50, 3))
  assert.equal(await lastKnown(() => late, { patience: 1, kept: 200, failed: () => {} })(), 3)
  const failing = lastKnown(() => Promise.reject(new Error('away')), { patience: 1, kept: 200, failed: () => {} })
  assert.equal(await failing(), null)
})
