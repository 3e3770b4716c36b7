/**
 * The life of a preview: everything Lotan knows of one tag, and the one state machine that changes it.
 *
 *   queued → pulling → starting → running → stopping → stopped        removing → (no row)        failed
 *
 * `next` is pure: it says what a preview becomes when something happens, or `undefined` where the event means nothing
 * to the state it meets (a loser of a race, a late report of an older generation). `store.apply` is the only caller
 * that commits its answer.
 */
import { retryAfter, type Reason } from './reason.ts'

/** An image as the engine describes it. `pulled` says that Lotan fetched it, so Lotan may remove it. */
export interface Image {
  id: string
  digest: string | null
  pulled: boolean
  bytes: number
  /** When the image was built, ISO 8601, as its builder wrote it. */
  created: string | null
  labels: Record<string, string>
  /** TCP ports the image exposes. */
  ports: number[]
}

/** One container of a preview. `container` and `slot` are null until the engine, or the pool, has given one. */
export interface Generation {
  number: number
  container: string | null
  slot: number | null
  image: string
  digest: string | null
  /** The port the application is expected on, inside the container. */
  port: number
}

/** What the engine has told of a running pull. Bytes; `total` grows as layers become known. */
export interface Progress {
  bytes: number
  total: number
  layers: number
  layersDone: number
  /** 0 to 100, never backwards. */
  percent: number
}

/** When the current, or the last, start reached each of its stages. Milliseconds since 1970. */
export interface Stages {
  queued?: number
  pulling?: number
  starting?: number
  /** The container's process runs; its first answer is awaited. */
  waiting?: number
  running?: number
}

/** How long the last successful pull and start took, milliseconds. What "usually" on the waiting page comes from. */
export interface Took {
  pull?: number
  start?: number
}

interface Known {
  tag: string
  /** When the state was entered, milliseconds since 1970. */
  since: number
  /** The number of the last change that asks the queue-processor for work; part of the job's id. */
  change: number
  /** The last request that counts as activity. */
  lastSeen: number | null
  image: Image | null
  /** The number of the newest generation there ever was. */
  generations: number
  stages: Stages
  took: Took
  /** Starts in a row that ended in the application exiting. */
  crashes: number
  /** Something the admin should know of a preview that works all the same. */
  notice: string | null
}

/** `unknown` is what a preview becomes when its row goes. */
export type Preview = Known &
  (
    | { state: 'queued'; generation: Generation | null; notBefore: number; by: string; reason: Reason | null }
    | { state: 'pulling'; progress: Progress | null }
    | { state: 'starting'; generation: Generation | null }
    | { state: 'running'; generation: Routed; readyAt: number }
    | { state: 'stopping'; generation: Generation | null; why: string; draining: boolean; thenStart: boolean }
    | { state: 'stopped'; generation: Generation | null; why: string }
    | { state: 'removing'; generation: Generation | null; draining: boolean; thenStart: boolean }
    | { state: 'failed'; reason: Reason; retryAt: number | null }
    | { state: 'unknown'; why: string }
  )

/** A generation that has both its container and its slot: the only kind that can serve. */
export type Routed = Generation & { container: string; slot: number }

export type State = Preview['state']
export type In<S extends State> = Extract<Preview, { state: S }>

