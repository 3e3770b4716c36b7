/**
 * The life of a preview: the one state machine.
 *
 * `next` is pure: it says what a preview becomes when something happens, or `undefined` where the event means nothing
 * to the state it meets (a loser of a race, a late report of an older generation). `store.apply` is the only caller
 * that commits its answer.
 */
import { current, notRenewed, refresh, stillNewer, tryAgain, wantsNewer, withNewer, withoutNewer } from './newer.ts'
import {
  FAILURE_REST_MS,
  fresh,
  generationOf,
  isForgettable,
  isOnItsWay,
  isOutdated,
  isRouted,
  MAX_CRASHES,
  STABLE_MS,
  type Event,
  type Generation,
  type Image,
  type In,
  type Known,
  type Preview,
  type Routed,
  type Stages,
} from './preview.ts'
import { retryAfter, words, type Reason } from './reason.ts'

/**
 * What becomes of a preview.
 *
 * @param preview the preview as it is, or undefined for a tag without a row
 * @param tag the tag the event is about
 * @param now milliseconds since 1970
 * @returns the preview as it will be; state `unknown` asks for the row to go; undefined: the event changes nothing
 */
export function next(preview: Preview | undefined, tag: string, event: Event, now: number): Preview | undefined {
  if (!preview) return born(tag, event, now)
  switch (event.type) {
    case 'start':
      return start(preview, event.by, now)
    case 'stop':
      return stop(preview, event.why, now)
    case 'pause':
      if (preview.state !== 'running') return undefined
      if (isOnItsWay(preview)) return undefined
      return asked({
        ...known(preview),
        since: now,
        state: 'paused',
        generation: preview.generation,
        readyAt: preview.readyAt,
        draining: true,
        thenStart: false,
      })
    case 'freeze':
      return freeze(preview, event.generation, now)
    case 'woken':
      if (preview.state !== 'paused' || preview.draining || preview.generation.number !== event.generation)
        return undefined
      return running(
        event.unfit ? { ...preview, stages: stage(preview, 'unfrozen', now) } : preview,
        preview.generation,
        preview.thenStart ? now : preview.readyAt,
        now,
      )
    case 'inUse':
      return inUse(preview, now)
    case 'restart':
      if (preview.state === 'running' || preview.state === 'paused') return asked(stopping(preview, 'asked', true, now))
      // Calling a stop back would leave the old container as it is.
      if (preview.state === 'stopping') return preview.thenStart ? undefined : asked({ ...preview, thenStart: true })
      return start(preview, 'admin', now)
    case 'remove':
      return remove(preview, now)
    case 'pull':
      if (preview.state !== 'queued' || (preview.image && !wantsNewer(preview))) return undefined
      return { ...known(preview), since: now, stages: stage(preview, 'pulling', now), state: 'pulling', progress: null }
    case 'found':
      return preview.state === 'queued' && !preview.image ? { ...preview, image: event.image } : undefined
    case 'imageGone':
      if (preview.state === 'running')
        return preview.coming ? unfit(preview, { code: 'start-failed', detail: 'its image was removed' }) : undefined
      if ((preview.state !== 'queued' && preview.state !== 'starting') || !preview.image) return undefined
      return queued({ ...known(preview), image: null }, null, 'retry', now, 0, null)
    case 'pulled':
      if (preview.state !== 'pulling') return undefined
      return {
        ...known(preview),
        newer: stillNewer(preview.newer, preview.since, event.image),
        since: now,
        image: event.image,
        took: { ...preview.took, pull: now - (preview.stages.pulling ?? now) },
        stages: stage(preview, 'starting', now),
        state: 'starting',
        generation: null,
      }
    case 'refresh':
      return refresh(preview, event.digest, now)
    case 'current':
      return orStart(current(preview, event.asked), now)
    case 'notRenewed':
      return orStart(notRenewed(preview, event.reason, now), now)
    case 'renewed':
      return renewed(preview, event.image, event.asked ?? now, now)
    case 'unlisted':
      if (preview.state !== 'stopped' || preview.why !== 'ahead') return undefined
      return { ...preview, since: now, why: 'idle' }
    case 'replace': {
      if (preview.state !== 'running' || preview.coming || !preview.image || !isOutdated(preview)) return undefined
      if (event.slot === undefined) return undefined
      const number = preview.generations + 1
      const { id, digest } = preview.image
      const coming = { number, container: null, slot: event.slot, image: id, digest, port: event.port }
      return { ...preview, generations: number, coming }
    }
    case 'left': {
      const leaving = preview.leaving.filter(({ number }) => number !== event.generation)
      return leaving.length < preview.leaving.length ? { ...preview, leaving } : undefined
    }
    case 'missing':
      return preview.state === 'pulling' || preview.state === 'queued'
        ? { ...known(preview), since: now, state: 'unknown', why: 'missing' }
        : undefined
    case 'begin':
      return begin(preview, event, now)
    case 'created': {
      if (preview.state === 'running')
        return preview.coming?.number === event.generation
          ? { ...preview, coming: { ...preview.coming, container: event.container } }
          : undefined
      const coming = comingOf(preview, event.generation)
      if (!coming) return undefined
      return { ...coming, generation: { ...coming.generation, container: event.container } }
    }
    case 'slotTaken': {
      if (event.slot === undefined) return undefined
      const elsewhere = { container: null, slot: event.slot }
      if (preview.state === 'running')
        return preview.coming?.number === event.generation
          ? { ...preview, coming: { ...preview.coming, ...elsewhere } }
          : undefined
      const coming = comingOf(preview, event.generation)
      return coming && { ...coming, generation: { ...coming.generation, ...elsewhere } }
    }
    case 'started': {
      const coming = comingOf(preview, event.generation)
      return coming && { ...coming, stages: stage(coming, 'waiting', now) }
    }
    case 'answered': {
      if (preview.state === 'running') return takenOver(preview, event, now)
      const coming = comingOf(preview, event.generation)
      const { container, slot } = coming?.generation ?? {}
      if (!coming || typeof container !== 'string' || typeof slot !== 'number') return undefined
      return {
        ...known(coming),
        since: now,
        took: { ...coming.took, start: now - (coming.stages.starting ?? now) },
        stages: stage(coming, 'running', now),
        notice: withNewer(coming, event.notice),
        state: 'running',
        generation: { ...coming.generation, container, slot },
        readyAt: now,
        coming: null,
      }
    }
    case 'fail':
      if (preview.state === 'running') return preview.coming ? unfit(preview, event.reason) : undefined
      if (preview.state !== 'queued' && preview.state !== 'pulling' && preview.state !== 'starting') return undefined
      // It was a newer one that could not be pulled: the one that is here starts.
      if (preview.state === 'pulling' && preview.image) return orStart(notRenewed(preview, event.reason, now), now)
      return failed(preview, event.reason, now)
    case 'exited':
      return exited(preview, event, now)
    case 'ending':
      return (preview.state === 'stopping' || preview.state === 'removing') && preview.draining
        ? { ...preview, draining: false }
        : undefined
    case 'ended':
      if (preview.state !== 'stopping') return undefined
      if (preview.thenStart) return queued(known(preview), rested(preview.generation), 'api', now, 0, null)
      return {
        ...known(preview),
        since: now,
        state: 'stopped',
        generation: rested(preview.generation),
        why: preview.why,
      }
    case 'removed':
      if (preview.state !== 'removing') return undefined
      return preview.thenStart
        ? queued({ ...known(preview), image: null }, null, 'api', now, 0, null)
        : { ...known(preview), since: now, state: 'unknown', why: 'removed' }
    case 'cleaned':
      return cleaned(preview, now)
    case 'forget':
      return isForgettable(preview) ? { ...known(preview), since: now, state: 'unknown', why: 'forgotten' } : undefined
    case 'ahead':
    case 'adopt':
      return undefined
  }
}

