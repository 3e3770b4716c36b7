import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Preview } from '../shared/preview/preview.ts'
import { AT_ONCE } from '../shared/preview/generation.ts'
import { evict } from './evict.ts'

const now = 1_000_000_000
const marks = { high: 85, low: 75 }

/** A preview whose image takes a tenth of the disk. */
function preview(tag: string, state: Preview['state'], facts: object = {}): Preview {
  const image = { id: tag, pulled: true, bytes: 100 }
  return {
    repository: '',
    tag,
    since: 0,
    lastSeen: null,
    readyAt: 0,
    why: 'idle',
    stages: {},
    image,
    retiring: [],
    state,
    ...facts,
  } as unknown as Preview
}

const [a, b, c] = ['a', 'b', 'c'].map((tag, i) => preview(tag, 'stopped', { lastSeen: 1_000 + i }))
const going = preview('g', 'stopped', { why: 'disk' })
const idle = preview('i', 'running', { lastSeen: now - 90_000 })
const busy = preview('u', 'running', { lastSeen: now - 5_000 })

test('above the high mark the longest unused go until it is below the low one, and no more', () => {
  const cases: [what: string, used: number, wasEvicting: boolean, previews: Preview[], chosen: string[], outcome?: 'evicts' | 'stuck'][] =
    [
      ['below the high mark nothing is done', 84, false, [a!, b!, c!], []],
      ['at the high mark', 85, false, [c!, b!, a!], ['a', 'b'], 'evicts'],
      ['well above it', 99, false, [a!, b!, c!, busy], ['a', 'b', 'c'], 'evicts'],
      ['between the marks it goes on where it has begun', 80, true, [b!, c!], ['b'], 'evicts'],
      ['at the low mark still', 75, true, [a!, b!], ['a'], 'evicts'],
      ['below the low mark it is over', 74, true, [a!, b!], []],
      ['those being evicted are waited for', 80, true, [a!, going], [], 'evicts'],
      ['those being evicted may not be enough', 90, true, [a!, b!, going], ['a'], 'evicts'],
      ['then running ones that are idle', 90, false, [a!, idle, busy], ['a', 'i'], 'evicts'],
      ['but not where that would not help', 99, false, [a!, idle], ['a'], 'evicts'],
      ['nor go on for ever', 99, true, [idle], [], 'stuck'],
      ['what they wrote goes with them', 94, false, [b!, preview('wrote', 'stopped')], ['wrote'], 'evicts'],
      ['the one that fills it is being killed: no other has to go', 99, true, [a!, preview('f', 'failed', { retiring: [{ since: AT_ONCE }] })], [], 'evicts'],
      ['no preview is left that could go', 90, false, [busy, preview('x', 'stopped', { image: null })], [], 'stuck'],
      ['one that is being stopped goes soon', 90, true, [busy, preview('s', 'stopping', { phase: 'ending' })], [], 'evicts'],
    ] // prettier-ignore
  for (const [what, used, wasEvicting, previews, chosen, outcome] of cases) {
    const disk = { total: 1_000, free: 1_000 - used * 10, root: '/' }
    const found = evict({ previews, written: { wrote: 200 }, disk, marks, wasEvicting }, now)
    assert.deepEqual(
      { ...found, chosen: found.chosen.map(({ tag }) => tag) },
      { isEvicting: outcome !== undefined, chosen, isStuck: outcome === 'stuck' },
      what,
    )
  }
})
