import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh, type In, type Preview } from '../../../shared/preview/preview.ts'
import { headActionsOf, standingOf } from './head.ts'
import { FREE_ACTIONS, type ActionFacts } from '../list/row-actions.ts'

const now = Date.UTC(2031, 0, 1, 12)
const MINUTE = 60_000
const timeouts = { pauseAfter: null, stopAfter: 10 * MINUTE, rmiAfter: 60 * MINUTE, prepulls: () => false }
const image = { id: 'i', digest: 'd', pulled: true, bytes: 1, created: null, labels: {}, ports: [80] }
const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: 'd', port: 80 }
const known = { ...fresh, repository: '', tag: 'red', since: now - 82 * MINUTE, lastSeen: now - MINUTE, image }
const running: In<'running'> = { ...known, state: 'running', generation, readyAt: now - 82 * MINUTE, pending: null }
const paused: Preview = { ...known, state: 'paused', phase: 'frozen', generation, readyAt: now }
const stopped: Preview = { ...known, state: 'stopped', generation: null, why: 'idle' }
const failed: Preview = { ...known, state: 'failed', reason: { code: 'no-answer', detail: '' }, retryAt: now + MINUTE }

function said(preview: Preview): string {
  const { text, next, rest, pinned } = standingOf({ preview, timeouts, ahead: 0, recentDurations: { pullRate: [], start: [] }, now })
  const until = pinned === null ? '' : pinned === 'forever' ? 'pinned' : 'pinned until'
  return [text, next && `${next.what} ${next.left} ${next.unless}`, rest, until].filter(Boolean).join(', ').replaceAll('\u00a0', ' ')
} // prettier-ignore

test('the head says how it stands and what comes next', () => {
  const labels = { 'lotan.max-lifetime-minutes': '83' }
  const cases: [preview: Preview, words: string][] = [
    [running, 'for 1 h 22 min, stops in 9 min if nobody comes'],
    [{ ...running, pin: { until: null } }, 'for 1 h 22 min, pinned'],
    [{ ...running, pin: { until: now + 1 } }, 'for 1 h 22 min, pinned until'],
    [{ ...running, image: { ...image, labels } }, 'for 1 h 22 min, stops in 1 min even if it is in use: its lifetime is over then'],
    [{ ...running, removeAt: now + 8_000 }, 'for 1 h 22 min, goes in 8 s with its image, unless it is kept'],
    [stopped, 'for 1 h 22 min, its image goes in 59 min if nobody comes'],
    [{ ...stopped, image: null }, 'for 1 h 22 min, its image is removed: a visit pulls it again'],
    [failed, '1 h 22 min ago, tries again by itself in 1 min, its image goes in 59 min if nobody comes'],
    [{ ...failed, retryAt: null }, '1 h 22 min ago, the next visit tries again, its image goes in 59 min if nobody comes'],
  ] // prettier-ignore
  for (const [preview, words] of cases) assert.equal(said(preview), words)
})

test('what wakes it is a button of its own, and the removal comes last in the menu', () => {
  const cases: [preview: Preview, first: string | undefined, menu: string[]][] = [
    [running, undefined, ['stop', 'restart', 'refresh', 'remove']],
    [{ ...running, pin: { until: null } }, undefined, ['stop', 'restart', 'refresh', 'unpin', 'remove']],
    [{ ...running, removeAt: now + 1 }, 'Keep', ['stop', 'restart', 'refresh']],
    [paused, 'Wake', ['stop', 'restart', 'refresh', 'remove']],
    [stopped, 'Start', ['refresh', 'remove']],
    [failed, 'Try again', ['refresh', 'remove']],
  ]
  for (const [preview, name, tos] of cases) {
    const { first, menu } = headActionsOf(preview, now, FREE_ACTIONS)
    assert.deepEqual([first?.name, menu.map(({ to }) => to)], [name, tos])
  }
  const barred = (is: ActionFacts['is'], preview: Preview = stopped) => {
    const { first, menu } = headActionsOf(preview, now, { is, isApproved: false })
    return [first?.name, ...menu.map(({ to }) => to)]
  }
  assert.deepEqual(barred('asks'), ['Approve', 'remove'])
  assert.deepEqual(barred('asks', running), ['Approve', 'remove'])
  assert.deepEqual(barred('closed'), ['Pin', 'remove'])
  assert.deepEqual(barred('refused'), ['Remove, with its image'])
  assert.deepEqual(barred('asks', { ...stopped, removeAt: now + 1 }), ['Keep'])
  const approved = headActionsOf(stopped, now, { is: 'free', isApproved: true })
  assert.deepEqual(
    approved.menu.map(({ to }) => to),
    ['refresh', 'disapprove', 'remove'],
  )
})
