/** The reaper acts by this and the admin page announces it. */
import { idOf } from './preview-id.ts'
import type { Config } from '../config/config.ts'
import { isForgettable, isUnproven, waitsForEngine, type In, type Preview } from './preview.ts'
import { idleSpan } from '../config/values/amount.ts'

export type Timeouts = Pick<Config, 'pauseAfter' | 'stopAfter' | 'rmiAfter' | 'prepulls'>

export interface Due {
  /** `clean`: its container and image go. */
  what: 'pause' | 'stop' | 'clean'
  /** `lifetime` ends it even in use. `disk`: the engine's disk needs the room. */
  why: 'idle' | 'lifetime' | 'disk'
  /** Milliseconds since 1970. */
  at: number
}

/** A container that the engine could not freeze is left alone for so long: each try takes its route for 10 s. */
const FREEZE_AGAIN_MS = 10 * 60_000

/** Earliest first. What would be due while it is pinned is due as that ends, and never where it has no end. */
export function duesOf(preview: Preview, timeouts: Timeouts): Due[] {
  const dues = unpinnedDuesOf(preview, timeouts)
  if (!preview.pin) return dues
  const { until } = preview.pin
  if (until === null) return []
  const ends = dues.map((due) => ({ ...due, at: Math.max(due.at, until) }))
  const stopAt = Math.min(...ends.flatMap(({ what, at }) => (what === 'stop' ? at : [])))
  return ends.filter(({ what, at }) => what !== 'pause' || at < stopAt)
}

/** The image's labels win over the settings. A start is activity, but not Lotan's own after a crash. */
function unpinnedDuesOf(preview: Preview, { pauseAfter, stopAfter, rmiAfter, prepulls }: Timeouts): Due[] {
  const used = usedAt(preview)
  if (preview.state === 'running' || preview.state === 'paused') {
    const stopAt = used + idleTimeOf(preview, { stopAfter })
    const lifetime = minutes(preview, 'lotan.max-lifetime-minutes')
    const dues: Due[] = [{ what: 'stop', why: 'idle', at: stopAt }]
    if (lifetime !== undefined)
      dues.push({ what: 'stop', why: 'lifetime', at: (startedAt(preview) ?? preview.readyAt) + lifetime })
    const pauseAt = Math.max(used + (pauseAfter ?? 0), (preview.stages.unfrozen ?? -Infinity) + FREEZE_AGAIN_MS)
    if (preview.state === 'running' && pauseAfter !== null && pauseAt < stopAt)
      dues.push({ what: 'pause', why: 'idle', at: pauseAt })
    return dues.sort((a, b) => a.at - b.at)
  }
  if (preview.state !== 'stopped' && preview.state !== 'failed') return []
  const generation = preview.state === 'stopped' ? preview.generation : null
  if (!preview.image && !generation) return []
  if (preview.state === 'stopped' && preview.why === 'disk') return [{ what: 'clean', why: 'disk', at: preview.since }]
  // It waits for its first click, until the disk needs the room.
  if (preview.state === 'stopped' && preview.why === 'ahead' && prepulls(idOf(preview))) return []
  // Counted from the last visit; where there was none, or it ended in a failure, from then on. A copy: from its end.
  const from = used && preview.state === 'stopped' && !preview.copy ? used : Math.max(used, preview.since)
  return [{ what: 'clean', why: 'idle', at: from + rmiAfter }]
}

/** Milliseconds since 1970, 0 for never. A start without a visit yet counts as a visit, and so does a wake. */
export function usedAt(preview: Preview): number {
  const isUp = preview.state === 'running' || preview.state === 'paused'
  // Else it is ready since its start, whatever made that.
  const called = isUp && preview.readyAt !== preview.stages.running ? preview.readyAt : 0
  return Math.max(preview.lastSeen ?? 0, startedAt(preview) ?? 0, called)
}

/**
 * When it was last wanted, milliseconds since 1970, 0 for never: a visit, or a start by an admin or a program. What
 * another preview's call does is as old as the visit that the call goes back to, so previews that call each other in a
 * circle do not make each other any younger.
 */
export function visitedAt({ lastSeen, stages }: Preview): number {
  const started = stages.called ?? stages.first ?? stages.running ?? stages.queued
  return Math.max(lastSeen ?? 0, started ?? 0)
}

/** How long it stays up without being used, milliseconds. */
export function idleTimeOf(preview: Preview, { stopAfter }: Pick<Timeouts, 'stopAfter'>): number {
  return Math.min(minutes(preview, 'lotan.inactivity-stop-minutes') ?? stopAfter, longestIdle(stopAfter))
}

function startedAt({ stages }: Preview): number | undefined {
  return stages.first ?? stages.running
}

/** A pause that is overdue is passed over, since open connections hold it off. */
export function nextDue(preview: Preview, timeouts: Timeouts, now: number): Due | undefined {
  return duesOf(preview, timeouts).find(({ what, at }) => what !== 'pause' || at > now)
}

/** How long the row of a preview without anything left is kept; less for a tag that may not exist. */
const FORGET_MS = 24 * 60 * 60_000

/** When the row of a preview goes of which nothing is left, milliseconds since 1970; undefined for any other. */
export function forgottenAt(preview: Preview, { stopAfter }: Pick<Timeouts, 'stopAfter'>): number | undefined {
  const { pin, since, lastSeen } = preview
  if (!isForgettable(preview) || pin?.until === null) return undefined
  const kept = preview.state === 'failed' && isUnproven(preview) ? stopAfter : FORGET_MS
  return Math.max(Math.max(since, lastSeen ?? 0) + kept, pin?.until ?? 0)
}

/**
 * Whether a failed preview is started again by Lotan itself at that time: only for a visitor of late. Where the engine is
 * away, once that is back: tries in between would fill log and history.
 */
export function isRetriedAt(preview: In<'failed'>, now: number, { stopAfter }: Pick<Timeouts, 'stopAfter'>): boolean {
  const { retryAt, lastSeen } = preview
  if (waitsForEngine(preview) || retryAt === null || now < retryAt) return false
  return now - (lastSeen ?? 0) < stopAfter
}

const WEEK_MS = 7 * 24 * 60 * 60_000

/** No image keeps itself up for longer than this without a visitor, unless the setting does. Milliseconds. */
export function longestIdle(stopAfter: number): number {
  return Math.max(WEEK_MS, stopAfter)
}

export const span = idleSpan

/** A label that is no time span is as if it were not there; the queue-processor tells the admin. */
function minutes({ image }: Preview, label: string): number | undefined {
  const text = image?.labels[label]
  return text === undefined ? undefined : span.safeParse(text).data
}
