import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wantsNewer } from '../image-update.ts'
import { duesOf } from '../timeouts.ts'
import { claimOf } from './claim.ts'
import { next } from './transitions.ts'
import type { Event } from '../event.ts'
import {
  FAILURE_REST_MS,
  generationOf,
  isDraining,
  isMissing,
  isToGo,
  isToldMissing,
  MAX_CRASHES,
  MISSING_TOLD_MS,
  STABLE_MS,
  countsAsRunning,
  type Image,
  type In,
  type Preview,
  type StartedBy,
  type State,
} from '../preview.ts'
import { AT_ONCE, isRouted, type Generation } from '../generation.ts'
import type { Reason, ReasonCode } from '../failure-reason.ts'
import type { Notice } from '../notice.ts'
import { sinceUnpacking, type Progress } from '../start-times.ts'

const now = 1_763_700_000_000
const image: Image = {
  id: 'sha256:one',
  digest: 'sha256:d1',
  pulled: true,
  bytes: 2_000_000,
  created: null,
  labels: {},
  ports: [80],
}
const generation = {
  number: 1,
  container: 'c1',
  slot: 7,
  sandbox: null,
  image: image.id,
  digest: image.digest,
  port: 80,
}
const kept: Generation = { ...generation, slot: null }
const slow: Notice = { code: 'answers-error', status: 500, path: '/' }
const because = (code: ReasonCode): Reason => ({ code, detail: 'engine words' })

const since = now - 10 * 60_000
const known = {
  repository: '',
  tag: 'red',
  since,
  change: 5,
  lastSeen: null,
  image: null,
  generations: 1,
  stages: {},
  took: {},
  crashes: 0,
  notices: [],
  retiring: [],
  rejectedImage: null,
  update: null,
  refreshes: 0,
  waiter: null,
  pin: null,
  removeAt: null,
  request: null,
  copy: null,
}
const here = { ...known, image }
const queued: In<'queued'> = {
  ...known,
  state: 'queued',
  phase: 'findImage',
  generation: null,
  notBefore: 0,
  by: 'visit',
  reason: null,
}
const queuedHere: In<'queued'> = { ...queued, phase: 'start', image, generation: kept, notBefore: now + 5_000 }
const wanted = { number: 1, digest: null, asked: true, failure: null }
const starting: In<'starting'> = { ...here, state: 'starting', generation }
const running: In<'running'> = { ...here, state: 'running', generation, readyAt: since, pending: null }
const newer: Image = { ...image, id: 'sha256:two', digest: 'sha256:d2' }
const outdated: In<'running'> = { ...running, image: newer }
const pending: Generation = {
  number: 2,
  container: 'c2',
  slot: 8,
  sandbox: null,
  image: newer.id,
  digest: newer.digest,
  port: 80,
}
const replaced: In<'running'> = { ...outdated, generations: 2, pending }
const pausing: In<'paused'> = {
  ...here,
  state: 'paused',
  generation,
  readyAt: since,
  phase: 'draining',
}
const frozen: In<'paused'> = { ...pausing, phase: 'frozen' }
const waking: In<'paused'> = { ...frozen, phase: 'waking' }
const stopping: In<'stopping'> = {
  ...here,
  state: 'stopping',
  generation,
  why: 'idle',
  phase: 'draining',
}
const stopped: In<'stopped'> = { ...here, state: 'stopped', generation: kept, why: 'idle' }
const removing: In<'removing'> = { ...here, state: 'removing', generation, phase: 'draining' }
const failed: In<'failed'> = { ...here, state: 'failed', reason: because('exited'), retryAt: null }

/** One preview of every kind that an event may meet. */
const previews: Record<string, Preview | undefined> = {
  none: undefined,
  queued,
  lookup: { ...queued, phase: 'lookup' },
  checkUpdate: { ...queuedHere, phase: 'checkUpdate', update: wanted },
  queuedPull: { ...queued, phase: 'pull' },
  queuedHere,
  pulling: { ...known, state: 'pulling', progress: null },
  starting,
  startingBare: { ...starting, generation: null },
  running,
  outdated,
  replaced,
  pausing,
  frozen,
  waking,
  draining: stopping,
  ending: { ...stopping, phase: 'ending' },
  restarting: { ...stopping, phase: 'endingToRestart' },
  drainToRestart: { ...stopping, phase: 'drainingToRestart' },
  stopped,
  stoppedBare: { ...stopped, image: null, generation: null },
  removing,
  removingEnds: { ...removing, phase: 'ending' },
  removingAgain: { ...removing, phase: 'endingToRestart' },
  failed,
  failedNow: { ...failed, since: now - 1_000 },
}

const events: Record<string, Event> = {
  visit: { type: 'start', by: 'visit' },
  start: { type: 'start', by: 'admin' },
  stop: { type: 'stop', why: 'asked' },
  closed: { type: 'stop', why: 'closed' },
  forDisk: { type: 'stop', why: 'disk' },
  moved: { type: 'stop', why: 'moved' },
  pause: { type: 'pause' },
  freeze: { type: 'freeze', generation: 1 },
  freeze2: { type: 'freeze', generation: 2 },
  woken: { type: 'woken', generation: 1 },
  woken2: { type: 'woken', generation: 2 },
  inUse: { type: 'inUse' },
  restart: { type: 'restart' },
  remove: { type: 'remove' },
  pull: { type: 'pull', places: 1 },
  found: { type: 'found', image },
  absent: { type: 'absent', isOffered: true },
  exists: { type: 'exists' },
  refresh: { type: 'refresh' },
  current: { type: 'current' },
  pulled: { type: 'pulled', image },
  imageGone: { type: 'imageGone' },
  lacks: { type: 'lacks' },
  renewed: { type: 'renewed', image: { ...image, id: 'sha256:three', digest: 'sha256:d3' } },
  replace: { type: 'replace', port: 80, slot: 8 },
  replaceNoSlot: { type: 'replace', port: 80 },
  left: { type: 'left', generation: 1 },
  created2: { type: 'created', generation: 2, container: 'c2' },
  ahead: { type: 'ahead', image },
  missing: { type: 'missing' },
  slotTaken: { type: 'slotTaken', generation: 1, slot: 7 },
  slotTaken2: { type: 'slotTaken', generation: 2, slot: 7 },
  slotTakenNoSlot: { type: 'slotTaken', generation: 1 },
  begin: { type: 'begin', places: 1, port: 80, slot: 9 },
  beginNoSlot: { type: 'begin', places: 1, port: 80 },
  created: { type: 'created', generation: 1, container: 'c9' },
  started: { type: 'started', generation: 1 },
  answered: { type: 'answered', generation: 1, notices: [] },
  answered2: { type: 'answered', generation: 2, notices: [] },
  fail: { type: 'fail', reason: because('registry-down') },
  failExited: { type: 'fail', reason: because('exited') },
  exited: { type: 'exited', generation: 1, reason: because('exited'), gone: false },
  exited2: { type: 'exited', generation: 2, reason: because('exited'), gone: false },
  gone: { type: 'exited', generation: 1, reason: because('exited'), gone: true },
  diskOver: { type: 'diskOver', generation: 1, reason: because('disk-over') },
  diskOver2: { type: 'diskOver', generation: 2, reason: because('disk-over') },
  ending: { type: 'ending' },
  ended: { type: 'ended' },
  removed: { type: 'removed' },
  cleaned: { type: 'cleaned' },
  forget: { type: 'forget' },
  pin: { type: 'pin', until: null },
  unpin: { type: 'unpin' },
  removeSoon: { type: 'removeSoon', at: now + 10_000 },
  keep: { type: 'keep' },
  adopt: { type: 'adopt', frozen: false, generation, image },
  adoptFrozen: { type: 'adopt', frozen: true, generation, image },
}

