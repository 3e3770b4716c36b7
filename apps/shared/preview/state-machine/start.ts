import {
  firstQueuedPhase,
  isOwn,
  known,
  nudged,
  queued,
  running,
  stage,
  starting,
  stopped,
  toRestart,
} from './states.ts'
import { stillNewer } from '../image-update.ts'
import { withElsewhere } from '../notice.ts'
import type { EventOf } from '../event.ts'
import { generationOf, rests, type In, type InPhase, type Known, type Preview } from '../preview.ts'
import { isPairedAlike } from '../pair.ts'
import { isCopy } from '../copy-tag.ts'
import type { Copy } from '../copy.ts'
import { CLICK_MS } from '../start-queue.ts'
import { isRouted, type Generation } from '../generation.ts'

type Start = EventOf<'start'>

/** A copy that is none, or none any more, has nothing that could be started. */
export function firstStart(preview: In<'unknown'>, event: Start, now: number): In<'queued'> | undefined {
  if (isCopy(preview.tag)) return undefined
  return called(queued({ ...known(preview), ...seen(preview, event, now) }, null, event.by, now), event)
}

export function startAgain(preview: In<'stopped'>, event: Start, now: number): In<'queued'> {
  const base = { ...known(preview), ...seen(preview, event, now), crashes: 0 }
  return called(queued(base, preview.generation, event.by, now), event)
}

/** A visit heeds the rest after a failure. Lotan's own retry counts the tries before it, a person's click does not. */
export function tryAgain(preview: In<'failed'>, event: Start, now: number): In<'queued'> | undefined {
  const { by } = event
  if (by === 'visit' && rests(preview, now)) return undefined
  const crashes = by === 'retry' ? preview.crashes : 0
  const base = { ...known(preview), ...seen(preview, event, now), crashes }
  return called(queued(base, null, by, now, 0, preview.reason), event)
}

/** A button overrules the back-off. */
export function hurry(preview: In<'queued'>, { by }: Start, now: number): In<'queued'> | undefined {
  // A person or a program waits for it now: room is made for it.
  if (preview.by === 'verify' && by !== 'verify') return nudged({ ...preview, by, notBefore: 0 })
  if (by !== 'visit' && preview.notBefore > now) return nudged({ ...preview, notBefore: 0 })
  // Who adds a tag while a visitor's guess at it is looked up is told what comes of it.
  const isGuess = (preview.by === 'visit' || preview.by === 'button') && ['findImage', 'lookup'].includes(preview.phase)
  return isGuess && (by === 'admin' || by === 'api') ? { ...preview, by } : undefined
}

export function callBack(preview: InPhase<'paused', 'draining'>, event: Start, now: number): In<'running'> {
  return nudged(running(preview, preview.generation, calledAt(preview, event, now), now))
}

export function wake(preview: InPhase<'paused', 'frozen'>): In<'paused'> {
  return nudged({ ...preview, phase: 'waking' })
}

/** What has lived its time, or is where no route leads, is not called back: it starts anew. */
export function callBackOrRestart(
  preview: InPhase<'stopping', 'draining'>,
  event: Start,
  now: number,
): Preview | undefined {
  const { generation, why } = preview
  const isOver = why === 'lifetime' || why === 'moved'
  if (isOver || !generation || !isRouted(generation)) return restart(preview, event)
  return nudged(running(preview, generation, calledAt(preview, event, now), now))
}

/**
 * Another preview's call waits until it has stopped: the start that follows is then known to be one of a call's. A copy
 * that goes does not come back: there is nothing that it could be made of.
 */
export function restart<P extends In<'stopping'> | In<'removing'>>(
  preview: P & { phase: 'draining' | 'ending' },
  { visited }: Start,
): P | undefined {
  const isGone = preview.copy !== null && preview.state === 'removing'
  return visited === undefined && !isGone ? toRestart<P>(preview) : undefined
}

/** What its idle time is counted from: another preview's call is no use of its own. */
function calledAt({ stages }: Preview, { visited }: Start, now: number): number {
  return visited === undefined ? now : (stages.running ?? now)
}

/** A step of a start, for who presses Restart on what is not up. */
export function byAdmin<P extends Preview>(step: (preview: P, event: Start, now: number) => Preview | undefined) {
  return (preview: P, _: EventOf<'restart'>, now: number) => step(preview, { type: 'start', by: 'admin' }, now)
}

/** A visit is noted with what it leads to: the router's own note of it comes half a second later. */
function seen({ lastSeen }: Known, { by, visited }: Start, now: number): Partial<Pick<Known, 'lastSeen' | 'waiter'>> {
  if (by !== 'visit' && by !== 'button' && by !== 'shell') return {}
  const at = visited === undefined ? now : Math.max(lastSeen ?? 0, visited)
  return { lastSeen: at, waiter: { who: 'person', until: now + CLICK_MS } }
}

function called(preview: In<'queued'>, { visited }: Start): In<'queued'> {
  return visited === undefined ? preview : { ...preview, stages: { ...preview.stages, called: visited } }
}

export function found(preview: In<'queued'>, { image }: EventOf<'found'>): In<'queued'> {
  return { ...preview, image, phase: firstQueuedPhase({ ...preview, image }) }
}

/** A tag that the registry's list does not have may be a guess. */
export function absent(preview: In<'queued'>, { isOffered }: EventOf<'absent'>): In<'queued'> {
  return { ...preview, phase: isOffered ? 'pull' : 'lookup' }
}

export function exists(preview: In<'queued'>): In<'queued'> {
  return { ...preview, phase: 'pull' }
}

export function lacks(preview: In<'queued'>): In<'queued'> {
  return nudged({ ...preview, phase: 'pull' })
}