/** The first event of a tag without a row. */
function born(tag: string, event: Event, now: number): Preview | undefined {
  // A tag may come back after its row went. Counting on from the clock, no job of its earlier life has the same id.
  const unknown = { ...fresh, tag, since: now, change: now }
  if (event.type === 'start') return queued(unknown, null, event.by, now, 0, null)
  if (event.type === 'ahead')
    return { ...unknown, image: event.image, state: 'stopped', generation: null, why: 'ahead' }
  if (event.type !== 'adopt') return undefined
  const { generation, image, frozen } = event
  const adopted = { ...unknown, image, lastSeen: now, generations: generation.number, generation, readyAt: now }
  return frozen
    ? { ...adopted, state: 'paused', draining: false, thenStart: false }
    : { ...adopted, state: 'running', coming: null }
}

function start(preview: Preview, by: Extract<Event, { type: 'start' }>['by'], now: number): Preview | undefined {
  switch (preview.state) {
    case 'stopped':
      return queued({ ...known(preview), crashes: 0 }, preview.generation, by, now, 0, null)
    case 'failed':
      // A clock that stepped back must not make the rest longer.
      if (by === 'visit' && Math.abs(now - preview.since) < FAILURE_REST_MS) return undefined
      // A retry of Lotan's own still counts the tries before it; a person's click starts afresh.
      return queued(
        { ...known(preview), crashes: by === 'retry' ? preview.crashes : 0 },
        null,
        by,
        now,
        0,
        preview.reason,
      )
    case 'queued':
      // A button overrules the back-off.
      return by !== 'visit' && preview.notBefore > now ? asked({ ...preview, notBefore: 0 }) : undefined
    case 'paused':
      if (preview.draining) return asked(running(preview, preview.generation, now, now))
      return preview.thenStart ? undefined : asked({ ...preview, thenStart: true })
    case 'stopping': {
      const { generation } = preview
      // What has lived its time, or is where no route leads, is not called back: it starts anew.
      const isOver = preview.why === 'lifetime' || preview.why === 'moved'
      const callable = preview.draining && !preview.thenStart && !isOver
      if (callable && generation && isRouted(generation)) return asked(running(preview, generation, now, now))
      return preview.thenStart ? undefined : asked({ ...preview, thenStart: true })
    }
    case 'removing':
      return preview.thenStart ? undefined : asked({ ...preview, thenStart: true })
    default:
      return undefined
  }
}

