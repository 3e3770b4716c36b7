import assert from 'node:assert/strict'
import test from 'node:test'
import { fresh, type Preview } from '../../shared/preview/preview.ts'
import { limitUnknownTags } from './unknown-tag-limit.ts'

function counting({ rows = 0 } = {}) {
  let now = 1_000_000
  const wanted: number[] = []
  const previews = Array.from({ length: rows }, (_, i): Preview => ({
    ...fresh,
    repository: '',
    tag: `row-${i}`,
    since: 0,
    lastSeen: 1,
    state: 'failed',
    reason: { code: 'registry-down', detail: '' },
    retryAt: null,
  }))
  const store = {
    isOffered: (tag: string) => tag === 'known',
    wantList: (_: string, at: number) => void wanted.push(at),
  }
  const guesses = limitUnknownTags({ store, previews: () => previews }, () => now)
  return {
    wanted,
    previews,
    pass: (ms: number) => (now += ms),
    /** How many of so many guesses at once may be looked for. */
    granted: (count: number) =>
      Array.from({ length: count }, (_, i) => guesses.mayLookFor(`x-${i}`)).filter(Boolean).length,
    mayLookFor: guesses.mayLookFor,
  }
}

test('some guesses are looked up at once, and two a second after that', () => {
  const { granted, pass } = counting()
  assert.equal(granted(100), 20)
  pass(400)
  assert.equal(granted(100), 0)
  pass(100)
  assert.equal(granted(100), 1)
  pass(3_000)
  assert.equal(granted(100), 6)
  pass(3_600_000)
  assert.equal(granted(100), 20)
})

test('a clock that is set back grants nothing, and takes nothing', () => {
  const { granted, pass } = counting()
  granted(20)
  pass(-3_600_000)
  assert.equal(granted(10), 0)
  pass(1_000)
  assert.equal(granted(10), 2)
})

test('what the registry’s list has is nobody’s guess', () => {
  const { granted, mayLookFor } = counting()
  granted(100)
  assert.equal(mayLookFor('known'), true)
})

test('who comes too late has the list read again, once a second', () => {
  const { granted, pass, wanted } = counting()
  granted(20)
  assert.deepEqual(wanted, [])
  granted(50)
  pass(999)
  granted(50)
  assert.equal(wanted.length, 1)
  pass(1)
  granted(50)
  assert.equal(wanted.length, 2)
})

test('only so many rows of tags that have come to nothing may be there', () => {
  const { granted, previews } = counting({ rows: 50 })
  assert.equal(granted(1), 0)
  previews.pop()
  assert.equal(granted(1), 1)
  previews[0] = { ...previews[0]!, generations: 1 }
  previews.push({ ...previews[0], tag: 'another' })
  assert.equal(granted(1), 1)
})

test('what the API asked for, and what is being pulled, is no visitor’s guess', () => {
  const { granted, previews } = counting({ rows: 50 })
  previews[0] = { ...previews[0]!, lastSeen: null }
  assert.equal(granted(1), 1)
  previews[0] = { ...previews[0], lastSeen: 1 }
  assert.equal(granted(1), 0)
  const row = { ...previews[0] }
  previews[0] = { ...row, state: 'pulling', progress: null }
  assert.equal(granted(1), 1)
})
