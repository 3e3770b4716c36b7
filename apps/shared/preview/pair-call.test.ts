import assert from 'node:assert/strict'
import { test } from 'node:test'
import { next } from './state-machine/transitions.ts'
import { pairCallOf } from './pair-call.ts'
import { usedAt, visitedAt } from './timeouts.ts'
import type { Event } from './event.ts'
import type { Image, Preview } from './preview.ts'

const T = 1_700_000_000_000
const MINUTE = 60_000
const timeouts = { stopAfter: 10 * MINUTE }

const image = (labels: Record<string, string> = {}): Image => ({
  id: 'sha256:1', digest: null, pulled: true, bytes: 1, created: null, labels, ports: [80],
}) // prettier-ignore

function after(preview: Preview | undefined, id: string, now: number, ...events: Event[]): Preview {
  return events.reduce((it, event) => next(it, id, event, now) ?? it, preview)!
}

/** @param start at T */
function up(id: string, start: Event, labels: Record<string, string> = {}): Preview {
  return after(
    undefined, id, T, start, { type: 'found', image: image(labels) }, { type: 'begin', places: 9, port: 80, slot: 1 },
    { type: 'created', generation: 1, container: 'c' }, { type: 'answered', generation: 1, notices: [] },
  ) // prettier-ignore
}

const visit: Event = { type: 'start', by: 'visit' }

test('a call is as old as the last visit of the caller, and wakes while that keeps both awake', () => {
  const web = { ...up('pr-7', visit), lastSeen: T + MINUTE }
  assert.deepEqual(pairCallOf(web, undefined, timeouts), {
    visited: T + MINUTE,
    wakesUntil: T + 11 * MINUTE,
    staysUntil: T + 11 * MINUTE,
  })
  const brief = up('api/pr-7', visit, { 'lotan.inactivity-stop-minutes': '2' })
  assert.equal(pairCallOf(web, brief, timeouts).wakesUntil, T + 3 * MINUTE, 'the other one would be asleep by then')
  assert.equal(pairCallOf({ ...brief, lastSeen: T }, web, timeouts).wakesUntil, T + 2 * MINUTE)
})

test('a start by an admin or the API counts as a visit, one by a call does not', () => {
  assert.equal(visitedAt(up('pr-7', { type: 'start', by: 'api' })), T)
  const called = up('api/pr-7', { ...visit, visited: T - 5 * MINUTE })
  assert.deepEqual([called.state, called.lastSeen, visitedAt(called)], ['running', T - 5 * MINUTE, T - 5 * MINUTE])
  assert.equal(usedAt(called), T, 'it stays up for its own time all the same')
  const crashed = after(called, 'api/pr-7', T, {
    type: 'exited', generation: 1, gone: false, reason: { code: 'exited', detail: '' },
  }) // prettier-ignore
  const again = after(crashed, 'api/pr-7', T + MINUTE, { type: 'start', by: 'retry' })
  assert.equal(visitedAt(again), T - 5 * MINUTE)
  const visited = after({ ...called, lastSeen: T + MINUTE }, 'api/pr-7', T)
  assert.equal(visitedAt(visited), T + MINUTE)
})

test('a call never makes the last visit older than it is', () => {
  const stopped = after({ ...up('api/pr-7', visit), lastSeen: T + MINUTE }, 'api/pr-7', T + 20 * MINUTE,
    { type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' }) // prettier-ignore
  const called = after(stopped, 'api/pr-7', T + 21 * MINUTE, { ...visit, visited: T })
  assert.deepEqual([called.state, called.lastSeen], ['queued', T + MINUTE])
})

test('a call turns back one that is not quite down, as old as it is, and waits for one that is going down', () => {
  const draining = after(up('api/pr-7', visit), 'api/pr-7', T + MINUTE, { type: 'stop', why: 'idle' })
  const back = after(draining, 'api/pr-7', T + 2 * MINUTE, { ...visit, visited: T + MINUTE })
  assert.deepEqual([back.state, usedAt(back)], ['running', T])
  assert.equal(usedAt(after(draining, 'api/pr-7', T + 2 * MINUTE, visit)), T + 2 * MINUTE)
  const ending = after(draining, 'api/pr-7', T + MINUTE, { type: 'ending' })
  assert.equal(next(ending, 'api/pr-7', { ...visit, visited: T }, T + 2 * MINUTE), undefined)
  assert.ok(next(ending, 'api/pr-7', visit, T + 2 * MINUTE))
})

test('two that call each other all the time are asleep within their idle time after the last visit of either', () => {
  let [a, b] = [up('pr-7', visit), up('api/pr-7', visit)]
  for (let now = T; now < T + 30 * MINUTE; now += 10_000) {
    const [toB, toA] = [pairCallOf(a, b, timeouts), pairCallOf(b, a, timeouts)]
    ;[a, b] = [
      { ...a, lastSeen: Math.max(a.lastSeen!, toA.visited) },
      { ...b, lastSeen: Math.max(b.lastSeen!, toB.visited) },
    ]
    assert.deepEqual([usedAt(a), usedAt(b)], [T, T])
    assert.equal(toA.wakesUntil > now, now < T + 10 * MINUTE)
  }
})
