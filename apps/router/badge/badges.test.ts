import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KnownChange } from '../../shared/forge/change.ts'
import type { Standing } from '../../shared/forge/standing.ts'
import { fresh, type Preview } from '../../shared/preview/preview.ts'
import { badgeOf, type BadgeName } from './badges.ts'

const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
const known = { ...fresh, repository: '', tag: 'pr-1', since: 0 }
const change = { number: 1, state: 'open' } as KnownChange
const free: Standing = { is: 'free', change: null, isTrusted: true }
const ofChange: Standing = { is: 'free', change, isTrusted: true }
const running: Preview = { ...known, state: 'running', generation, readyAt: 0, pending: null }
const paused = (phase: 'frozen' | 'waking'): Preview => ({ ...known, state: 'paused', phase, generation, readyAt: 0 })
const ending = (state: 'stopping' | 'removing', phase: 'ending' | 'endingToRestart') =>
  ({ ...known, state, phase, generation: null, ...(state === 'stopping' && { why: 'asked' }) }) as Preview
const stopped: Preview = { ...known, state: 'stopped', generation: null, why: 'idle' }
const failed: Preview = { ...known, state: 'failed', reason: { code: 'exited', detail: '' }, retryAt: null }

test('what the badge of a preview says', () => {
  const table: [preview: Preview | undefined, standing: Standing, hasImage: boolean, says: BadgeName][] = [
    [running, free, true, 'running'],
    [paused('frozen'), free, true, 'asleep'],
    [paused('waking'), free, true, 'starting'],
    [{ ...known, state: 'pulling', progress: null }, free, true, 'pulling'],
    [{ ...known, state: 'starting', generation: null }, free, true, 'starting'],
    [ending('stopping', 'ending'), free, true, 'asleep'],
    [ending('stopping', 'endingToRestart'), free, true, 'starting'],
    [stopped, free, false, 'asleep'],
    [failed, free, true, 'failed'],
    [ending('removing', 'ending'), free, true, 'asleep'],
    [ending('removing', 'ending'), free, false, 'unknown'],
    [undefined, free, true, 'asleep'],
    [undefined, free, false, 'unknown'],
    [undefined, ofChange, true, 'asleep'],
    [undefined, ofChange, false, 'none'],
    [stopped, { is: 'asks', change }, true, 'asks'],
    [undefined, { is: 'asks', change: null }, true, 'unknown'],
    [running, { is: 'refused', change }, true, 'unknown'],
    [running, { is: 'closed', change: { ...change, state: 'merged' } }, true, 'merged'],
    [stopped, { is: 'closed', change: { ...change, state: 'closed' } }, true, 'closed'],
  ]
  for (const [preview, standing, hasImage, says] of table)
    assert.equal(badgeOf({ preview, standing, hasImage }), says, `${preview?.state} ${standing.is} ${hasImage}`)
})