// prettier-ignore
const matrix = `
event           none    queued   lookup   checkUpdate queuedPull queuedHere pulling  starting startingBare running  outdated replaced pausing  frozen   waking   draining ending   restarting drainToRestart stopped  stoppedBare removing removingEnds removingAgain failed   failedNow
visit           queued  -        -        -           -          -          -        -        -            -        -        -        running  paused   -        running  stopping -          -              queued   queued      removing removing     -             queued   -
start           queued  queued   queued   queued      -          queued     -        -        -            -        -        -        running  paused   -        running  stopping -          -              queued   queued      removing removing     -             queued   queued
stop            -       stopping stopping stopping    stopping   stopping   stopping stopping stopping     stopping stopping stopping stopping stopping stopping -        -        stopping   stopping       -        -           -        -            removing      stopped  stopped
closed          -       stopping stopping stopping    stopping   stopping   stopping stopping stopping     stopping stopping stopping stopping stopping stopping -        -        stopping   stopping       -        -           -        -            removing      stopped  stopped
forDisk         -       -        -        -           -          -          -        -        -            stopping -        -        -        stopping -        -        -        -          -              stopped  -           -        -            -             stopped  stopped
moved           -       -        -        -           -          -          -        -        -            stopping stopping stopping stopping stopping stopping stopping stopping stopping   stopping       -        -           -        -            -             -        -
pause           -       -        -        -           -          -          -        -        -            paused   -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
freeze          -       -        -        -           -          -          -        -        -            paused   paused   paused   paused   -        -        -        -        -          -              -        -           -        -            -             -        -
freeze2         -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
woken           -       -        -        -           -          -          -        -        -            -        -        -        -        running  running  -        -        -          -              -        -           -        -            -             -        -
woken2          -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
inUse           -       -        -        -           -          -          -        -        -            -        -        -        running  -        -        running  -        -          -              -        -           -        -            -             -        -
restart         -       queued   queued   queued      -          queued     -        -        -            stopping stopping stopping stopping stopping stopping stopping stopping -          -              queued   queued      removing removing     -             queued   queued
remove          -       removing removing removing    removing   removing   removing removing removing     removing removing removing removing removing removing removing removing removing   removing       removing removing    -        -            removing      removing removing
pull            -       -        -        -           pulling    -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
found           -       queued   -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
absent          -       queued   -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
exists          -       -        queued   queued      -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
refresh         -       -        -        queued      -          queued     pulling  starting starting     running  running  running  paused   paused   paused   stopping stopping stopping   stopping       stopped  -           -        -            -             failed   failed
current         -       -        -        queued      -          queued     -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
pulled          -       -        -        -           -          -          starting -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
imageGone       -       -        -        queued      -          queued     -        queued   queued       -        -        running  -        -        -        -        -        -          -              -        -           -        -            -             -        -
lacks           -       -        -        -           -          queued     -        queued   queued       -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
renewed         -       -        -        -           -          -          -        -        -            running  running  running  paused   paused   paused   -        -        -          -              stopped  -           -        -            -             stopped  stopped
replace         -       -        -        -           -          -          -        -        -            -        running  -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
replaceNoSlot   -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
left            -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
created2        -       -        -        -           -          -          -        -        -            -        -        running  -        -        -        -        -        -          -              -        -           -        -            -             -        -
ahead           stopped -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
missing         -       -        unknown  -           -          -          unknown  -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
slotTaken       -       -        -        -           -          -          -        starting -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
slotTaken2      -       -        -        -           -          -          -        -        -            -        -        running  -        -        -        -        -        -          -              -        -           -        -            -             -        -
slotTakenNoSlot -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
begin           -       -        -        -           -          starting   -        -        starting     -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
beginNoSlot     -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
created         -       -        -        -           -          -          -        starting -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
started         -       -        -        -           -          -          -        starting -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
answered        -       -        -        -           -          -          -        running  -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
answered2       -       -        -        -           -          -          -        -        -            -        -        running  -        -        -        -        -        -          -              -        -           -        -            -             -        -
fail            -       failed   failed   failed      failed     failed     failed   failed   failed       -        running  running  -        -        -        -        -        -          -              -        -           -        -            -             -        -
failExited      -       queued   queued   queued      queued     queued     queued   queued   queued       -        running  running  -        -        -        -        -        -          -              -        -           -        -            -             -        -
exited          -       -        -        -           -          -          -        queued   -            queued   queued   queued   stopped  stopped  queued   -        -        -          -              -        -           -        -            -             -        -
exited2         -       -        -        -           -          -          -        -        -            -        -        running  -        -        -        -        -        -          -              -        -           -        -            -             -        -
gone            -       -        -        -           -          -          -        queued   -            queued   queued   queued   stopped  stopped  queued   -        -        -          -              stopped  -           -        -            -             -        -
diskOver        -       -        -        failed      -          failed     -        failed   -            failed   failed   failed   failed   failed   failed   failed   failed   failed     failed         failed   -           removing removing     removing      -        -
diskOver2       -       -        -        -           -          -          -        -        -            -        -        running  -        -        -        -        -        -          -              -        -           -        -            -             -        -
ending          -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        stopping -        -          stopping       -        -           removing -            -             -        -
ended           -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        stopped  stopped  queued     queued         -        -           -        -            -             -        -
removed         -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           unknown  unknown      queued        -        -
cleaned         -       -        -        queued      -          queued     -        -        -            -        -        -        -        -        -        -        -        -          -              stopped  -           -        -            -             stopped  stopped
forget          -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        unknown     -        -            -             -        -
pin             stopped queued   queued   queued      queued     queued     pulling  starting starting     running  running  running  running  paused   paused   running  stopping stopping   stopping       stopped  stopped     -        -            removing      failed   failed
unpin           -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
removeSoon      -       queued   queued   queued      queued     queued     pulling  starting starting     running  running  running  paused   paused   paused   stopping stopping stopping   stopping       stopped  stopped     -        -            -             failed   failed
keep            -       -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
adopt           running -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
adoptFrozen     paused  -        -        -           -          -          -        -        -            -        -        -        -        -        -        -        -        -          -              -        -           -        -            -             -        -
`

