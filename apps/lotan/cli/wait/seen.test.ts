import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { View } from '../api.ts'
import { nothing, see, type Seen } from './seen.ts'

const view: View = {
  tag: 'red',
  url: 'http://red.example.com',
  state: 'queued',
  reason: null,
  image: null,
  progress: null,
  position: 1,
  timing: { start: null },
}
const pulled = (percent: number) => ({ bytes: percent, total: 100, layers: 1, layersDone: 0, percent })

/** What is seen after some changes; a null is the row going. */
function after(...changes: (Partial<View> | null)[]): Seen {
  return changes.reduce<Seen>(
    (seen, change) =>
      change
        ? see(seen, { event: 'preview', data: { ...view, position: null, ...change } })
        : see(seen, { event: 'removed', data: { repository: '', tag: 'red' } }),
    nothing,
  )
}

test('states become stages, and those in which waiting ends change nothing', () => {
  const table: [Partial<View>, Seen['stage']][] = [
    [{ state: 'queued' }, 'queued'],
    [{ state: 'pulling' }, 'pulling'],
    [{ state: 'starting' }, 'starting'],
    [{ state: 'starting', timing: { start: 300 } }, 'waiting'],
    [{ state: 'paused' }, 'waking'],
    [{ state: 'stopping' }, 'stopping'],
    [{ state: 'removing' }, 'stopping'],
    [{ state: 'running' }, 'asking'],
    [{ state: 'failed', reason: 'exited' }, 'asking'],
    [{ state: 'stopped' }, 'asking'],
  ]
  for (const [change, stage] of table) assert.equal(after(change).stage, stage, change.state)
  assert.equal(after({ state: 'pulling' }, { state: 'running' }).stage, 'pulling')
})

test('the percent never goes back, not even when a pull begins anew', () => {
  const pulling = (percent: number) => ({ state: 'pulling' as const, progress: pulled(percent) })
  assert.equal(after(pulling(41.9)).percent, 41)
  assert.equal(after(pulling(41.9), { state: 'queued' }, pulling(3)).percent, 41)
  assert.equal(after({ state: 'pulling', progress: { ...pulled(0), total: 0 } }).percent, null)
})

test('a tag that the registry does not have stays missing until something of it comes', () => {
  assert.equal(after(null).missing, 'tag')
  assert.equal(after({ state: 'queued' }, null, { state: 'queued' }, { state: 'pulling' }).stage, 'missing')
  assert.equal(after(null, { state: 'pulling', progress: pulled(1) }).stage, 'pulling')
  assert.equal(after(null, { state: 'starting', image: 'sha256:1' }).missing, null)
  assert.equal(after({ state: 'failed', reason: 'no-repository' }, { state: 'queued' }).missing, 'repository')
  assert.equal(after({ state: 'failed', reason: 'no-such-tag' }, { state: 'queued' }).missing, 'tag')
  assert.equal(after({ state: 'removing' }, null).missing, null, 'somebody removed it')
})

test('what usually passes is taken from the API where it says so', () => {
  assert.equal(after({}).usual, null)
  assert.equal(after({ usual: null }).usual, null)
  assert.equal(after({ usual: 11_600 }, { usual: null }).usual, 11_600)
})