function stop(preview: Preview, why: string, now: number): Preview | undefined {
  // Somebody has come for it since it was chosen.
  if (why === 'disk' && isOnItsWay(preview)) return undefined
  // Only what has a container at its slot is there: what comes up is put where slots are now.
  if (why === 'moved' && !['running', 'paused', 'stopping'].includes(preview.state)) return undefined
  switch (preview.state) {
    case 'running':
    case 'paused':
    case 'queued':
    case 'starting':
    case 'pulling':
      return asked(stopping(preview, why, false, now))
    case 'stopping':
      // Whoever has come for it meanwhile still gets it, from where it will be.
      if (why === 'moved') return preview.why === 'moved' ? undefined : { ...preview, why }
      return preview.thenStart ? asked({ ...preview, thenStart: false, why }) : undefined
    case 'removing':
      return preview.thenStart ? asked({ ...preview, thenStart: false }) : undefined
    case 'failed':
      return { ...known(preview), since: now, state: 'stopped', generation: null, why }
    case 'stopped':
      // It is cleaned at once, not only when it is old enough.
      if (why !== 'disk' || preview.why === 'disk' || !(preview.image || preview.generation)) return undefined
      return asked({ ...preview, why })
    default:
      return undefined
  }
}

function remove(preview: Preview, now: number): Preview | undefined {
  if (preview.state === 'removing') return preview.thenStart ? asked({ ...preview, thenStart: false }) : undefined
  return asked({
    ...known(preview),
    since: now,
    state: 'removing',
    generation: generationOf(preview),
    draining: mayBeRouted(preview),
    thenStart: false,
  })
}

/** Whoever waited for a newer image that does not come starts with the one that is here. */
function orStart(preview: Preview | undefined, now: number): Preview | undefined {
  if (preview?.state !== 'pulling') return preview
  return { ...known(preview), since: now, stages: stage(preview, 'starting', now), state: 'starting', generation: null }
}

function begin(preview: Preview, event: Extract<Event, { type: 'begin' }>, now: number): Preview | undefined {
  const { image } = preview
  if (!image || event.slot === undefined) return undefined
  if (preview.state !== 'queued' && !(preview.state === 'starting' && !preview.generation)) return undefined
  // A kept container of the same image is started again, with its files; anything else is made anew.
  const kept = preview.generation?.container && preview.generation.image === image.id ? preview.generation : null
  const number = kept ? kept.number : preview.generations + 1
  return {
    ...known(preview),
    since: preview.state === 'queued' ? now : preview.since,
    generations: number,
    stages: preview.state === 'queued' ? stage(preview, 'starting', now) : preview.stages,
    state: 'starting',
    generation: kept
      ? { ...kept, slot: event.slot, port: event.port }
      : { number, container: null, slot: event.slot, image: image.id, digest: image.digest, port: event.port },
  }
}

