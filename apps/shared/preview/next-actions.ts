/**
 * What becomes of previews if nobody comes: pages announce it. The times are those of the clock, so that they are the same
 * with each look until something happens; they lie in the past for the moment that an action takes.
 */
import { leavesAt, FIRST, rankOf, startQueue } from './start-queue.ts'
import { duesOf, usedAt, type Due, type Timeouts } from './timeouts.ts'
import { countsAsRunning, isOnItsWay, isPinned, startsAgain, type In, type Preview } from './preview.ts'
import { idOf, type PreviewId } from './preview-id.ts'

export interface NextAction {
  preview: Preview
  what: Due['what']
  /** `room`: another one waits for its place, or its memory. */
  why: Due['why'] | 'room'
  /** Milliseconds since 1970. */
  at: number
}

export interface NextFacts {
  timeouts: Timeouts
  /** LOTAN_MAX_RUNNING. */
  maxRunning: number
  /** Whether starts wait for memory. */
  memoryFull: boolean
  /** Those with a client connected, which are not paused; null where that is not known. */
  open: ReadonlySet<PreviewId> | null
}

type Up = In<'running'> | In<'paused'>

/** One for each preview to which something happens, the earliest first. */
export function nextActions(previews: readonly Preview[], facts: NextFacts, now: number): NextAction[] {
  const room = new Map(stopsForRoom(previews, facts, now).map((stop) => [stop.preview, stop]))
  return previews
    .flatMap((preview) => earliest([room.get(preview), nextDueOf(preview, facts, now)]) ?? [])
    .sort((a, b) => a.at - b.at || (idOf(a.preview) < idOf(b.preview) ? -1 : 1))
}

function nextDueOf(preview: Preview, { timeouts, open }: NextFacts, now: number): NextAction | undefined {
  const isHeld = open?.has(idOf(preview)) || isOnItsWay(preview)
  // Where it is not known who is connected, a pause that is overdue is held off by somebody.
  const comes = ({ what, at }: Due) => what !== 'pause' || (!isHeld && (open !== null || at > now))
  const due = duesOf(preview, timeouts).find(comes)
  return due && { preview, ...due }
}

/** As the queue-processor chooses them, one for each that waits: paused ones at once, others when they have been idle. */
function stopsForRoom(previews: readonly Preview[], { maxRunning, memoryFull }: NextFacts, now: number): NextAction[] {
  const waiting = startQueue(previews, now)
  const [first] = waiting
  const up = previews.filter(({ state }) => countsAsRunning(state)).length
  if (!first || (up < maxRunning && !memoryFull)) return []
  const stopping = previews.filter((preview) => preview.state === 'stopping' && !startsAgain(preview)).length
  const missing = waiting.length + up - Math.min(up, maxRunning) - stopping
  const people = waiting.filter((preview) => rankOf(preview, now) === FIRST).length - stopping
  const places = previews
    .filter((preview) => preview.state === 'running' || preview.state === 'paused')
    .filter((preview) => !startsAgain(preview) && !isPinned(preview, now))
  // Of those that may go already the longest unused one goes, and what is idle before what met no visitor.
  const soonest = (forPerson: boolean) => (a: Up, b: Up) =>
    Math.max(now, freeAt(a, forPerson)) - Math.max(now, freeAt(b, forPerson)) ||
    freeAt(a, false) - freeAt(b, false) ||
    usedAt(a) - usedAt(b)
  const forPeople = places.toSorted(soonest(true)).slice(0, Math.max(0, Math.min(missing, people)))
  const forOthers = places.filter((preview) => !forPeople.includes(preview)).sort(soonest(false))
  return [
    ...forPeople.map((preview) => ({ preview, at: freeAt(preview, true) })),
    ...forOthers
      .slice(0, Math.max(0, missing - forPeople.length))
      .map((preview) => ({ preview, at: freeAt(preview, false) })),
  ].map(({ preview, at }) => ({ preview, what: 'stop', why: 'room', at: Math.max(at, first.since) }))
}

/** A paused one is idle by definition. */
function freeAt(preview: Up, forPerson: boolean): number {
  return preview.state === 'paused' ? -Infinity : leavesAt(preview, forPerson)
}

function earliest(actions: (NextAction | undefined)[]): NextAction | undefined {
  return actions.filter((action) => action !== undefined).sort((a, b) => a.at - b.at)[0]
}
