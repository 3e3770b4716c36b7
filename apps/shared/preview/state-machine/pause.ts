import { isOwn, known, nudged, running, stage } from './states.ts'
import type { EventOf } from '../event.ts'
import { isOnItsWay, isPinned, type In, type InPhase, type PausedPhase } from '../preview.ts'

/** Its route goes; its container runs on until the drain is over. */
export function pause(preview: In<'running'>, _: EventOf<'pause'>, now: number): In<'paused'> | undefined {
  return isOnItsWay(preview) || isPinned(preview, now) ? undefined : nudged(paused(preview, 'draining', now))
}

export function freeze(
  preview: In<'running'> | InPhase<'paused', 'draining'>,
  { generation }: EventOf<'freeze'>,
  now: number,
): In<'paused'> | undefined {
  return isOwn(preview, generation) ? paused(preview, 'frozen', now) : undefined
}

/** `unfit`: it could not be frozen. */
export function woken(
  preview: InPhase<'paused', 'frozen' | 'waking'>,
  { generation, unfit }: EventOf<'woken'>,
  now: number,
): In<'running'> | undefined {
  if (!isOwn(preview, generation)) return undefined
  const stages = unfit ? stage(preview, 'unfrozen', now) : preview.stages
  const readyAt = preview.phase === 'waking' ? now : preview.readyAt
  return running({ ...preview, stages }, preview.generation, readyAt, now)
}

export function inUse(preview: InPhase<'paused', 'draining'>, _: EventOf<'inUse'>, now: number): In<'running'> {
  return running(preview, preview.generation, preview.readyAt, now)
}

function paused(preview: In<'running'> | In<'paused'>, phase: PausedPhase, now: number): In<'paused'> {
  const { generation, readyAt } = preview
  return { ...known(preview), since: now, state: 'paused', phase, generation, readyAt }
}