/** A newer image is here. What runs is replaced by it, what sleeps has it with its next start, and a failure is void. */
function renewed(preview: Preview, image: Image, askedAt: number, now: number): Preview | undefined {
  const was = preview.image
  if (!was || (was.id === image.id && was.digest === image.digest)) return undefined
  const newer = stillNewer(preview.newer, askedAt, image)
  const notice = withoutNewer(preview)
  switch (preview.state) {
    case 'running':
      // The one that is coming up from an older image still is not wanted any more.
      return asked({ ...preview, ...known(preview), image, newer, notice, coming: null })
    case 'paused':
    case 'stopped':
      return { ...preview, image, newer, notice }
    case 'failed':
      return {
        ...known(preview),
        since: now,
        image,
        newer,
        notice,
        crashes: 0,
        state: 'stopped',
        generation: null,
        why: 'renewed',
      }
    default:
      return undefined
  }
}

/** The newer container answers: the route moves to it, and the older one leaves. */
function takenOver(
  preview: In<'running'>,
  event: Extract<Event, { type: 'answered' }>,
  now: number,
): In<'running'> | undefined {
  const { coming, generation } = preview
  if (coming?.number !== event.generation || !isRouted(coming)) return undefined
  const leaving = [...preview.leaving, { ...generation, since: now }]
  return asked({
    ...preview,
    generation: coming,
    coming: null,
    leaving,
    notice: withNewer(preview, event.notice),
    unfit: null,
  })
}

/** The newer image does not come up: the older container serves on, and the admin is told. */
function unfit(preview: In<'running'>, reason: Reason): In<'running'> {
  const { heading } = words(preview.tag, reason)
  const notice = `A newer image was pushed, but ${heading}; the one before serves on. ${reason.detail}`
  return { ...preview, ...known(preview), coming: null, unfit: preview.coming!.image, notice }
}

function exited(preview: Preview, event: Extract<Event, { type: 'exited' }>, now: number): Preview | undefined {
  const generation = generationOf(preview)
  if (preview.state === 'running' && preview.coming?.number === event.generation) return unfit(preview, event.reason)
  if (generation?.number !== event.generation) return undefined
  const left = event.gone ? null : rested(generation)
  switch (preview.state) {
    case 'starting':
      return failed({ ...preview, generation: left }, event.reason, now)
    case 'running': {
      const crashes = now - preview.readyAt >= STABLE_MS ? 1 : preview.crashes + 1
      if (crashes > MAX_CRASHES) return failedFor(preview, { ...event.reason, code: 'crashing' }, now)
      return queued({ ...known(preview), crashes }, left, 'reaper', now, backOff(crashes - 1), event.reason)
    }
    case 'paused':
      // Nobody used it, so nobody misses it; whoever has just come gets a new start.
      if (preview.thenStart) return queued({ ...known(preview), stages: {} }, left, 'reaper', now, 0, event.reason)
      return { ...known(preview), since: now, state: 'stopped', generation: left, why: 'exited' }
    case 'stopped':
      return event.gone ? { ...preview, generation: null } : undefined
    default:
      return undefined
  }
}

/** A start that did not work: tried again at once where the reason's rule says so, else `failed`. */
function failed(
  preview: In<'queued'> | In<'pulling'> | In<'starting'>,
  reason: Reason,
  now: number,
): In<'queued'> | In<'failed'> {
  if (reason.code !== 'exited') return failedFor(preview, reason, now)
  const crashes = preview.crashes + 1
  if (crashes >= MAX_CRASHES) return failedFor({ ...preview, crashes }, reason, now)
  return queued({ ...known(preview), crashes }, null, 'retry', now, backOff(crashes), reason)
}

function failedFor(preview: Preview, reason: Reason, now: number): In<'failed'> {
  const wait = retryAfter(reason, preview.crashes)
  const crashes = reason.code === 'no-answer' ? preview.crashes + 1 : preview.crashes
  return {
    ...known(preview),
    crashes,
    since: now,
    state: 'failed',
    reason,
    retryAt: wait === null ? null : now + wait,
  }
}

