/** What goes wrong with a preview: it cannot start, its application ends by itself, its image is not there. */
import { withCurb } from './fork-bomb.ts'
import { atOnce, notRenewed, unfit } from './update.ts'
import { asked, bare, gone, known, queued, rested, stopped } from './states.ts'
import {
  AT_ONCE,
  generationOf,
  LOOKED_FOR_MS,
  MAX_CRASHES,
  STABLE_MS,
  startsAgain,
  type Event,
  type In,
  type Preview,
} from './preview.ts'
import { retryAfter, type Reason } from './failure-reason.ts'

/** It cannot be pulled, or does not come up. */
export function fail(preview: Preview, reason: Reason, now: number): Preview | undefined {
  if (preview.state === 'running') return unfit(preview, reason)
  if (preview.state !== 'queued' && preview.state !== 'pulling' && preview.state !== 'starting') return undefined
  // It was a newer one that could not be pulled: the one that is here starts.
  if (preview.state === 'pulling' && preview.image)
    return notRenewed(preview, { reason, number: preview.newer?.number }, now)
  return failed(preview, reason, now)
}

/** Its container ended without being asked to. */
export function exited(preview: Preview, event: Extract<Event, { type: 'exited' }>, now: number): Preview | undefined {
  const generation = generationOf(preview)
  if (preview.state === 'running' && preview.coming?.number === event.generation) return unfit(preview, event.reason)
  if (generation?.number !== event.generation) return undefined
  const left = event.gone ? null : rested(generation)
  switch (preview.state) {
    case 'starting':
      return failed(preview, event.reason, now)
    case 'running': {
      const crashes = now - preview.readyAt >= STABLE_MS ? 1 : preview.crashes + 1
      if (crashes > MAX_CRASHES) return failedFor(preview, { ...event.reason, code: 'crashing' }, now)
      return queued({ ...known(preview), crashes }, left, 'reaper', now, backOff(crashes - 1), event.reason)
    }
    case 'paused':
      // Nobody used it, so nobody misses it; whoever has just come gets a new start.
      if (preview.phase === 'waking')
        return queued({ ...known(preview), stages: {} }, left, 'reaper', now, 0, event.reason)
      return stopped(known(preview), left, 'exited', now)
    case 'stopped':
      return event.gone ? { ...preview, generation: null } : undefined
    default:
      return undefined
  }
}

/**
 * A container of it fills the disk, and is killed with all that it wrote, whoever is there: its route goes with it. What
 * else the preview has is left as it is, so that a newer image that does so costs nobody the one that serves.
 */
export function diskOver(
  preview: Preview,
  { generation: number, reason }: Extract<Event, { type: 'diskOver' }>,
  now: number,
): Preview | undefined {
  const own = generationOf(preview)
  if (own?.number === number) {
    if (!own.container) return undefined
    const leaving = [...preview.leaving, { ...own, since: AT_ONCE }]
    // Somebody wants it gone in any case.
    if (preview.state === 'removing') {
      const phase = startsAgain(preview) ? 'endingToRestart' : 'ending'
      return asked({ ...preview, phase, leaving, generation: null })
    }
    return asked(failedFor({ ...preview, leaving }, reason, now))
  }
  const left = preview.state === 'running' && preview.coming?.number === number ? unfit(preview, reason) : preview
  const isLeaving = left?.leaving.some((leaving) => leaving.number === number && leaving.since !== AT_ONCE)
  return left && isLeaving ? asked(atOnce(left, number)) : undefined
}

/** What serves is curbed, or is not any more: the admin reads of it. */
export function curbed(
  preview: Preview,
  { generation, curbed }: Extract<Event, { type: 'curbed' }>,
): Preview | undefined {
  if (preview.state !== 'running' || preview.generation.number !== generation) return undefined
  const notice = withCurb(preview.notice, curbed)
  return notice === preview.notice ? undefined : { ...preview, notice }
}

/** The image it was to start from was removed by somebody else: it is pulled again. */
export function imageGone(preview: Preview, now: number): Preview | undefined {
  if (preview.state === 'running') return unfit(preview, { code: 'start-failed', detail: 'its image was removed' })
  if ((preview.state !== 'queued' && preview.state !== 'starting') || !preview.image) return undefined
  return queued(bare(preview), null, 'retry', now, 0, null)
}

/** The registry does not have the tag. */
export function missing(preview: Preview, now: number): Preview | undefined {
  return preview.state === 'pulling' || preview.state === 'queued' ? gone(preview, 'missing', now) : undefined
}

/** A start that did not work: tried again at once where the reason's rule says so, else `failed`. */
function failed(
  preview: In<'queued'> | In<'pulling'> | In<'starting'>,
  reason: Reason,
  now: number,
): In<'queued'> | In<'failed'> {
  if (reason.code === 'engine-down' && isLookedFor(preview, now))
    return queued({ ...known(preview) }, null, 'retry', now, retryAfter(reason, 0) ?? 0, reason)
  if (reason.code !== 'exited') return failedFor(preview, reason, now)
  const crashes = preview.crashes + 1
  if (crashes >= MAX_CRASHES) return failedFor({ ...preview, crashes }, reason, now)
  return queued({ ...known(preview), crashes }, null, 'retry', now, backOff(crashes), reason)
}

/**
 * Whether a visitor was here a moment ago, who may still wait: for an engine that is being restarted they wait on, as
 * they would in a line.
 */
function isLookedFor({ lastSeen }: Preview, now: number): boolean {
  return lastSeen !== null && Math.abs(now - lastSeen) < LOOKED_FOR_MS
}

function failedFor(preview: Preview, reason: Reason, now: number): In<'failed'> {
  const wait = retryAfter(reason, preview.crashes)
  const crashes = reason.code === 'no-answer' ? preview.crashes + 1 : preview.crashes
  return {
    ...known(preview),
    crashes,
    since: now,
    state: 'failed',
    reason,
    retryAt: wait === null ? null : now + wait,
  }
}

/** 0, then 0.5 s, 2 s, 8 s …: a crash is tried again quickly, a habit of crashing slowly. */
function backOff(crashes: number): number {
  return crashes <= 0 ? 0 : 500 * 4 ** (crashes - 1)
}
