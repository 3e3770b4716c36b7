import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { next } from '../../shared/preview/state-machine/transitions.ts'
import type { Event } from '../../shared/preview/event.ts'
import { lastOutcomeOf, outcomeOf, triedOf, type Outcome } from './outcome.ts'
import { verdictOf, type VerifyFacts } from './plan.ts'

const MINUTE = 60_000
const now = 1_800_000_000_000
const imageOf = (digest: string) => ({
  id: digest,
  digest,
  pulled: true,
  bytes: 1,
  created: null,
  labels: {},
  ports: [80],
})
const [D, OLD] = ['sha256:new', 'sha256:old']

/** Each event a second after the one before. */
function after(...events: Event[]): Preview | undefined {
  let preview: Preview | undefined
  for (const [place, event] of events.entries()) preview = next(preview, 'pr-7', event, now + place * 1_000) ?? preview
  return preview
}
const startOf = (digest: string): Event[] => [
  { type: 'start', by: 'verify' },
  { type: 'absent', isOffered: true },
  { type: 'pull', places: 50 },
  { type: 'pulled', image: imageOf(digest) },
  { type: 'begin', places: 50, port: 80, slot: 1 },
  { type: 'created', generation: 1, container: 'c0ffee' },
  { type: 'started', generation: 1 },
]
const answered: Event = { type: 'answered', generation: 1, notices: [] }
const ends: Event[] = [{ type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' }]
const portClosed: Reason = { code: 'port-closed', detail: 'the engine’s words', output: ['secret'], port: 80 }

test('an image has answered once its own generation has, and that stays known when it sleeps', () => {
  const cases: [string, Preview | undefined, Outcome][] = [
    ['nothing asked for', undefined, { is: 'none' }],
    ['coming', after(...startOf(D)), { is: 'coming' }],
    ['running', after(...startOf(D), answered), { is: 'answered', after: 4_000 }],
    ['stopped', after(...startOf(D), answered, ...ends), { is: 'answered', after: 4_000 }],
    ['cancelled', after(...startOf(D), ...ends), { is: 'none' }],
    ['an older one runs', after(...startOf(OLD), answered), { is: 'coming' }],
    ['an older one sleeps', after(...startOf(OLD), answered, ...ends), { is: 'none' }],
    ['failed', after(...startOf(D), { type: 'fail', reason: portClosed }), { is: 'failed', reason: portClosed }],
    ['an older one failed', after(...startOf(OLD), { type: 'fail', reason: portClosed }), { is: 'none' }],
    [
      'did not come up beside the older one',
      after(
        ...startOf(OLD),
        answered,
        { type: 'renewed', image: imageOf(D) },
        { type: 'replace', port: 80, slot: 2 },
        { type: 'fail', reason: portClosed },
      ),
      { is: 'failed', reason: portClosed },
    ],
    [
      'took over from the older one',
      after(
        ...startOf(OLD),
        answered,
        { type: 'renewed', image: imageOf(D) },
        { type: 'replace', port: 80, slot: 2 },
        { type: 'created', generation: 2, container: 'bee' },
        { type: 'answered', generation: 2, notices: [] },
      ),
      { is: 'answered', after: 4_000 },
    ],
  ]
  for (const [what, preview, outcome] of cases) assert.deepEqual(outcomeOf(preview, D), outcome, what)
})

test('what came of an image is remembered when its row has gone, without the words of the engine or the application', () => {
  const failed = triedOf(undefined, D, { is: 'failed', reason: portClosed })
  assert.deepEqual(failed.outcome, { failed: { code: 'port-closed', detail: '', port: 80 } })
  assert.equal(triedOf(failed, D, { is: 'failed', reason: portClosed }), failed)
  assert.deepEqual(lastOutcomeOf({ is: 'none' }, failed, D), {
    is: 'failed',
    reason: { code: 'port-closed', detail: '', port: 80 },
  })
  assert.deepEqual(lastOutcomeOf({ is: 'none' }, failed, 'sha256:newer'), { is: 'none' })
  const well = triedOf(failed, D, { is: 'answered', after: 900 })
  assert.deepEqual(well.outcome, { answered: 900 })
  assert.equal(triedOf(well, D, { is: 'answered', after: 700 }), well)
})

test('an image is started once, where there is a place, and again only where the registry or the server was at fault', () => {
  const rest: VerifyFacts = {
    preview: undefined,
    outcome: { is: 'none' },
    tried: { digest: D, starts: 0, startedAt: null, outcome: null },
    free: 1,
    coming: 0,
    now,
  }
  const once = { ...rest.tried, starts: 1, startedAt: now - 2 * MINUTE }
  const down = { is: 'failed' as const, reason: { code: 'registry-down' as const, detail: '' } }
  const cases: [string, Partial<VerifyFacts>, string][] = [
    ['new', {}, 'start'],
    ['new, and asleep', { preview: after(...startOf(OLD), answered, ...ends) }, 'start'],
    ['no place', { free: 0 }, 'full'],
    ['two of Lotan’s own come up', { coming: 2 }, 'no'],
    ['started before', { tried: once }, 'no'],
    ['it runs', { preview: after(...startOf(D), answered), outcome: { is: 'answered', after: 1 } }, 'no'],
    ['an older one runs', { preview: after(...startOf(OLD), answered), outcome: { is: 'coming' } }, 'no'],
    ['it answered before', { outcome: { is: 'answered', after: 1 } }, 'no'],
    ['its application failed', { tried: once, outcome: { is: 'failed', reason: portClosed } }, 'no'],
    ['its application failed at a click', { outcome: { is: 'failed', reason: portClosed } }, 'no'],
    ['the registry was down', { tried: once, outcome: down }, 'start'],
    ['… a moment ago', { tried: { ...once, startedAt: now - 1 }, outcome: down }, 'no'],
    ['… again and again', { tried: { ...once, starts: 5 }, outcome: down }, 'no'],
  ]
  for (const [what, more, verdict] of cases) assert.equal(verdictOf({ ...rest, ...more }), verdict, what)
})
