/**
 * Who is served first: a start that a person waits for, then one that a program waits for, then those that were only
 * asked for, then what takes over from an older image and what Lotan only tries. Within each in order of arrival. Places are those of
 * LOTAN_MAX_RUNNING.
 */
import { compareKeys } from './preview-id.ts'
import type { In, Preview, Waiter } from './preview.ts'
import { usedAt } from './timeouts.ts'

/** A delayed job may come a moment early. */
export const EARLY_MS = 100
/** No back-off is as long: one that ends later was reckoned by a clock that was ahead. */
export const LONGEST_MS = 10 * 60_000
/** A click counts for so long without more of its visitor: a page without script comes again within seconds. */
export const CLICK_MS = 10_000
/** A preview that was used so short a time ago is not stopped for another one. */
export const IDLE_MS = 60_000
/** … but for a person one that came up, and then met no visitor. */
export const UNVISITED_MS = 10_000

export type Rank = 0 | 1 | 2 | 3
export const FIRST: Rank = 0

export function isDue({ notBefore }: Pick<In<'queued'>, 'notBefore'>, now: number): boolean {
  return notBefore <= now + EARLY_MS || notBefore > now + LONGEST_MS
}

/** Null also where that is over. */
export function waiterOf({ waiter }: Pick<Preview, 'waiter'>, now: number): Waiter['who'] | null {
  // An end further ahead was reckoned by a clock that was ahead.
  return waiter && waiter.until > now && waiter.until <= now + LONGEST_MS ? waiter.who : null
}

/** The smaller one starts first. */
export function rankOf(preview: Preview, now: number): Rank {
  const who = waiterOf(preview, now)
  if (who) return who === 'person' ? FIRST : 1
  return preview.state === 'running' || makesNoRoom(preview, now) ? 3 : 2
}

/** Nobody has asked for it: it waits until there is a place, and no idle preview is stopped for it. */
export function makesNoRoom(preview: Preview, now: number): boolean {
  return preview.state === 'queued' && preview.by === 'verify' && waiterOf(preview, now) === null
}

/** Those that wait for a place, the first one first. */
export function startQueue(previews: readonly Preview[], now: number): In<'queued'>[] {
  return previews
    .filter((preview) => preview.state === 'queued')
    .filter((preview) => isDue(preview, now))
    .sort((a, b) => compareStarts(a, b, now))
}

/** How many start before this one. */
export function aheadOf(preview: Preview, previews: readonly Preview[], now: number): number {
  if (preview.state !== 'queued') return 0
  return startQueue(previews, now).filter((other) => compareStarts(other, preview, now) < 0).length
}

/** Those of a better rank: they go before this one though they came later. */
export function overtakers(preview: Preview, previews: readonly Preview[], now: number): In<'queued'>[] {
  const rank = rankOf(preview, now)
  return rank === FIRST ? [] : startQueue(previews, now).filter((other) => rankOf(other, now) < rank)
}

function compareStarts(a: Preview, b: Preview, now: number): number {
  return rankOf(a, now) - rankOf(b, now) || a.since - b.since || compareKeys(a, b)
}

/**
 * As many whose image is here as there are places, and as many whose image has to be pulled: no start for which there
 * is a place waits behind a pull. Without a place still the first of each: its asking makes an idle preview leave.
 */
export function nextInLine(previews: readonly Preview[], places: number, now: number): In<'queued'>[] {
  const { here = [], away = [] } = Object.groupBy(startQueue(previews, now), ({ image }) => (image ? 'here' : 'away'))
  const most = Math.max(1, places)
  return [...here.slice(0, most), ...away.slice(0, most)]
}

/** When it may be stopped to make room, milliseconds since 1970. @param forPerson whether a person waits for the room */
export function leavesAt(preview: In<'running'>, forPerson: boolean): number {
  const isUnvisited = (preview.lastSeen ?? 0) < preview.readyAt
  return usedAt(preview) + (forPerson && isUnvisited ? UNVISITED_MS : IDLE_MS)
}
