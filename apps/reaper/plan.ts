/**
 * What is due. The reaper's rule, pure: what SQLite says is wanted and known, held against what the engine runs.
 *
 * It compares in both directions: a row whose container is not there, and a container that no row knows.
 */
import type { Config } from '../shared/config/config.ts'
import { duesOf, type Due, type Timeouts } from '../shared/preview/timeouts.ts'
import type { Container } from '../shared/engine/engine.ts'
import { nextInLine } from '../shared/preview/start-queue.ts'
import { wantsNewer } from '../shared/preview/image-update.ts'
import { slotOf, type SlotScheme } from '../shared/slots/slot-scheme.ts'
import {
  besideOf,
  generationOf,
  isForgettable,
  isOnItsWay,
  isRouted,
  isUnproven,
  waitsForEngine,
  type Event,
  type In,
  type Preview,
  type Routed,
} from '../shared/preview/preview.ts'

export interface Facts {
  previews: readonly Preview[]
  /** This instance's containers; null when the engine was not read, or did not answer: then nothing is concluded. */
  containers: readonly Container[] | null
  /** When the engine was asked for them, milliseconds since 1970: what failed for want of it before that may start now. */
  askedAt: number
  /** Where slots are; undefined where that is not known yet. */
  places: SlotScheme | undefined
  /** Whether somebody may be connected to a preview, silent perhaps: it is not frozen then. */
  isOpen: (tag: string) => boolean
  /** Until when every use of a preview is known, milliseconds since 1970: what is due since then may have been used. */
  knownUntil: number
  /** Free places of LOTAN_MAX_RUNNING. */
  room: number
  /** The newest generation of a tag that this database has ever known, or null where it has known of none. */
  lastGeneration: (tag: string) => number | null
  config: Timeouts & Pick<Config, 'repository' | 'slots'>
}

export type Action =
  /** Let the event change the preview, and ask the queue-processor for what that leaves to do. */
  | { do: 'apply'; tag: string; event: Event }
  /** Ask the queue-processor to look at a preview as it is. */
  | { do: 'ask'; preview: Preview }
  /** Ask the queue-processor to look for the newer image of a preview again: what was asked before may have been lost. */
  | { do: 'refresh'; preview: Preview }
  /** Ask for what is left of containers that no row knows to be removed. */
  | { do: 'sweep'; tag: string }
  /** A container does not run or is not there, though its preview says otherwise: look into it. */
  | { do: 'exited'; preview: In<'running'> | In<'paused'> | In<'stopped'> }
  /** A container seems to run elsewhere than its preview says: look into it, since a route may lead to another's. */
  | { do: 'astray'; preview: Preview; generation: Routed }
  /** A running container whose row was lost with the database. */
  | { do: 'adopt'; container: Container }

/** A wish this old has either a job at work on it, or lost its nudge; asking again is harmless. */
const ASK_AGAIN_MS = 3_000
/** A preview of which nothing is left is forgotten after a day; one that may never have existed sooner. */
const FORGET_MS = 24 * 60 * 60_000

/** @param now milliseconds since 1970 */
export function plan(facts: Facts, now: number): Action[] {
  const { previews, containers } = facts
  const callable = new Set<Preview>(nextInLine(previews, facts.room, now))
  const actions = previews.flatMap((preview) => ofPreview(preview, facts, callable, now) ?? [])
  if (!containers) return actions
  return [...actions, ...ofContainers(previews, containers, facts, now), ...lost(previews, containers, facts, now)]
}