test('every event leads every state where the table says', () => {
  const [head, ...rows] = matrix
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
  assert.deepEqual(head!.slice(1), Object.keys(previews))
  assert.deepEqual(rows.map(([event]) => event), Object.keys(events)) // prettier-ignore
  const wrong: string[] = []
  for (const [event, ...expected] of rows)
    for (const [i, name] of Object.keys(previews).entries()) {
      const became = next(previews[name], 'red', events[event!]!, now)?.state ?? '-'
      if (became !== expected[i]) wrong.push(`${event} meets ${name}: ${became}, not ${expected[i]}`)
    }
  assert.deepEqual(wrong, [])
})

/** Lets events happen one after another, 10 ms apart; those that change nothing are passed over. */
function after(preview: Preview | undefined, ...happened: (string | Event)[]): Preview | undefined {
  let at = now
  for (const event of happened) {
    at += 10
    const became = next(preview, 'red', typeof event === 'string' ? events[event]! : event, at)
    if (became) preview = became.state === 'unknown' ? undefined : became
  }
  return preview
}

function inState<S extends State>(preview: Preview | undefined, state: S): In<S> {
  assert.equal(preview?.state, state)
  return preview as In<S>
}

test('a click goes from nothing to running, and every stage has its time', () => {
  const up = inState(
    after(undefined, 'visit', 'absent', 'pull', 'pulled', 'begin', 'created', 'started', 'answered'),
    'running',
  )
  assert.deepEqual(up.generation, { ...generation, container: 'c9', slot: 9 })
  assert.equal(up.generations, 1)
  const at = (n: number) => now + 10 * n
  assert.deepEqual(up.stages, { queued: at(1), pulling: at(3), starting: at(4), waiting: at(7), running: at(8) })
  assert.deepEqual(up.took, { pull: 10, start: 40 })
  assert.equal(up.readyAt, at(8))
})

test('a start keeps when all bytes of its image were here', () => {
  const pulling = inState(after(undefined, 'visit', 'absent', 'pull'), 'pulling')
  const progress = { bytes: 1, total: 2_000_000, layers: 1, layersDone: 0, percent: 80 }
  const unpackingOf = (told: Progress | null) =>
    inState(next({ ...pulling, progress: told }, 'red', events.pulled!, now + 930), 'starting').stages.unpacking
  assert.equal(unpackingOf({ ...progress, phase: 'unpacking', unpackingSince: now + 500 }), now + 500)
  assert.equal(unpackingOf(progress), undefined)
  assert.equal(unpackingOf(null), undefined)
})

test('when all bytes of an image were here is noted once', () => {
  const told = { bytes: 1, total: 1, layers: 1, layersDone: 0, percent: 75 }
  const first = sinceUnpacking(null, { ...told, phase: 'unpacking' }, now)
  assert.equal(first.unpackingSince, now)
  assert.equal(sinceUnpacking(first, { ...told, phase: 'unpacking' }, now + 9).unpackingSince, now)
  assert.equal(sinceUnpacking(null, { ...told, phase: 'downloading' }, now).unpackingSince, undefined)
})

test('a start finds out what it needs, phase by phase, and keeps its place in line', () => {
  const unlisted: Event = { type: 'absent', isOffered: false }
  const ways: [...(string | Event)[]][] = [
    ['visit', 'findImage'],
    ['visit', 'found', 'start'],
    ['visit', 'absent', 'pull'],
    ['visit', unlisted, 'lookup'],
    ['visit', unlisted, 'exists', 'pull'],
    ['visit', 'found', 'refresh', 'checkUpdate'],
    ['visit', 'found', 'refresh', 'exists', 'pull'],
    ['visit', 'found', 'refresh', 'exists', 'refresh', 'pull'],
    ['visit', 'found', 'refresh', { type: 'current', number: now + 11 }, 'start'],
    ['visit', 'found', 'lacks', 'pull'],
    ['visit', 'found', 'imageGone', 'findImage'],
    ['visit', 'found', 'cleaned', 'findImage'],
  ]
  for (const [first, ...way] of ways) {
    const phase = way.pop()
    const preview = inState(after(undefined, first!, ...way), 'queued')
    assert.equal(preview.phase, phase, JSON.stringify(way))
    if (!way.includes('imageGone')) assert.equal(preview.since, now + 10, JSON.stringify(way))
  }
})

test('a start that lacks an image of a service pulls it, and fails where that does not come', () => {
  const lacking = inState(after(undefined, 'visit', 'found', 'lacks', 'pull'), 'pulling')
  assert.deepEqual(lacking.image, image)
  assert.deepEqual(inState(after(lacking, 'current', 'begin', 'created', 'answered'), 'running').image, image)
  const bare = inState(after(lacking, 'fail'), 'failed')
  assert.deepEqual([bare.image, bare.reason.code], [image, 'registry-down'])
  // The newer image does not come, and the one that is here needs a service's.
  const older = inState(after(undefined, 'visit', 'found', 'refresh', 'exists', 'pull', 'fail'), 'starting')
  assert.equal(older.update?.failure?.code, 'registry-down')
  const again = inState(after(older, 'lacks'), 'queued')
  assert.deepEqual([again.phase, again.change], ['pull', older.change + 2])
  inState(after(again, 'pull', 'fail'), 'failed')
})

