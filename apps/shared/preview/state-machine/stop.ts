import {
  firstPhase,
  gone,
  known,
  notToRestart,
  nudged,
  queued,
  running,
  stopped,
  stopping,
  toRestart,
  withoutImage,
  withoutSlot,
} from './states.ts'
import { isHeldOff } from './pin.ts'
import type { EventOf } from '../event.ts'
import { generationOf, isForgettable, isOnItsWay, isPinned, type In, type InPhase, type Preview } from '../preview.ts'
import { isRouted } from '../generation.ts'

type Stop = EventOf<'stop'>
type Ending = In<'stopping'> | In<'removing'>

export function stop(preview: In<'running'> | In<'paused'>, { why }: Stop, now: number): In<'stopping'> | undefined {
  // A visitor has come since it was chosen, or it was pinned.
  if ((why === 'disk' && isOnItsWay(preview)) || isHeldOff(preview, why, now)) return undefined
  return nudged(stopping(preview, why, now))
}

/** `moved`: it will come up where slots are now, so that it need not stop. */
export function cancel(preview: In<'queued'> | In<'pulling'> | In<'starting'>, { why }: Stop, now: number) {
  return why === 'disk' || why === 'moved' ? undefined : nudged(stopping(preview, why, now))
}

/** It is being stopped already: a click from now on starts it where it will be. */
export function stopElsewhere(preview: In<'stopping'>, { why }: Stop): In<'stopping'> | undefined {
  return why === 'moved' && preview.why !== 'moved' ? { ...preview, why } : undefined
}

export function stopForGood(preview: In<'stopping'>, event: Stop): In<'stopping'> | undefined {
  const { why } = event
  if (why === 'disk') return undefined
  return why === 'moved' ? stopElsewhere(preview, event) : notToRestart({ ...preview, why })
}

export function removeForGood(preview: In<'removing'>, event: Stop | EventOf<'remove'>): In<'removing'> | undefined {
  if (event.type === 'stop' && (event.why === 'disk' || event.why === 'moved')) return undefined
  return notToRestart({ ...preview, pin: null })
}

/** The reaper cleans it at once where the disk needs its room, not only when it is old enough. */
export function freeDisk(preview: In<'stopped'>, { why }: Stop, now: number): In<'stopped'> | undefined {
  if (why !== 'disk' || preview.why === 'disk' || isOnItsWay(preview) || isHeldOff(preview, why, now)) return undefined
  return preview.image || preview.generation ? nudged({ ...preview, why }) : undefined
}

export function giveUp(preview: In<'failed'>, { why }: Stop, now: number): In<'stopped'> | undefined {
  if (why === 'moved' || (why === 'disk' && isOnItsWay(preview)) || isHeldOff(preview, why, now)) return undefined
  return stopped(known(preview), null, why, now)
}

export function restart(preview: In<'running'> | In<'paused'>, _: EventOf<'restart'>, now: number): In<'stopping'> {
  return toRestart(stopping(preview, 'asked', now))
}

export function inUse(
  preview: InPhase<'stopping', 'draining'>,
  _: EventOf<'inUse'>,
  now: number,
): In<'running'> | undefined {
  const { why, generation } = preview
  if (why !== 'idle' && why !== 'disk') return undefined
  return generation && isRouted(generation) ? running(preview, generation, now, now) : undefined
}

export function remove(preview: Preview, _: EventOf<'remove'>, now: number): In<'removing'> {
  const generation = generationOf(preview)
  return nudged({
    ...known(preview),
    pin: null,
    removeAt: null,
    since: now,
    state: 'removing',
    phase: firstPhase(preview),
    generation,
  })
}

export function ending<P extends Ending>(preview: P): P {
  return { ...preview, phase: 'ending' }
}

export function endingToRestart<P extends Ending>(preview: P): P {
  return { ...preview, phase: 'endingToRestart' }
}

export function ended(preview: In<'stopping'>, _: EventOf<'ended'>, now: number): In<'stopped'> {
  return stopped(known(preview), withoutSlot(preview.generation), preview.why, now)
}

export function endedToRestart(preview: In<'stopping'>, _: EventOf<'ended'>, now: number): In<'queued'> {
  return queued({ ...known(preview), crashes: 0 }, withoutSlot(preview.generation), 'api', now)
}

export function removed(preview: In<'removing'>, _: EventOf<'removed'>, now: number): In<'unknown'> {
  return gone(preview, 'removed', now)
}

export function removedToRestart(preview: In<'removing'>, _: EventOf<'removed'>, now: number): In<'queued'> {
  return queued({ ...withoutImage(preview), crashes: 0 }, null, 'api', now)
}

/** Pulled ahead, but not offered any more: from now on it ages like all others. */
export function unlisted(preview: In<'stopped'>, _: EventOf<'unlisted'>, now: number): In<'stopped'> | undefined {
  return preview.why === 'ahead' ? { ...preview, since: now, why: 'idle' } : undefined
}

export function cleaned(preview: In<'stopped'>): In<'stopped'> | undefined {
  const { image, generation, why } = preview
  return image || generation ? { ...withoutImage(preview), state: 'stopped', generation: null, why } : undefined
}

export function cleanedAfterFailure(preview: In<'failed'>, _: EventOf<'cleaned'>, now: number): In<'stopped'> {
  return stopped(withoutImage(preview), null, 'idle', now)
}

/** A click came while the image was going: it is pulled again. */
export function cleanedBeforePull(preview: In<'queued'>): In<'queued'> | undefined {
  const { image, generation } = preview
  if (!image && !generation) return undefined
  return nudged({ ...preview, ...withoutImage(preview), phase: 'findImage', generation: null })
}

export function forget(preview: In<'stopped'> | In<'failed'>, _: EventOf<'forget'>, now: number) {
  return isForgettable(preview) && !isPinned(preview, now) ? gone(preview, 'forgotten', now) : undefined
}