export type Event =
  /** Somebody wants it running. `visit` heeds the pause after a failure, all others do not. */
  | { type: 'start'; by: 'visit' | 'admin' | 'api' | 'retry' | 'reaper' }
  | { type: 'stop'; why: 'asked' | 'idle' | 'room' }
  | { type: 'restart' }
  | { type: 'remove' }
  /** The pull lane has begun. `places` is how many previews may be up at once. */
  | { type: 'pull'; places: number }
  | { type: 'pulled'; image: Image }
  /** The image turned out to be on the engine already. */
  | { type: 'found'; image: Image }
  /** The image turned out not to be there, though it was thought to be. */
  | { type: 'imageGone' }
  | { type: 'missing' }
  /** The start lane has begun. `slot` is filled in by the store, inside its transaction. */
  | { type: 'begin'; places: number; port: number; slot?: number }
  | { type: 'created'; generation: number; container: string }
  | { type: 'started'; generation: number }
  | { type: 'answered'; generation: number; notice: string | null }
  | { type: 'fail'; reason: Reason }
  /** The container's process ended, or the container itself is gone (`gone`), without Lotan asking for it. */
  | { type: 'exited'; generation: number; reason: Reason; gone: boolean }
  /** The drain is over: from here on the container is being ended and a click cannot call it back. */
  | { type: 'ending' }
  | { type: 'ended' }
  | { type: 'removed' }
  /** Container and image of a preview that is not up are gone. */
  | { type: 'cleaned' }
  | { type: 'forget' }
  /** A running container of this instance without a row: the database was lost. */
  | { type: 'adopt'; generation: Routed; image: Image }

/** After a failure the next visit starts again only when this long has passed (PRODUCT.md, cold answers). */
export const FAILURE_REST_MS = 60_000
/** A preview that ran this long without crashing is forgiven its earlier crashes. */
export const STABLE_MS = 5 * 60_000
/** Crashes in a row after which Lotan stops trying. */
export const MAX_CRASHES = 3

const fresh: Omit<Known, 'tag' | 'since'> = {
  change: 0,
  lastSeen: null,
  image: null,
  generations: 0,
  stages: {},
  took: {},
  crashes: 0,
  notice: null,
}

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
    case 'restart':
      if (preview.state === 'running') return asked(stopping(preview, preview.generation, 'asked', true, now))
      // Calling a stop back would leave the old container as it is.
      if (preview.state === 'stopping') return preview.thenStart ? undefined : asked({ ...preview, thenStart: true })
      return start(preview, 'admin', now)
    case 'remove':
      return remove(preview, now)
    case 'pull':
      if (preview.state !== 'queued' || preview.image) return undefined
      return { ...known(preview), since: now, stages: stage(preview, 'pulling', now), state: 'pulling', progress: null }
    case 'found':
      return preview.state === 'queued' && !preview.image ? { ...preview, image: event.image } : undefined
    case 'imageGone':
      if ((preview.state !== 'queued' && preview.state !== 'starting') || !preview.image) return undefined
      return queued({ ...known(preview), image: null }, null, 'retry', now, 0, null)
    case 'pulled':
      if (preview.state !== 'pulling') return undefined
      return {
        ...known(preview),
        since: now,
        image: event.image,
        took: { ...preview.took, pull: now - (preview.stages.pulling ?? now) },
        stages: stage(preview, 'starting', now),
        state: 'starting',
        generation: null,
      }
    case 'missing':
      return preview.state === 'pulling' || preview.state === 'queued'
        ? { ...known(preview), since: now, state: 'unknown', why: 'missing' }
        : undefined
    case 'begin':
      return begin(preview, event, now)
    case 'created': {
      const coming = comingOf(preview, event.generation)
      if (!coming) return undefined
      return { ...coming, generation: { ...coming.generation, container: event.container } }
    }
    case 'started': {
      const coming = comingOf(preview, event.generation)
      return coming && { ...coming, stages: stage(coming, 'waiting', now) }
    }
    case 'answered': {
      const coming = comingOf(preview, event.generation)
      const { container, slot } = coming?.generation ?? {}
      if (!coming || typeof container !== 'string' || typeof slot !== 'number') return undefined
      return {
        ...known(coming),
        since: now,
        took: { ...coming.took, start: now - (coming.stages.starting ?? now) },
        stages: stage(coming, 'running', now),
        notice: event.notice,
        state: 'running',
        generation: { ...coming.generation, container, slot },
        readyAt: now,
      }
    }
    case 'fail':
      if (preview.state !== 'queued' && preview.state !== 'pulling' && preview.state !== 'starting') return undefined
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
      return preview.state === 'stopped' && !preview.image && !preview.generation
        ? { ...known(preview), since: now, state: 'unknown', why: 'forgotten' }
        : undefined
    case 'adopt':
      return undefined
  }
}