test('an image that is here is not pulled', () => {
  const up = after(undefined, 'visit', 'found', 'pull', 'begin', 'created', 'answered')
  assert.deepEqual(inState(up, 'running').image, image)
  assert.equal(up!.stages.pulling, undefined)
})

test('a paused preview wakes, and its idle time begins anew where somebody wanted it', () => {
  const wanted = inState(after(running, 'pause', 'freeze', 'visit', 'woken'), 'running')
  assert.deepEqual([wanted.generation, wanted.readyAt], [generation, now + 40])
  assert.equal(wanted.stages, running.stages)
  assert.equal(inState(after(running, 'pause', 'freeze', 'woken'), 'running').readyAt, since)
})

test('a container that cannot be frozen is not tried again soon', () => {
  const timeouts = { pauseAfter: 6_000, stopAfter: 60 * 60_000, rmiAfter: 60 * 60_000, prepulls: () => false }
  const pauseOf = (preview: Preview) => duesOf(preview, timeouts).find(({ what }) => what === 'pause')?.at
  assert.equal(pauseOf(running), since + 6_000)
  const unfit = inState(after(running, 'pause', 'freeze', { type: 'woken', generation: 1, unfit: true }), 'running')
  assert.equal(unfit.readyAt, since)
  assert.equal(pauseOf(unfit), now + 30 + 10 * 60_000)
  assert.equal(pauseOf(inState(after(running, 'pause', 'freeze', 'woken'), 'running')), since + 6_000)
})

test('a click on what is about to be paused, or stopped for being idle, calls it back at once', () => {
  for (const how of ['pause', { type: 'stop', why: 'idle' }] as const) {
    const back = inState(after(running, how, 'visit'), 'running')
    assert.deepEqual(back.generation, generation)
    assert.equal(back.readyAt, now + 20)
  }
})

test('use that becomes known while the route goes calls back what was idle, and nothing that was asked for', () => {
  assert.equal(after(running, { type: 'stop', why: 'idle' }, 'inUse')!.state, 'running')
  assert.equal(after(running, 'pause', 'inUse')!.state, 'running')
  assert.equal(after(running, { type: 'stop', why: 'disk' }, 'inUse')!.state, 'running')
  for (const why of ['asked', 'lifetime', 'room'] as const)
    assert.equal(after(running, { type: 'stop', why }, 'inUse')!.state, 'stopping')
  assert.equal(after(running, { type: 'stop', why: 'idle' }, 'ending', 'inUse')!.state, 'stopping')
})

test('what has lived its time is not called back: a click starts it anew', () => {
  const over = inState(after(running, { type: 'stop', why: 'lifetime' }, 'visit'), 'stopping')
  assert.equal(over.phase, 'drainingToRestart')
  assert.equal(after(over, 'ending', 'ended')!.state, 'queued')
})

test('only a route that nginx may still know is drained', () => {
  assert.equal(inState(after(frozen, 'stop'), 'stopping').phase, 'ending')
  assert.equal(inState(after(frozen, 'remove'), 'removing').phase, 'ending')
  assert.equal(inState(after(pausing, 'stop'), 'stopping').phase, 'draining')
  assert.equal(inState(after(pausing, 'remove'), 'removing').phase, 'draining')
  assert.equal(inState(after(stopping, 'remove'), 'removing').phase, 'draining')
  assert.equal(inState(after(starting, 'stop'), 'stopping').phase, 'ending')
})

test('a newer image takes over from beside, and the older container leaves', () => {
  const up = after(running, { type: 'renewed', image: newer }, 'replace', 'created2', 'answered2')
  const { generation: serving, retiring, pending: none, generations, readyAt } = inState(up, 'running')
  assert.deepEqual(serving, pending)
  assert.deepEqual([none, generations, readyAt], [null, 2, since])
  assert.deepEqual(retiring, [{ ...generation, since: now + 40 }])
  assert.deepEqual(after(up, 'left')!.retiring, [])
})

test('a newer image that does not come up leaves the older one serving, and is not tried again by itself', () => {
  const same = inState(after(replaced, 'fail'), 'running')
  assert.deepEqual([same.generation, same.pending, same.rejectedImage], [generation, null, newer.id])
  assert.deepEqual(same.retiring, [{ ...pending, since: 0 }])
  assert.deepEqual(same.notices, [{ code: 'update-rejected', reason: because('registry-down') }])
  assert.equal(after(same, 'replace'), same)
  const again = inState(after(same, 'renewed', 'replace'), 'running')
  assert.equal(again.pending?.number, 3)
})

test('a newer image whose stack cannot be used leaves the older one serving, before anything of it comes up', () => {
  const same = inState(after(outdated, 'fail'), 'running')
  assert.deepEqual([same.generation, same.pending, same.rejectedImage], [generation, null, newer.id])
  assert.deepEqual([same.retiring, after(same, 'replace')], [[], same])
})

test('a number is given out once, though the older image is pushed back and its kept container starts again', () => {
  const back = after(replaced, { type: 'renewed', image }, 'stop', 'ending', 'ended', 'visit', 'begin')
  assert.deepEqual([inState(back, 'starting').generation?.number, back!.generations], [1, 2])
  const third = after(back, 'created', 'answered', { type: 'renewed', image: newer }, 'replace')
  assert.equal(inState(third, 'running').pending?.number, 3)
})

test('that a newer image did not come up is no news once another was pushed, the one that serves perhaps', () => {
  const same = after(replaced, 'fail')
  const back = inState(after(same, { type: 'renewed', image }), 'running')
  assert.deepEqual([back.notices, back.rejectedImage, after(back, 'replace')], [[], null, back])
  assert.equal(inState(after(back, { type: 'renewed', image: newer }, 'replace'), 'running').pending?.image, newer.id)
})