function ofPreview(preview: Preview, facts: Facts, callable: Set<Preview>, now: number): Action | undefined {
  const { tag } = preview
  const { config } = facts
  const age = ageOf(preview, now)
  const due = dueNow(preview, facts, now)
  switch (due?.what) {
    case 'stop':
      return { do: 'apply', tag, event: { type: 'stop', why: due.why } }
    case 'pause':
      return { do: 'apply', tag, event: { type: 'pause' } }
    case 'clean':
      return { do: 'ask', preview }
  }
  if (isBackWithEngine(preview, facts, now)) return { do: 'apply', tag, event: { type: 'start', by: 'retry' } }
  switch (preview.state) {
    case 'queued':
      return callable.has(preview) && age >= ASK_AGAIN_MS ? { do: 'ask', preview } : undefined
    case 'running':
      if (isOnItsWay(preview)) return age >= ASK_AGAIN_MS ? { do: 'ask', preview } : undefined
      // What does not run has it looked for by its next start.
      return wantsNewer(preview) ? { do: 'refresh', preview } : undefined
    case 'pulling':
    case 'starting':
    case 'paused':
    case 'stopping':
    case 'removing':
      return isOnItsWay(preview) && age >= ASK_AGAIN_MS ? { do: 'ask', preview } : undefined
    case 'failed': {
      if (isOnItsWay(preview)) return { do: 'ask', preview }
      if (preview.retryAt !== null && now >= preview.retryAt && isVisited(preview, facts, now))
        return { do: 'apply', tag, event: { type: 'start', by: 'retry' } }
      return forgotten(preview, isUnproven(preview) ? config.stopAfter : FORGET_MS, now)
    }
    case 'stopped':
      return isOnItsWay(preview) ? { do: 'ask', preview } : forgotten(preview, FORGET_MS, now)
    default:
      return undefined
  }
}

/** What nobody visits any more is not tried again. */
function isVisited({ lastSeen }: Preview, { config }: Facts, now: number): boolean {
  return now - (lastSeen ?? 0) < config.stopAfter
}

/** Whether it failed for want of the engine, which has answered since. Whoever asked for it need not have visited it yet. */
function isBackWithEngine(preview: Preview, facts: Facts, now: number): boolean {
  if (!facts.containers || !waitsForEngine(preview) || preview.since >= facts.askedAt) return false
  if (preview.state === 'queued') return preview.notBefore > now
  return isVisited(preview, facts, now) || now - preview.since < facts.config.stopAfter
}

/**
 * How long a preview has been in its state. What is ahead of the clock, which has stepped back, is old; by a little it is
 * new, since clocks that are kept right step by so much.
 */
function ageOf({ since }: Preview, now: number): number {
  return since - now >= ASK_AGAIN_MS ? Infinity : Math.max(0, now - since)
}

/** A row of which nothing else is left goes when nobody has asked for it for so long. */
function forgotten(preview: Preview, after: number, now: number): Action | undefined {
  if (!isForgettable(preview) || now - Math.max(preview.since, preview.lastSeen ?? 0) < after) return undefined
  return { do: 'apply', tag: preview.tag, event: { type: 'forget' } }
}

/** A stop rather than a pause, and no pause of what somebody is connected to. */
function dueNow(preview: Preview, { config, isOpen, knownUntil }: Facts, now: number): Due | undefined {
  const isUp = preview.state === 'running' || preview.state === 'paused'
  const dues = duesOf(preview, config).filter(
    ({ at, why }) => at <= (isUp && why === 'idle' ? Math.min(now, knownUntil) : now),
  )
  const mayPause = !isOpen(preview.tag) && !isOnItsWay(preview)
  return dues.find(({ what }) => what !== 'pause') ?? (mayPause ? dues[0] : undefined)
}

function ofContainers(
  previews: readonly Preview[],
  containers: readonly Container[],
  facts: Facts,
  now: number,
): Action[] {
  const rows = new Map(previews.map((preview) => [preview.tag, preview]))
  const removals = new Set<string>()
  const sweeps = new Set<string>()
  const adoptions = new Map<string, Container>()
  for (const container of containers) {
    const { tag } = container
    const preview = rows.get(tag)
    const isOurs = container.repository === facts.config.repository
    if (preview) {
      // REPOSITORY was changed: this preview is another repository's.
      if (!isOurs && isMeant(preview, container) && preview.state !== 'removing') removals.add(tag)
      else if (isCorpse(preview, container, now)) sweeps.add(tag)
    } else if (isOurs && container.running && isUnknown(container.generation, facts.lastGeneration(tag))) {
      // Without a row there are two stories: it was removed, which the history tells, or the database was lost, or is
      // older than the container.
      if (container.generation >= (adoptions.get(tag)?.generation ?? 0)) adoptions.set(tag, container)
    } else sweeps.add(tag)
  }
  // What else the tag has is swept at the next look, when a row says which container is meant.
  for (const tag of adoptions.keys()) sweeps.delete(tag)
  return [
    ...[...removals].map((tag) => ({ do: 'apply' as const, tag, event: { type: 'remove' as const } })),
    ...[...adoptions.values()].map((container) => ({ do: 'adopt' as const, container })),
    ...[...sweeps].map((tag) => ({ do: 'sweep' as const, tag })),
  ]
}