/** The first event of a tag without a row. */
function born(tag: string, event: Event, now: number): Preview | undefined {
  // A tag may come back after its row went. Counting on from the clock, no job of its earlier life has the same id.
  const unknown = { ...fresh, tag, since: now, change: now }
  if (event.type === 'start') return queued(unknown, null, event.by, now, 0, null)
  if (event.type !== 'adopt') return undefined
  const { generation, image } = event
  return {
    ...unknown,
    image,
    lastSeen: now,
    generations: generation.number,
    state: 'running',
    generation,
    readyAt: now,
  }
}

function start(preview: Preview, by: Extract<Event, { type: 'start' }>['by'], now: number): Preview | undefined {
  switch (preview.state) {
    case 'stopped':
      return queued({ ...known(preview), crashes: 0 }, preview.generation, by, now, 0, null)
    case 'failed':
      if (by === 'visit' && now < preview.since + FAILURE_REST_MS) return undefined
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
    case 'stopping': {
      const { generation } = preview
      if (preview.draining && !preview.thenStart && generation && isRouted(generation))
        return asked({ ...known(preview), since: now, state: 'running', generation, readyAt: now })
      return preview.thenStart ? undefined : asked({ ...preview, thenStart: true })
    }
    case 'removing':
      return preview.thenStart ? undefined : asked({ ...preview, thenStart: true })
    default:
      return undefined
  }
}

function stop(preview: Preview, why: string, now: number): Preview | undefined {
  switch (preview.state) {
    case 'running':
      return asked(stopping(preview, preview.generation, why, false, now))
    case 'queued':
    case 'starting':
      return asked({ ...stopping(preview, preview.generation, why, false, now), draining: false })
    case 'pulling':
      return asked({ ...stopping(preview, null, why, false, now), draining: false })
    case 'stopping':
      return preview.thenStart ? asked({ ...preview, thenStart: false, why }) : undefined
    case 'removing':
      return preview.thenStart ? asked({ ...preview, thenStart: false }) : undefined
    case 'failed':
      return { ...known(preview), since: now, state: 'stopped', generation: null, why }
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
    // Only a route that exists has cached answers to outlive.
    draining: preview.state === 'running' || (preview.state === 'stopping' && preview.draining),
    thenStart: false,
  })
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

function exited(preview: Preview, event: Extract<Event, { type: 'exited' }>, now: number): Preview | undefined {
  const generation = generationOf(preview)
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
    since: now,
    stages: { queued: now },
    notice: null,
    state: 'queued',
    generation,
    notBefore: wait ? now + wait : 0,
    by,
    reason,
  })
}

function stopping(
  preview: Preview,
  generation: Generation | null,
  why: string,
  thenStart: boolean,
  now: number,
): In<'stopping'> {
  return { ...known(preview), since: now, state: 'stopping', generation, why, draining: true, thenStart }
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

function known(preview: Known): Known {
  const { tag, since, change, lastSeen, image, generations, stages, took, crashes, notice } = preview
  return { tag, since, change, lastSeen, image, generations, stages, took, crashes, notice }
}

/** 0, then 0.5 s, 2 s, 8 s …: a crash is tried again quickly, a habit of crashing slowly. */
function backOff(crashes: number): number {
  return crashes <= 0 ? 0 : 500 * 4 ** (crashes - 1)
}

/** The generation a preview has, whatever its state. */
export function generationOf(preview: Preview): Generation | null {
  return 'generation' in preview ? preview.generation : null
}

/** Whether a generation has all it takes to serve. */
export function isRouted(generation: Generation): generation is Routed {
  return generation.container !== null && generation.slot !== null
}

/** Whether a preview takes one of the LOTAN_MAX_RUNNING places. */
export function takesPlace(state: State): boolean {
  return state === 'pulling' || state === 'starting' || state === 'running' || state === 'stopping'
}