test('what cannot be brought here is told once, and no more when it is asked for again or is none', () => {
  const notRenewed = (number: number): Event => ({ type: 'notRenewed', reason: because('disk-full'), number })
  const first = after({ ...running, notices: [slow] }, { type: 'refresh' }, notRenewed(1))
  assert.deepEqual([first!.update?.failure?.code, first!.notices], ['disk-full', [slow]])
  const asked = after(first, { type: 'refresh' })
  assert.deepEqual([asked!.update?.failure, asked!.notices], [null, [slow]])
  assert.equal(after(asked, notRenewed(2))!.update?.failure?.code, 'disk-full')
  const current = after(first, { type: 'current', number: 1 })!
  assert.deepEqual([current.update, current.notices], [null, [slow]])
})

test('what comes up beside goes with the one that serves, and keeps its slot until it is gone', () => {
  for (const how of ['stop', 'restart', 'remove', 'exited'] as const)
    assert.deepEqual(after(replaced, how)!.retiring, [{ ...pending, since: 0 }], how)
})

test('what sleeps has the newer image with its next start', () => {
  const woken = inState(after(stopped, { type: 'renewed', image: newer }, 'visit', 'begin'), 'starting')
  assert.deepEqual([woken.generation?.number, woken.generation?.image], [2, newer.id])
})

test('a tag that is removed while its start is in flight does not come back', () => {
  const flight = ['visit', 'absent', 'pull', 'pulled', 'begin', 'created', 'started', 'answered'] as const
  for (let n = 1; n < flight.length; n++) {
    const gone = after(undefined, ...flight.slice(0, n), 'remove', ...flight.slice(n), 'removed', ...flight.slice(n))
    assert.equal(gone, undefined, `removed after ${flight[n - 1]}`)
  }
})

test('a click after a removal, while it still goes on, brings the tag up anew', () => {
  const again = inState(after(running, 'remove', 'ending', 'visit', 'removed'), 'queued')
  assert.deepEqual([again.image, again.generation, again.generations], [null, null, 1])
  assert.equal(after(running, 'remove', 'visit', 'stop', 'removed'), undefined)
  assert.equal(after(running, 'remove', 'visit', 'remove', 'removed'), undefined)
})

test('a click during the drain calls the stop back, a later one starts the preview again', () => {
  const back = inState(after(running, 'stop', 'visit'), 'running')
  assert.deepEqual(back.generation, generation)
  assert.ok(back.change > running.change, 'the drain sees that it is not wanted any more')
  const again = inState(after(running, 'stop', 'ending', 'visit', 'ended'), 'queued')
  assert.deepEqual(again.generation, kept, 'its container is kept, its slot is given back')
  assert.equal(inState(after(again, 'begin', 'created', 'answered'), 'running').generation.number, 1)
})

test('a restart ends the old container even where a stop was under way', () => {
  for (const before of [[], ['stop'], ['stop', 'ending']])
    assert.equal(after(running, ...before, 'restart', 'ending', 'ended')?.state, 'queued')
  assert.equal(inState(after(running, 'restart', 'stop', 'ended'), 'stopped').why, 'asked')
})

test('only a route that exists is drained', () => {
  const draining = (preview: Preview, event: string) => isDraining(after(preview, event)!)
  assert.equal(draining(running, 'stop'), true)
  assert.equal(draining(running, 'remove'), true)
  assert.equal(draining(stopping, 'remove'), true)
  for (const preview of [queued, starting, previews.pulling!]) {
    assert.equal(draining(preview, 'stop'), false)
    assert.equal(draining(preview, 'remove'), false)
  }
  assert.equal(draining(stopped, 'remove'), false)
  assert.equal(draining(previews.ending!, 'remove'), false)
})

test('a running preview that stops by itself is started again, ever later, and fails after the third time', () => {
  let preview: Preview = running
  const waits: number[] = []
  for (let crash = 1; crash <= MAX_CRASHES; crash++) {
    const at = running.readyAt + crash
    const waiting: In<'queued'> = inState(next(preview, 'red', events.exited!, at), 'queued')
    assert.equal(waiting.crashes, crash)
    waits.push(waiting.notBefore && waiting.notBefore - at)
    assert.deepEqual(waiting.generation, kept)
    preview = { ...inState(after(waiting, 'begin', 'answered'), 'running'), readyAt: running.readyAt }
  }
  assert.deepEqual(waits, [0, 500, 2_000])
  const given = inState(next(preview, 'red', events.exited!, running.readyAt + 9), 'failed')
  assert.equal(given.reason.code, 'crashing')
  assert.equal(given.retryAt, null)
})

test('a restart after a crash is no use of a preview, and makes it no younger: only what somebody asks for does', () => {
  const minute = 60_000
  const timeouts = { pauseAfter: null, stopAfter: 10 * minute, rmiAfter: 60 * minute, prepulls: () => false }
  const labels = { 'lotan.max-lifetime-minutes': '30' }
  const up = inState(after({ ...starting, image: { ...image, labels } }, 'answered'), 'running')
  const dues = duesOf(up, timeouts)
  assert.deepEqual(dues, [
    { what: 'stop', why: 'idle', at: up.readyAt + 10 * minute },
    { what: 'stop', why: 'lifetime', at: up.readyAt + 30 * minute },
  ])
  let crashed: Preview = up
  for (let n = 1; n <= 3; n++) {
    const at = now + n * 6 * minute
    for (const name of ['exited', 'begin', 'created', 'answered'])
      crashed = next(crashed, 'red', { ...events[name], generation: up.generation.number } as Event, at) ?? crashed
    assert.equal(inState(crashed, 'running').readyAt, at)
    assert.deepEqual(duesOf(crashed, timeouts), dues)
  }
  assert.deepEqual(after(crashed, 'restart', 'ending', 'ended')!.stages, { queued: now + 30 })
})

test('a preview that ran well for long enough is forgiven its crashes', () => {
  const shaky = { ...running, crashes: MAX_CRASHES }
  assert.equal(next(shaky, 'red', events.exited!, running.readyAt + STABLE_MS - 1)?.state, 'failed')
  assert.equal(inState(next(shaky, 'red', events.exited!, running.readyAt + STABLE_MS), 'queued').crashes, 1)
})

test('who restarts a preview starts afresh', () => {
  for (const happened of [
    ['restart', 'ending', 'ended'],
    ['remove', 'visit', 'ending', 'removed'],
  ])
    assert.equal(inState(after({ ...running, crashes: 2 }, ...happened), 'queued').crashes, 0)
})