/**
 * Whether a container is one of which the database never knew: it was lost, or is a back-up from before. A tag counts its
 * generations on when it comes back, so that one that was removed is never above the last of the history.
 */
export function isUnknown(generation: number, last: number | null): boolean {
  return last === null || generation > last
}

/** Rows whose container does not run, or, where it rests, is not there any more; or that somebody else froze or woke. */
function lost(previews: readonly Preview[], containers: readonly Container[], facts: Facts, now: number): Action[] {
  const known = new Map(containers.map((container) => [container.id, container]))
  return previews.flatMap((preview): Action[] => {
    const { tag, state } = preview
    const generation = callableOf(preview)
    const there = generation && known.get(generation.container)
    if (generation && there?.running && isAstray(generation, there, facts))
      return [{ do: 'astray', preview, generation }]
    if (state !== 'running' && state !== 'paused' && state !== 'stopped') return []
    const { container, number } = preview.generation ?? {}
    if (!container || number === undefined) return []
    const found = known.get(container)
    if (!found || (state !== 'stopped' && !found.running)) return [{ do: 'exited', preview }]
    // What was frozen or woken a moment ago may have been seen before that.
    if (ageOf(preview, now) < ASK_AGAIN_MS || isOnItsWay(preview)) return []
    if (state === 'running' && found.status === 'paused')
      return [{ do: 'apply', tag, event: { type: 'freeze', generation: number } }]
    if (state === 'paused' && found.status === 'running')
      return [{ do: 'apply', tag, event: { type: 'woken', generation: number } }]
    return []
  })
}

/** What a route leads to, or would lead to with the next click, without its container being started before. */
function callableOf(preview: Preview): Routed | undefined {
  if (preview.state === 'running' || preview.state === 'paused') return preview.generation
  if (preview.state !== 'stopping' || !preview.draining || preview.why === 'moved') return undefined
  return preview.generation && isRouted(preview.generation) ? preview.generation : undefined
}

/**
 * Whether a container is not at the slot of its generation, or at one that nginx does not have: the database is an older
 * one, a back-up perhaps, or LOTAN_SLOTS was lowered, or somebody took it off the network.
 */
export function isAstray(
  { slot }: Routed,
  found: Pick<Container, 'address' | 'published'>,
  { places, config }: Pick<Facts, 'places'> & { config: Pick<Config, 'slots'> },
): boolean {
  return places !== undefined && (slot > config.slots || slotOf(places, found) !== slot)
}

/**
 * A container that its tag's row does not mean, or that runs though its row says it is stopped: nobody wants that, no
 * route leads to it, and its address may be another's by now.
 */
function isCorpse(preview: Preview, container: Container, now: number): boolean {
  // While the queue-processor works on a tag, what it makes may be ahead of what it has told.
  const settled =
    ['running', 'paused', 'stopped', 'failed'].includes(preview.state) && ageOf(preview, now) >= ASK_AGAIN_MS
  if (!settled) return false
  return isMeant(preview, container) ? preview.state === 'stopped' && container.running : true
}

function isMeant(preview: Preview, container: Container): boolean {
  if (generationOf(preview)?.container === container.id) return true
  // One that comes up or leaves may have a container that the store was not told of yet.
  return besideOf(preview).some(({ number }) => number === container.generation)
}
