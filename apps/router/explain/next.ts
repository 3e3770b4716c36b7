/** Pure. What Lotan does next by itself, by the rules that the reaper goes by. */
import type { NextStep } from '../../shared/api/explain.ts'
import { wantsNewer } from '../../shared/preview/image-update.ts'
import { generationOf, isPinned, type Preview } from '../../shared/preview/preview.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'
import { duesOf, forgottenAt, isRetriedAt, type Due, type Timeouts } from '../../shared/preview/timeouts.ts'

type Step = Omit<NextStep, 'at'> & { at: number }

export interface NextFacts {
  timeouts: Timeouts
  /** Whether a client is connected; null where that is not known. */
  isOpen: boolean | null
  /** When newer images are looked for, milliseconds since 1970; null where that is not known. */
  updatesAt: number | null
  /** When it is stopped to make room for another one, milliseconds since 1970; null where it is not. */
  roomAt: number | null
  /** When it is removed since its pull request is closed, milliseconds since 1970; null where it is not. */
  goesAt: number | null
  /** Its own. */
  volumes: readonly Pick<VolumeRow, 'name' | 'usedAt' | 'keep'>[]
  /** How long they outlive its container, milliseconds. */
  dataFor: number
  now: number
}

export function nextOf(preview: Preview, facts: NextFacts): NextStep[] {
  const steps = [
    ...removal(preview),
    ...end(facts),
    ...dues(preview, facts),
    ...leaves(facts),
    ...starts(preview, facts),
    ...updates(preview, facts),
    ...goes(preview, facts),
    ...dataGoes(preview, facts),
  ]
  return steps.sort((a, b) => a.at - b.at).map((step) => ({ ...step, at: new Date(step.at).toISOString() }))
}

function removal({ removeAt }: Preview): Step[] {
  if (removeAt === null) return []
  const words = 'It is removed then: that was asked for, and may be taken back before.'
  return [{ what: 'remove', why: 'asked', at: removeAt, words }]
}

function end({ goesAt }: NextFacts): Step[] {
  const words = 'It is removed then: its pull request is closed. A pin keeps it.'
  return goesAt === null ? [] : [{ what: 'remove', why: 'closed', at: goesAt, words }]
}

function dues(preview: Preview, { timeouts, isOpen }: NextFacts): Step[] {
  const own = duesOf(preview, timeouts)
  const stop = own.find(({ what }) => what === 'stop')
  // Once it is stopped, without a visit.
  const asleep = stop && ({ ...preview, state: 'stopped', why: 'idle', since: stop.at } as Preview)
  return [...own, ...(asleep ? duesOf(asleep, timeouts) : [])].map((due) => stepOf(due, isOpen))
}

function stepOf({ what, why, at }: Due, isOpen: boolean | null): Step {
  switch (what) {
    case 'pause':
      return {
        what,
        why,
        at,
        words: isOpen
          ? 'It is paused then, once no client is connected any more.'
          : 'It is paused then, unless it is used before.',
      }
    case 'stop':
      return {
        what,
        why,
        at,
        words:
          why === 'lifetime'
            ? 'It is stopped then, even if it is in use: its lifetime is over.'
            : 'It is stopped then, unless it is used before.',
      }
    case 'clean':
      return {
        what: 'remove-image',
        why,
        at,
        words:
          why === 'disk'
            ? 'Its container and its image are removed: the disk needs their room.'
            : 'Its container and its image are removed then, unless it is used before.',
      }
  }
}

function leaves({ roomAt }: NextFacts): Step[] {
  const words = 'It is stopped then to make room for one that waits, unless it is used before.'
  return roomAt === null ? [] : [{ what: 'stop', why: 'room', at: roomAt, words }]
}

function starts(preview: Preview, { timeouts, now }: NextFacts): Step[] {
  if (preview.state === 'queued' && preview.notBefore > now)
    return [
      { what: 'start', why: 'failed', at: preview.notBefore, words: 'It is tried again then; the last try failed.' },
    ]
  if (preview.state !== 'failed' || preview.retryAt === null) return []
  const at = Math.max(now, preview.retryAt)
  if (!isRetriedAt(preview, at, timeouts)) return []
  return [{ what: 'retry', why: 'failed', at, words: 'It is tried again then, since it was visited of late.' }]
}

function updates(preview: Preview, { updatesAt, now }: NextFacts): Step[] {
  if (!preview.image?.pulled || updatesAt === null) return []
  const words = wantsNewer(preview)
    ? 'A newer image is known of; the registry is asked again then.'
    : 'The registry is asked then whether it has a newer image.'
  return [{ what: 'refresh', why: 'newer', at: Math.max(now, updatesAt), words }]
}

/** The removal of a preview takes its data with it: that is told of already. */
function dataGoes(preview: Preview, { timeouts, volumes, dataFor, now }: NextFacts): Step[] {
  if (volumes.length === 0 || isPinned(preview, now)) return []
  const usedUntil = lastUseOf(preview, timeouts)
  const at = (volume: NextFacts['volumes'][number]) => (usedUntil ?? volume.usedAt) + (volume.keep ?? dataFor)
  if (usedUntil === undefined) return []
  return [...Map.groupBy(volumes, at)].map(([time, those]) => ({
    what: 'remove-data',
    why: 'unused',
    at: Math.max(now, time),
    words: `Its data (${those.map(({ name }) => name).join(', ')}) is removed then, unless it is used before.`,
  }))
}

/** When its container goes; null where it has none. Undefined: not known, as long as it is in use. */
function lastUseOf(preview: Preview, timeouts: Timeouts): number | null | undefined {
  if (!generationOf(preview)?.container) return ['stopped', 'failed'].includes(preview.state) ? null : undefined
  const stop = duesOf(preview, timeouts).find(({ what }) => what === 'stop')
  const asleep = stop ? ({ ...preview, state: 'stopped', why: 'idle', since: stop.at } as Preview) : preview
  return duesOf(asleep, timeouts).find(({ what }) => what === 'clean')?.at
}

function goes(preview: Preview, { timeouts }: NextFacts): Step[] {
  const at = forgottenAt(preview, timeouts)
  return at === undefined
    ? []
    : [{ what: 'forget', why: 'unused', at, words: 'It leaves the list then, unless it is used before.' }]
}