test('an application that ends while starting is tried three times', () => {
  const begun = ['begin', 'created', 'started', 'failExited'] as const
  const first = inState(after(starting, 'failExited'), 'queued')
  assert.equal(first.notBefore, now + 10 + 500)
  assert.deepEqual(first.reason, because('exited'))
  const second = inState(after(first, 'begin', { type: 'fail', reason: because('exited') }), 'queued')
  assert.equal(second.notBefore, now + 20 + 2_000)
  assert.equal(second.generations, 2, 'each try is a container of its own')
  const third = inState(after(second, ...begun), 'failed')
  assert.deepEqual([third.retryAt, third.crashes], [null, MAX_CRASHES])
})

test('a button overrules the back-off, a visit does not', () => {
  const waiting = previews.queuedHere as In<'queued'>
  assert.equal(next(waiting, 'red', events.visit!, now), undefined)
  const pushed = inState(next(waiting, 'red', events.start!, now), 'queued')
  assert.deepEqual([pushed.notBefore, pushed.change], [0, waiting.change + 1])
})

test('after a failure visits rest for a minute', () => {
  assert.equal(next(failed, 'red', events.visit!, failed.since + FAILURE_REST_MS - 1), undefined)
  assert.equal(next(failed, 'red', events.visit!, failed.since + FAILURE_REST_MS)?.state, 'queued')
})

test('what was visited a moment ago waits on for an engine that is away, and fails when it is not looked for any more', () => {
  const away = { type: 'fail' as const, reason: because('engine-down') }
  for (const preview of [starting, after(undefined, 'visit')!]) {
    const visited = { ...preview, lastSeen: now - 59_999 }
    const waits = inState(next(visited, 'red', away, now), 'queued')
    assert.deepEqual([waits.notBefore, waits.reason, waits.by], [now + 5_000, away.reason, 'retry'])
    assert.equal(next({ ...waits, lastSeen: now - 60_000 }, 'red', away, now)?.state, 'failed')
  }
  const unseen = inState(next(after(undefined, 'start'), 'red', away, now), 'failed')
  assert.equal(unseen.retryAt, now + 5_000)
  // There is nothing that a visitor had better leave alone.
  const back = inState(next(unseen, 'red', events.visit!, now + 1), 'queued')
  assert.equal(back.lastSeen, now + 1)
})

test('what can pass by itself is tried again: the reason says when', () => {
  const at = (code: ReasonCode, preview: Preview = starting) => {
    const { retryAt } = inState(next(preview, 'red', { type: 'fail', reason: because(code) }, now), 'failed')
    return retryAt && retryAt - now
  }
  assert.equal(at('engine-down'), 5_000)
  assert.equal(at('wrong-port'), null)
  assert.equal(at('no-answer'), 60_000)
})

test('a retry of Lotan’s own counts the tries before it, a person’s click starts afresh', () => {
  const once = after(starting, { type: 'fail', reason: because('no-answer') })
  assert.equal(inState(once, 'failed').crashes, 1)
  const retried = after(once, { type: 'start', by: 'retry' }, 'begin', { type: 'fail', reason: because('no-answer') })
  assert.equal(inState(retried, 'failed').retryAt, null)
  assert.equal(after(once, 'start')?.crashes, 0)
})

test('a kept container of another trust is made anew, so that no fork inherits a secret', () => {
  const begin = { type: 'begin', places: 9, port: 80, slot: 9 } as const
  const made = (was: boolean | undefined, trusted: boolean | undefined) => {
    const generation = was === undefined ? kept : { ...kept, trusted: was }
    const begun = next({ ...queuedHere, notBefore: 0, generation }, 'red', { ...begin, trusted }, now)
    return inState(begun, 'starting').generation
  }
  for (const [was, is] of [
    [true, true],
    [false, false],
    [undefined, undefined],
    [undefined, false],
  ] as const)
    assert.deepEqual([made(was, is)?.container, made(was, is)?.trusted], ['c1', is ?? was])
  for (const [was, is] of [
    [true, false],
    [false, true],
    [undefined, true],
    [true, undefined],
  ] as const)
    assert.deepEqual([made(was, is)?.container, made(was, is)?.trusted], [null, is])
  const replaced = next(outdated, 'red', { type: 'replace', port: 80, slot: 9, trusted: true }, now)
  assert.equal(inState(replaced, 'running').pending?.trusted, true)
})

test('a kept container of the same image is started again, any other image gets a new one', () => {
  const again = inState(after(stopped, 'visit', 'begin'), 'starting')
  assert.deepEqual(again.generation, { ...kept, slot: 9 })
  const joined = { ...stopped, generation: { ...kept, sandbox: 4 } }
  assert.deepEqual(claimOf(events.beginNoSlot!, joined).sandbox, { number: 4 })
  assert.deepEqual(claimOf(events.beginNoSlot!, stopped).sandbox, undefined)
  assert.deepEqual(claimOf(events.beginNoSlot!, { ...stopped, generation: null }).sandbox, { port: 80 })
  const newer = { ...stopped, image: { ...image, id: 'sha256:two', digest: null } }
  const anew = inState(after(newer, 'visit', 'begin'), 'starting')
  assert.deepEqual(anew.generation, {
    number: 2,
    container: null,
    slot: 9,
    sandbox: null,
    image: 'sha256:two',
    digest: null,
    port: 80,
  })
})

test('what fills the disk is killed, whoever it serves, and keeps its slot until it is gone', () => {
  const over = inState(after(running, 'diskOver'), 'failed')
  assert.deepEqual([over.retiring, over.retryAt], [[{ ...generation, since: AT_ONCE }], null])
  assert.equal(over.change, running.change + 1)
  assert.equal(after(over, 'diskOver'), over, 'once is enough')
  const again = inState(after(over, 'start', 'begin'), 'starting')
  assert.deepEqual([again.generation?.number, again.retiring.length], [2, 1])
  assert.deepEqual(after(over, 'left')!.retiring, [])
})