function cleaned(preview: Preview, now: number): Preview | undefined {
  if (!preview.image && !generationOf(preview) && preview.state !== 'failed') return undefined
  const bare = { ...known(preview), image: null }
  switch (preview.state) {
    case 'stopped':
      return { ...bare, state: 'stopped', generation: null, why: preview.why }
    case 'failed':
      return { ...bare, since: now, state: 'stopped', generation: null, why: 'idle' }
    case 'queued':
      // A click came while the image was going: it is pulled again.
      return asked({ ...preview, image: null, generation: null })
    default:
      return undefined
  }
}

function queued(
  base: Known,
  generation: Generation | null,
  by: string,
  now: number,
  wait: number,
  reason: Reason | null,
): In<'queued'> {
  return asked({
    ...base,
    newer: tryAgain(base.newer),
    since: now,
    stages: { queued: now, ...firstOf(base, by) },
    notice: null,
    state: 'queued',
    generation,
    notBefore: wait ? now + wait : 0,
    by,
    reason,
  })
}

/** Nobody has asked for what Lotan starts again by itself: it is no younger, and no more in use, than it was. */
function firstOf({ stages }: Known, by: string): Pick<Stages, 'first'> {
  const first = by === 'reaper' || by === 'retry' ? (stages.first ?? stages.running) : undefined
  return first === undefined ? {} : { first }
}

function stopping(preview: Preview, why: string, thenStart: boolean, now: number): In<'stopping'> {
  const generation = generationOf(preview)
  return {
    ...known(preview),
    since: now,
    state: 'stopping',
    generation,
    why,
    draining: mayBeRouted(preview),
    thenStart,
  }
}

/** @param readyAt what its idle time is counted from, where nobody has visited it since */
function running(preview: Preview, generation: Routed, readyAt: number, now: number): In<'running'> {
  return { ...known(preview), since: now, state: 'running', generation, readyAt, coming: null }
}

function freeze(preview: Preview, generation: number, now: number): In<'paused'> | undefined {
  const isDrained = preview.state === 'paused' && preview.draining
  if (!isDrained && preview.state !== 'running') return undefined
  if (preview.generation.number !== generation) return undefined
  const { readyAt } = preview
  return {
    ...known(preview),
    since: now,
    state: 'paused',
    generation: preview.generation,
    readyAt,
    draining: false,
    thenStart: false,
  }
}

function inUse(preview: Preview, now: number): In<'running'> | undefined {
  if (preview.state === 'paused' && preview.draining) return running(preview, preview.generation, preview.readyAt, now)
  if (preview.state !== 'stopping' || !preview.draining || preview.thenStart) return undefined
  if (preview.why !== 'idle' && preview.why !== 'disk') return undefined
  const { generation } = preview
  return generation && isRouted(generation) ? running(preview, generation, now, now) : undefined
}

/** Whether nginx may still send somebody to its container: only such a route has cached answers to outlive. */
function mayBeRouted(preview: Preview): boolean {
  return preview.state === 'running' || ('draining' in preview && preview.draining)
}

/** Marks a change that the queue-processor has to act upon. */
function asked<P extends Preview>(preview: P): P {
  return { ...preview, change: preview.change + 1 }
}

/** A generation whose container does not run: it gives up its slot, and without a container it is nothing. */
function rested(generation: Generation | null): Generation | null {
  return generation?.container ? { ...generation, slot: null } : null
}

function comingOf(preview: Preview, number: number): (In<'starting'> & { generation: Generation }) | undefined {
  if (preview.state !== 'starting' || preview.generation?.number !== number) return undefined
  return { ...preview, generation: preview.generation }
}

function stage(preview: Known, name: keyof Stages, now: number): Stages {
  return { ...preview.stages, [name]: now }
}

/** What stays in every state. What was coming up beside the one that serves goes with it: nobody was ever sent there. */
function known(preview: Known & { coming?: Generation | null }): Known {
  const { tag, since, change, lastSeen, image, generations, stages, took, crashes, notice, unfit, newer, coming } =
    preview
  const leaving = coming ? [...preview.leaving, { ...coming, since: 0 }] : preview.leaving
  return { tag, since, change, lastSeen, image, generations, stages, took, crashes, notice, leaving, unfit, newer }
}

/** 0, then 0.5 s, 2 s, 8 s …: a crash is tried again quickly, a habit of crashing slowly. */
function backOff(crashes: number): number {
  return crashes <= 0 ? 0 : 500 * 4 ** (crashes - 1)
}