/** An image of a service was removed meanwhile, or the newer image that came with it does not come. */
export function lacksAfterAll(preview: In<'starting'>, _: EventOf<'lacks'>, now: number): In<'queued'> {
  return lacks(queued(known(preview), null, 'retry', now))
}

export function pull(preview: In<'queued'>, _: EventOf<'pull'>, now: number): In<'pulling'> {
  const { by } = preview
  return { ...known(preview), since: now, stages: stage(preview, 'pulling', now), state: 'pulling', progress: null, by }
}

export function pulled(preview: In<'pulling'>, { image, number }: EventOf<'pulled'>, now: number): In<'starting'> {
  const update = stillNewer(preview.update, number, image)
  const { progress } = preview
  const took = { ...preview.took, pull: now - (preview.stages.pulling ?? now) }
  const unpacking = progress?.unpackingSince
  const stages = unpacking === undefined ? preview.stages : { ...preview.stages, unpacking }
  return starting({ ...known(preview), update, image, took, stages }, now)
}

export function ahead(preview: In<'unknown'>, { image }: EventOf<'ahead'>): In<'stopped'> {
  return { ...known(preview), image, state: 'stopped', generation: null, why: 'ahead' }
}

export function begin(
  preview: In<'queued'> | In<'starting'>,
  { slot, sandbox = null, port, pairs, trusted, stack }: EventOf<'begin'>,
  now: number,
): In<'starting'> | undefined {
  const { image } = preview
  const isBegun = preview.state === 'starting' && preview.generation !== null
  if (!image || slot === undefined || isBegun) return undefined
  const kept = keptOf(preview, { pairs, trusted })
  const number = kept ? kept.number : preview.generations + 1
  const of = { slot, sandbox, digest: image.digest, port, ...(pairs && { pairs }), ...given({ trusted, stack }) }
  return {
    ...known(preview),
    since: preview.state === 'queued' ? now : preview.since,
    generations: Math.max(preview.generations, number),
    stages: preview.state === 'queued' ? stage(preview, 'starting', now) : preview.stages,
    state: 'starting',
    generation: kept ? { ...withoutStack(kept), ...of } : { number, container: null, image: image.id, ...of },
  }
}

/** It may have been started with other services. */
function withoutStack(kept: Generation): Generation {
  const other = { ...kept }
  delete other.stack
  return other
}

/**
 * A container of the same image, the same pairs and the same trust is started again, with its files; anything else is
 * made anew.
 */
export function keptOf(
  preview: Preview,
  { pairs, trusted = false }: Pick<EventOf<'begin'>, 'pairs' | 'trusted'>,
): Generation | null {
  const generation = generationOf(preview)
  if (!generation?.container || generation.image !== preview.image?.id) return null
  if ((generation.trusted ?? false) !== trusted) return null
  return isPairedAlike(generation.pairs, pairs) ? generation : null
}

export function given({
  trusted,
  stack,
}: Pick<Generation, 'trusted' | 'stack'>): Pick<Generation, 'trusted' | 'stack'> {
  return { ...(trusted === undefined ? {} : { trusted }), ...(stack === undefined ? {} : { stack }) }
}

export function created(preview: In<'starting'>, { generation, container }: EventOf<'created'>) {
  return withGeneration(preview, generation, { container })
}

export function slotTaken(preview: In<'starting'>, { generation, slot, sandbox = null }: EventOf<'slotTaken'>) {
  return slot === undefined ? undefined : withGeneration(preview, generation, { container: null, slot, sandbox })
}

function withGeneration(
  preview: In<'starting'>,
  number: number,
  what: Partial<Generation>,
): In<'starting'> | undefined {
  const { generation } = preview
  return generation?.number === number ? { ...preview, generation: { ...generation, ...what } } : undefined
}

export function started(preview: In<'starting'>, { generation }: EventOf<'started'>, now: number) {
  return isOwn(preview, generation) ? { ...preview, stages: stage(preview, 'waiting', now) } : undefined
}

export function elsewhere(preview: In<'starting'>, { generation, port, listens }: EventOf<'elsewhere'>) {
  const notices = withElsewhere(preview.notices, port, listens)
  return isOwn(preview, generation) && notices !== preview.notices ? { ...preview, notices } : undefined
}

export function answered(preview: In<'starting'>, event: EventOf<'answered'>, now: number): In<'running'> | undefined {
  const { generation } = preview
  if (generation?.number !== event.generation || !isRouted(generation)) return undefined
  return {
    ...known(preview),
    since: now,
    took: { ...preview.took, start: now - (preview.stages.starting ?? now) },
    stages: stage(preview, 'running', now),
    notices: event.notices,
    state: 'running',
    generation,
    readyAt: now,
    pending: null,
  }
}

export function copied(preview: In<'unknown'>, event: EventOf<'copied'>, now: number): In<'stopped'> {
  return stopped({ ...known(preview), ...ofCopy(event), image: event.image }, null, 'copied', now)
}

function ofCopy({ copy, until }: { copy?: Copy; until?: number | null }): Partial<Known> {
  return copy ? { copy, pin: until === undefined ? null : { until } } : {}
}

/** The database was lost, and its container runs, or is frozen. */
export function adopt(
  preview: In<'unknown'>,
  event: EventOf<'adopt'>,
  now: number,
): In<'running'> | In<'paused'> | undefined {
  const { generation, image, frozen } = event
  if (isCopy(preview.tag) && !event.copy) return undefined
  const { number } = generation
  const adopted = {
    ...known(preview),
    ...ofCopy(event),
    image,
    lastSeen: now,
    generations: number,
    generation,
    readyAt: now,
  }
  return frozen ? { ...adopted, state: 'paused', phase: 'frozen' } : { ...adopted, state: 'running', pending: null }
}