test('a newer image that fills the disk goes alone, and so does an older container that leaves', () => {
  const serving = inState(after(replaced, 'diskOver2'), 'running')
  assert.deepEqual(serving.retiring, [{ ...pending, since: AT_ONCE }])
  assert.deepEqual([serving.generation, serving.pending, serving.rejectedImage], [generation, null, newer.id])
  const taken = after(replaced, 'answered2', 'diskOver')!
  assert.deepEqual([taken.state, taken.retiring], ['running', [{ ...generation, since: AT_ONCE }]])
  const removed = inState(after(removing, 'diskOver'), 'removing')
  assert.deepEqual([removed.phase, removed.generation], ['ending', null])
  assert.deepEqual(removed.retiring, [{ ...generation, since: AT_ONCE }])
})

test('a container that is gone is forgotten', () => {
  assert.equal(generationOf(after(running, 'gone')!), null)
  assert.equal(generationOf(after(stopped, 'gone')!), null)
  assert.equal(generationOf(after(starting, 'gone')!), null)
})

test('an image that is gone is pulled again', () => {
  for (const preview of [starting, previews.queuedHere!]) {
    const again = inState(after(preview, 'imageGone'), 'queued')
    assert.deepEqual([again.image, again.generation], [null, null])
  }
  assert.equal(inState(after(previews.queuedHere, 'cleaned'), 'queued').image, null)
})

test('a clean-up leaves what was known of the tag', () => {
  const { image, generation, generations, took, state } = inState(
    after({ ...stopped, took: { pull: 9 } }, 'cleaned'),
    'stopped',
  )
  assert.deepEqual(
    { image, generation, generations, took, state },
    { image: null, generation: null, generations: 1, took: { pull: 9 }, state: 'stopped' },
  )
})

test('what is stopped is told once that the disk needs its room, and a click in between wins', () => {
  const going = inState(after(stopped, 'forDisk'), 'stopped')
  assert.deepEqual([going.why, going.since, going.change], ['disk', stopped.since, stopped.change + 1])
  assert.equal(next(going, 'red', events.forDisk!, now), undefined)
  assert.equal(inState(after(going, 'visit', 'cleaned'), 'queued').image, null)
  const bare = inState(after(running, 'forDisk', 'ending', 'ended', 'cleaned'), 'stopped')
  assert.deepEqual([bare.why, bare.image, bare.generation], ['disk', null, null])
})

test('a container found running without a row is taken over as it is', () => {
  const mine = { ...generation, number: 4 }
  const taken = inState(
    next(undefined, 'red', { type: 'adopt', frozen: false, generation: mine, image }, now),
    'running',
  )
  assert.deepEqual([taken.generation, taken.generations, taken.lastSeen], [mine, 4, now])
})

test('a preview that comes back after its row went has changes of its own', () => {
  const first = next(undefined, 'red', events.visit!, now)!
  const later = next(undefined, 'red', events.visit!, now + 1_000)!
  assert.ok(later.change > first.change + 100)
})

test('what takes a place', () => {
  const states = Object.values(previews).flatMap((preview) => (preview ? [preview.state] : []))
  const taking = [...new Set(states)].filter(countsAsRunning)
  assert.deepEqual(taking, ['pulling', 'starting', 'running', 'paused', 'stopping'])
})

function isPhaseOf(preview: In<'queued'>): boolean {
  const { image, phase } = preview
  if (!image) return ['findImage', 'lookup', 'pull'].includes(phase)
  // An image of a service may not be here.
  return [wantsNewer(preview) ? 'checkUpdate' : 'start', 'pull'].includes(phase)
}

test('no sequence of events breaks a preview', () => {
  const anyReason = fc
    .constantFrom<ReasonCode>('exited', 'no-answer', 'registry-down', 'wrong-port', 'engine-down')
    .map(because)
  const number = fc.integer({ min: 1, max: 4 })
  const anyImage = fc.constantFrom(image, { ...image, id: 'sha256:two' })
  const event: fc.Arbitrary<Event> = fc.oneof(
    fc.constantFrom(...Object.values(events)),
    fc.constantFrom<Event>(
      { type: 'start', by: 'visit' },
      { type: 'start', by: 'retry' },
      { type: 'stop', why: 'idle' },
      { type: 'pull', places: 1 },
      { type: 'ending' },
      { type: 'ended' },
    ),
    fc.record({ type: fc.constant('pulled' as const), image: anyImage }),
    fc.record({ type: fc.constant('renewed' as const), image: anyImage }),
    fc.record({ type: fc.constant('begin' as const), places: number, port: number, slot: number }),
    fc.record({ type: fc.constant('created' as const), generation: number, container: fc.constantFrom('a', 'b') }),
    fc.record({ type: fc.constant('answered' as const), generation: number, notices: fc.constant([]) }),
    fc.record({ type: fc.constant('fail' as const), reason: anyReason }),
    fc.record({ type: fc.constant('exited' as const), generation: number, reason: anyReason, gone: fc.boolean() }),
  )
  const steps = fc.array(fc.tuple(event, fc.constantFrom(1, 500, 61_000, STABLE_MS)), { minLength: 5, maxLength: 60 })
  const seen = new Set<State>()
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(previews)), steps, (first, happened) => {
      let preview = first
      let at = now
      for (const [event, wait] of happened) {
        at += wait
        const was = structuredClone(preview)
        const became = next(preview, 'red', event, at)
        assert.deepEqual(preview, was, 'what was is left as it was')
        if (!became) continue
        seen.add(became.state)
        assert.equal(became.tag, 'red')
        assert.ok(became.since >= (was?.since ?? 0) && became.since <= at)
        if (was) {
          assert.ok(became.change >= was.change, 'changes only grow')
          assert.ok(became.generations >= was.generations, 'generations only grow')
        }
        const mine = generationOf(became)
        if (mine) assert.ok(mine.number <= became.generations)
        if (became.state === 'running' || became.state === 'paused') {
          assert.ok(isRouted(became.generation), 'what runs has container and slot')
          assert.ok(became.image)
        }
        // What does not run, or is not about to, has given its slot back.
        if (['queued', 'stopped'].includes(became.state)) assert.equal(mine?.slot ?? null, null)
        if (became.state === 'queued') assert.ok(isPhaseOf(became), `${became.phase} fits what is known of its image`)
        if (became.state === 'starting') assert.ok(became.image)
        if (became.state === 'failed') assert.ok(became.reason.code)
        preview = became.state === 'unknown' ? undefined : became
      }
    }),
    { numRuns: 2_000 },
  )
  assert.equal(seen.size, 10, `only these states came up: ${[...seen].join(', ')}`)
})

