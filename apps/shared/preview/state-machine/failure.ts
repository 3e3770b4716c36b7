import { withCurbed } from '../notice.ts'
import { atOnce, notRenewed, rejected } from './update.ts'
import { gone, isOwn, known, nudged, queued, stopped, withoutImage, withoutSlot } from './states.ts'
import type { EventOf } from '../event.ts'
import { wantsNewer } from '../image-update.ts'
import {
  generationOf,
  isToldMissing,
  LOOKED_FOR_MS,
  MAX_CRASHES,
  MISSING_TOLD_MS,
  STABLE_MS,
  startsAgain,
  type In,
  type InPhase,
  type Preview,
} from '../preview.ts'
import { AT_ONCE, type Generation } from '../generation.ts'
import { retryAfter, type Reason } from '../failure-reason.ts'

type Fail = EventOf<'fail'>
type Exited = EventOf<'exited'>

export function fail(preview: In<'queued'> | In<'pulling'> | In<'starting'>, { reason }: Fail, now: number) {
  return failed(preview, reason, now)
}

/** Where the newer image could not be pulled, the one that is here starts; not where a service lacks its own. */
export function pullFailed(preview: In<'pulling'>, { reason }: Fail, now: number): Preview | undefined {
  if (!preview.image || !wantsNewer(preview)) return failed(preview, reason, now)
  return notRenewed(preview, { reason, number: preview.update?.number }, now)
}

export function updateFailed(preview: In<'running'>, { reason }: Fail): In<'running'> | undefined {
  return rejected(preview, reason)
}

export function exitedAtStart(preview: In<'starting'>, { generation, reason }: Exited, now: number) {
  return isOwn(preview, generation) ? failed(preview, reason, now) : undefined
}

export function crashed(preview: In<'running'>, event: Exited, now: number): Preview | undefined {
  const { reason } = event
  if (preview.pending?.number === event.generation) return rejected(preview, reason)
  if (!isOwn(preview, event.generation)) return undefined
  const crashes = now - preview.readyAt >= STABLE_MS ? 1 : preview.crashes + 1
  if (crashes > MAX_CRASHES) return failedFor(preview, { ...reason, code: 'crashing' }, now)
  return queued({ ...known(preview), crashes }, keptAfter(preview, event), 'reaper', now, backOff(crashes - 1), reason)
}

/** It was not in use: it is not started again. */
export function exitedUnused(preview: In<'paused'>, event: Exited, now: number): In<'stopped'> | undefined {
  if (!isOwn(preview, event.generation)) return undefined
  return stopped(known(preview), keptAfter(preview, event), 'exited', now)
}

/** A visitor has just come, and gets a new start. */
export function exitedWaking(preview: InPhase<'paused', 'waking'>, event: Exited, now: number) {
  if (!isOwn(preview, event.generation)) return undefined
  return queued({ ...known(preview), stages: {} }, keptAfter(preview, event), 'reaper', now, 0, event.reason)
}

export function containerGone(preview: In<'stopped'>, { generation, gone }: Exited): In<'stopped'> | undefined {
  return gone && isOwn(preview, generation) ? { ...preview, generation: null } : undefined
}

function keptAfter(preview: In<'running'> | In<'paused'>, { gone }: Exited): Generation | null {
  return gone ? null : withoutSlot(preview.generation)
}

/** Killed even in use, its files with it. A newer image that fills the disk leaves the generation that serves alone. */
export function diskOver(preview: Preview, event: EventOf<'diskOver'>, now: number): Preview | undefined {
  const own = generationOf(preview)
  if (own?.number !== event.generation) return diskOverBeside(preview, event)
  return own.container ? nudged(failedFor(withKilled(preview, own), event.reason, now)) : undefined
}

