/** What a change of a preview counts as. The store adds it up in the transaction of the change (store/counters.ts). */
import type { Event } from './event.ts'
import type { ReasonCode } from './failure-reason.ts'
import type { Preview, StopWhy } from './preview.ts'
import type { SessionEnd, SessionKind } from '../shell/session-kind.ts'

/** Seconds; the last bucket has no bound. */
export const bounds = {
  pull: [0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600],
  start: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120],
} as const
type Timed = keyof typeof bounds

export const ENDLESS = '+Inf'

/** How a start ended: `running`, `cancelled`, or why it failed. */
export type StartResult = 'running' | 'cancelled' | ReasonCode

/** Each with its labels, as they are stored. */
export const reaps = [
  'pause idle',
  'stop idle',
  'stop lifetime',
  'stop room',
  'stop disk',
  'stop moved',
  'stop closed',
  'stop approval',
  'clean idle',
  'clean disk',
  'forget idle',
] as const
export type Reap = (typeof reaps)[number]

export type Tally =
  | { name: 'start'; label: StartResult; by: 1 }
  | { name: 'crash'; label: ReasonCode; by: 1 }
  | { name: 'reap'; label: Reap; by: 1 }
  /** Ends of services, which are started again. */
  | { name: 'serviceRestart'; label: ''; by: 1 }
  /** Sessions inside previews that have ended, `exec closed`. */
  | { name: 'shellSession'; label: `${SessionKind} ${SessionEnd['why']}`; by: 1 }
  /** `label`: the bound of a bucket, each counted in one alone. */
  | { name: `${Timed}Duration`; label: string; by: 1 }
  /** Of all durations, seconds. */
  | { name: `${Timed}Seconds`; label: ''; by: number }

export function talliesOf(was: Preview | undefined, becomes: Preview, event: Event): Tally[] {
  const start = startResultOf(was, becomes, event)
  const crash = crashOf(was, becomes, event)
  const reap = reapOf(was, becomes, event)
  return [
    ...(start ? [{ name: 'start' as const, label: start, by: 1 as const }] : []),
    ...(crash ? [{ name: 'crash' as const, label: crash, by: 1 as const }] : []),
    ...(reap ? [{ name: 'reap' as const, label: reap, by: 1 as const }] : []),
    ...(event.type === 'pulled' && was?.state === 'pulling' ? durationOf('pull', becomes) : []),
    ...(start === 'running' ? durationOf('start', becomes) : []),
  ]
}

function startResultOf(was: Preview | undefined, becomes: Preview, { type }: Event): StartResult | undefined {
  if (was?.state !== 'queued' && was?.state !== 'pulling' && was?.state !== 'starting') return undefined
  if (becomes.state === 'running') return 'running'
  if (becomes.state === 'failed') return becomes.reason.code
  return type === 'stop' || type === 'remove' ? 'cancelled' : undefined
}

/** Of what served: a newer image that does not come up leaves the preview as it is. */
function crashOf(was: Preview | undefined, becomes: Preview, event: Event): ReasonCode | undefined {
  if (event.type !== 'exited' && event.type !== 'diskOver') return undefined
  const served = was?.state === 'running' || was?.state === 'paused'
  return served && becomes.state !== was.state ? event.reason.code : undefined
}

function reapOf(was: Preview | undefined, becomes: Preview, event: Event): Reap | undefined {
  switch (event.type) {
    case 'pause':
      return 'pause idle'
    case 'stop':
      return event.why !== 'asked' && becomes.state === 'stopping' && isUp(was) ? stops[event.why] : undefined
    case 'cleaned':
      if (!was?.image) return undefined
      return was.state === 'stopped' && was.why === 'disk' ? 'clean disk' : 'clean idle'
    case 'forget':
      return 'forget idle'
    default:
      return undefined
  }
}

const stops: Record<Exclude<StopWhy, 'asked'>, Reap> = {
  idle: 'stop idle',
  lifetime: 'stop lifetime',
  room: 'stop room',
  disk: 'stop disk',
  moved: 'stop moved',
  closed: 'stop closed',
  approval: 'stop approval',
}

function isUp(preview: Preview | undefined): boolean {
  return preview?.state === 'running' || preview?.state === 'paused'
}

/** A clock that was stepped back makes no negative ones. */
function durationOf(timed: Timed, { took }: Preview): Tally[] {
  const seconds = Math.max(0, (took[timed] ?? 0) / 1_000)
  const bound = bounds[timed].find((bound) => seconds <= bound)
  return [
    { name: `${timed}Duration`, label: bound === undefined ? ENDLESS : String(bound), by: 1 },
    { name: `${timed}Seconds`, label: '', by: seconds },
  ]
}