test('a notice says that what serves is curbed, as long as it is', () => {
  const curbed = inState(after(running, { type: 'curbed', generation: 1, curbed: true }), 'running')
  assert.deepEqual(curbed.notices, [{ code: 'curbed' }])
  assert.equal(curbed.change, running.change)
  assert.equal(next(curbed, 'red', { type: 'curbed', generation: 1, curbed: true }, now), undefined)
  assert.deepEqual(after(curbed, { type: 'curbed', generation: 1, curbed: false })?.notices, [])
  assert.equal(next(running, 'red', { type: 'curbed', generation: 2, curbed: true }, now), undefined)
})

test('a pin holds off what Lotan decides by itself, and nothing that a person asks for', () => {
  const pins: [what: string, from: Preview, event: Event, becomes: State | '-'][] = [
    ...(['idle', 'lifetime', 'room', 'disk'] as const).flatMap((why): typeof pins => [
      [why, running, { type: 'stop', why }, '-'],
      [why, frozen, { type: 'stop', why }, '-'],
    ]),
    ['pause', running, { type: 'pause' }, '-'],
    ['for disk', stopped, { type: 'stop', why: 'disk' }, '-'],
    ['for disk', failed, { type: 'stop', why: 'disk' }, '-'],
    ['forget', previews.stoppedBare!, { type: 'forget' }, '-'],
    ['stop', running, { type: 'stop', why: 'asked' }, 'stopping'],
    ['elsewhere', running, { type: 'stop', why: 'moved' }, 'stopping'],
    ['restart', running, { type: 'restart' }, 'stopping'],
    ['remove', running, { type: 'remove' }, 'removing'],
  ] // prettier-ignore
  for (const [what, from, event, becomes] of pins) {
    for (const until of [null, now + 1])
      assert.equal(
        next({ ...from, pin: { until } }, 'red', event, now)?.state ?? '-',
        becomes,
        `${what}, ${from.state}`,
      )
    const over = next({ ...from, pin: { until: now } }, 'red', event, now)
    assert.ok(over, `${what} of a ${from.state} one, whose pin is over`)
  }
})

test('a removal may be taken back until its time has come, and to ask again does not put it off', () => {
  const leaving = after(running, 'removeSoon')!
  assert.deepEqual([leaving.state, leaving.removeAt], ['running', now + 10_000])
  assert.equal(next(leaving, 'red', { type: 'removeSoon', at: now + 20_000 }, now), undefined)
  assert.equal(after(running, 'removeSoon', 'keep')!.removeAt, null)
  assert.equal(after(running, 'removeSoon', 'stop')!.removeAt, now + 10_000)
  assert.equal(after(running, 'removeSoon', 'remove')!.removeAt, null)
  assert.deepEqual(
    [now - 1, now, now + 9_999, now + 10_000].map((at) => isToGo({ removeAt: now + 10_000 }, at)),
    [true, false, false, true],
    'the first one: the clock was stepped back',
  )
  assert.equal(isToGo({ removeAt: null }, now), false)
})

test('a pin stays through stop and start, is given once, and ends with the removal', () => {
  const pinned = after(running, 'pin')!
  assert.deepEqual(pinned.pin, { until: null })
  assert.equal(next(pinned, 'red', events.pin!, now), undefined)
  assert.deepEqual(after(pinned, 'stop', 'ending', 'ended', 'visit', 'begin')!.pin, { until: null })
  assert.equal(inState(after(pinned, 'stop', 'ending', 'ended'), 'stopped').pin?.until, null)
  assert.deepEqual(after(pinned, { type: 'pin', until: now + 50 })!.pin, { until: now + 50 })
  assert.equal(after(pinned, 'unpin')!.pin, null)
  assert.equal(inState(after(pinned, 'remove'), 'removing').pin, null)
  assert.equal(inState(after(pinned, 'remove', 'visit', 'pin', 'remove'), 'removing').pin, null)
})

test('a pin calls back what is about to sleep by itself, and not what a person has stopped', () => {
  for (const why of ['idle', 'lifetime', 'room', 'disk'] as const) {
    const back = inState(after({ ...stopping, why }, 'pin'), 'running')
    assert.deepEqual([back.generation, back.change], [generation, stopping.change + 1], why)
  }
  assert.equal(after({ ...stopping, why: 'asked' }, 'pin')!.state, 'stopping')
  assert.equal(after({ ...stopping, why: 'moved' }, 'pin')!.state, 'stopping')
})

test('of a tag that the registry lacks, who added it is told for a minute, and a visitor’s guess leaves no row', () => {
  const by = (by: StartedBy): Event => ({ type: 'start', by })
  const looked = ['absent', 'pull', 'missing']
  for (const asker of ['admin', 'api'] as const) {
    const told = inState(after(undefined, by(asker), ...looked), 'failed')
    assert.deepEqual([told.reason.code, told.retryAt], ['no-such-tag', null])
    const { until = 0 } = told.reason
    assert.equal(until, told.since + MISSING_TOLD_MS)
    // A visitor is not kept from looking, and what comes of it neither ends the minute nor makes it longer.
    const lookedUp = inState(next(told, 'red', events.visit!, told.since + 20_000), 'queued')
    const again = inState(next({ ...lookedUp, phase: 'lookup' }, 'red', events.missing!, until - 1), 'failed')
    assert.deepEqual(again.reason, told.reason)
    assert.equal(next({ ...lookedUp, phase: 'lookup' }, 'red', events.missing!, until)?.state, 'unknown')
    assert.ok(isMissing(again) && isToldMissing(again.reason, until - 1))
    // The clock was stepped back.
    assert.ok(!isToldMissing(again.reason, until - MISSING_TOLD_MS - 1))
    assert.equal(next(told, 'red', events.forget!, until)?.state, 'unknown')
  }
  for (const visitor of ['visit', 'button'] as const) {
    assert.equal(after(undefined, by(visitor), ...looked), undefined)
    const taken = after(undefined, by(visitor), by('api'), 'absent', 'pull', 'missing')
    assert.equal(taken?.state, 'failed', 'it was added while a visitor’s guess was looked up')
  }
})
