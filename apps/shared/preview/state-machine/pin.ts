import { known, nudged, running, stopped } from './states.ts'
import { isCopy } from '../copy-tag.ts'
import { isRouted } from '../generation.ts'
import type { EventOf } from '../event.ts'
import { isPinned, type In, type InPhase, type Preview, type StopWhy } from '../preview.ts'

export function pin<P extends Preview>(preview: P, { until }: EventOf<'pin'>): P | undefined {
  return preview.pin?.until === until ? undefined : { ...preview, pin: { until } }
}

/** It is kept before it has run, or after all of it has gone. */
export function pinUnknown(preview: In<'unknown'>, { until }: EventOf<'pin'>, now: number): In<'stopped'> | undefined {
  if (isCopy(preview.tag)) return undefined
  return stopped({ ...known(preview), pin: { until } }, null, 'asked', now)
}

/** It is about to sleep, since it is idle or old or another needs its place: its container still runs. */
export function pinAndCallBack(
  preview: InPhase<'paused', 'draining'> | InPhase<'stopping', 'draining'>,
  event: EventOf<'pin'>,
  now: number,
): Preview | undefined {
  const pinned = pin(preview, event)
  const { generation } = preview
  const isMeant = preview.state === 'stopping' && !isByItself(preview.why)
  if (!pinned || isMeant || !generation || !isRouted(generation)) return pinned
  return nudged(running(pinned, generation, now, now))
}

/** The whole of a copy goes when its time is over. That time begins now, however long it has not been used. */
export function unpin(preview: Preview, _: EventOf<'unpin'>, now: number): Preview | undefined {
  if (!preview.pin) return undefined
  return preview.copy && preview.state === 'stopped' ? { ...preview, pin: null, since: now } : { ...preview, pin: null }
}

/** Whether a pin holds off a stop for that reason. */
export function isHeldOff(preview: Preview, why: StopWhy, now: number): boolean {
  return isByItself(why) && isPinned(preview, now)
}

/** Lotan's own decision: no person has asked for it, and its route still leads to it. */
function isByItself(why: StopWhy): boolean {
  return why !== 'asked' && why !== 'moved'
}