export function diskOverAtRemoval(preview: In<'removing'>, event: EventOf<'diskOver'>): Preview | undefined {
  const { generation } = preview
  if (generation?.number !== event.generation) return diskOverBeside(preview, event)
  if (!generation.container) return undefined
  const phase = startsAgain(preview) ? 'endingToRestart' : 'ending'
  return nudged({ ...withKilled(preview, generation), phase, generation: null })
}

function diskOverBeside(preview: Preview, { generation: number, reason }: EventOf<'diskOver'>): Preview | undefined {
  const isComing = preview.state === 'running' && preview.pending?.number === number
  const left = isComing ? rejected(preview, reason) : preview
  const isRetiring = left?.retiring.some((retiring) => retiring.number === number && retiring.since !== AT_ONCE)
  return left && isRetiring ? nudged(atOnce(left, number)) : undefined
}

function withKilled<P extends Preview>(preview: P, generation: Generation): P {
  return { ...preview, retiring: [...preview.retiring, { ...generation, since: AT_ONCE }] }
}

export function curbed(preview: In<'running'>, { generation, curbed }: EventOf<'curbed'>): In<'running'> | undefined {
  const notices = withCurbed(preview.notices, curbed)
  return isOwn(preview, generation) && notices !== preview.notices ? { ...preview, notices } : undefined
}

/** Another program has removed its image. No registry has a copy's. */
export function pullAgain(preview: In<'queued'> | In<'starting'>, _: EventOf<'imageGone'>, now: number) {
  if (preview.copy) return failed(preview, { code: 'copy-lost', detail: 'another program removed its image' }, now)
  return preview.image ? queued(withoutImage(preview), null, 'retry', now) : undefined
}

export function updateGone(preview: In<'running'>): In<'running'> | undefined {
  return preview.pending ? rejected(preview, { code: 'start-failed', detail: 'its image was removed' }) : undefined
}

/** Who added or started it is told so for a while, however often visitors look meanwhile. A visitor's guess leaves no row. */
export function missing(
  preview: In<'queued'> | In<'pulling'>,
  _: EventOf<'missing'>,
  now: number,
): In<'failed'> | In<'unknown'> {
  const isAsked = preview.by === 'admin' || preview.by === 'api'
  const told = preview.state === 'queued' ? preview.reason : null
  const until = isAsked ? now + MISSING_TOLD_MS : told?.until
  const reason: Reason = { code: 'no-such-tag', detail: '', until }
  return isToldMissing(reason, now) ? failedFor(preview, reason, now) : gone(preview, 'missing', now)
}

function failed(preview: Preview, reason: Reason, now: number): In<'queued'> | In<'failed'> {
  if (reason.code === 'engine-down' && isLookedFor(preview, now))
    return queued(known(preview), null, 'retry', now, retryAfter(reason, 0) ?? 0, reason)
  if (reason.code !== 'exited') return failedFor(preview, reason, now)
  const crashes = preview.crashes + 1
  if (crashes >= MAX_CRASHES) return failedFor({ ...preview, crashes }, reason, now)
  return queued({ ...known(preview), crashes }, null, 'retry', now, backOff(crashes), reason)
}

/** A visitor of a moment ago may still wait: while the engine restarts they wait on, as they would in a line. */
function isLookedFor({ lastSeen }: Preview, now: number): boolean {
  return lastSeen !== null && Math.abs(now - lastSeen) < LOOKED_FOR_MS
}

function failedFor(preview: Preview, reason: Reason, now: number): In<'failed'> {
  const wait = retryAfter(reason, preview.crashes)
  const crashes = reason.code === 'no-answer' ? preview.crashes + 1 : preview.crashes
  const retryAt = wait === null ? null : now + wait
  return { ...known(preview), crashes, since: now, state: 'failed', reason, retryAt }
}

/** 0, then 0.5 s, 2 s, 8 s …: a crash is tried again quickly, a habit of crashing slowly. */
function backOff(crashes: number): number {
  return crashes <= 0 ? 0 : 500 * 4 ** (crashes - 1)
}
