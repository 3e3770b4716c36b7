/** queued → pulling → starting → running → paused → stopping → stopped        removing → (no row)        failed */
import type { Reason } from './failure-reason.ts'
import type { Generation, Retiring, Routed } from './generation.ts'
import type { Notice } from './notice.ts'
import type { Progress, Stages, Took } from './start-times.ts'
import type { PreviewKey } from './preview-id.ts'
import type { Copy } from './copy.ts'

/** `pulled`: Lotan fetched it, so Lotan may remove it. */
export interface Image {
  id: string
  digest: string | null
  pulled: boolean
  bytes: number
  /** ISO 8601, as its builder wrote it. */
  created: string | null
  labels: Record<string, string>
  ports: number[]
}

export interface ImageUpdate {
  /** Which asking, or noticing, was the last one. An answer to an earlier one may be out of date. */
  number: number
  /** The digest that the registry told for the tag; null while it has not been asked. */
  digest: string | null
  /** It was asked for: who waits for the preview waits for this image, too. */
  asked: boolean
  /** Why it could not be brought here; null while that has not been tried. */
  failure: UpdateFailure | null
}

/** `at` is milliseconds since 1970. For `rest` milliseconds from then on no start tries again. */
export type UpdateFailure = Reason & { at: number; rest: number }

/** It has no id of its own: `idOf` makes that of the key, so that the two cannot differ. */
export interface Known extends PreviewKey {
  /** When the state was entered, milliseconds since 1970. */
  since: number
  /** Counts the changes that ask the queue-processor for work; part of the job's id. */
  change: number
  /** The last request that counts as activity, milliseconds since 1970. */
  lastSeen: number | null
  image: Image | null
  /** The number of the newest generation there ever was. */
  generations: number
  stages: Stages
  took: Took
  /** Starts in a row that ended in the application exiting. */
  crashes: number
  /** Without a newer image that does not come: `update` knows of that. */
  notices: readonly Notice[]
  /** They keep their slots until their containers are gone. */
  retiring: Retiring[]
  /** The id of a newer image whose container did not come up: Lotan does not try it again by itself. */
  rejectedImage: string | null
  update: ImageUpdate | null
  /** The number that the last `update` had. */
  refreshes: number
  /** For whom its start goes before others: start-queue.ts. */
  waiter: Waiter | null
  /** One whose end has come is none: ask `isPinned`. */
  pin: Pin | null
  /** Its removal was asked for, and may be taken back until then, milliseconds since 1970: ask `isToGo`. */
  removeAt: number | null
  /** The id of the request that its start goes back to, while it comes up. */
  request: string | null
  /** What it was made of; null for what is no copy. */
  copy: Copy | null
}

/** `person`: one looks at its waiting page, or has a request held. `program`: one asked the API to wait. */
export interface Waiter {
  who: 'person' | 'program'
  /** Milliseconds since 1970. A router that ends leaves no waiter for longer. */
  until: number
}

/** Neither stopped for being idle or old or to make room, nor paused, nor cleaned up, before `until`; null: ever. */
export interface Pin {
  /** Milliseconds since 1970. */
  until: number | null
}

export const fresh: Omit<Known, keyof PreviewKey | 'since'> = {
  change: 0,
  lastSeen: null,
  image: null,
  generations: 0,
  stages: {},
  took: {},
  crashes: 0,
  notices: [],
  retiring: [],
  rejectedImage: null,
  update: null,
  refreshes: 0,
  waiter: null,
  pin: null,
  removeAt: null,
  request: null,
  copy: null,
}

/** `unknown` is what a preview becomes when its row goes. */
export type Preview = Known &
  (
    | {
        state: 'queued'
        phase: QueuedPhase
        generation: Generation | null
        notBefore: number
        by: StartedBy
        reason: Reason | null
      }
    /** Without `by` where an earlier Lotan began the pull. */
    | { state: 'pulling'; progress: Progress | null; by?: StartedBy | null }
    | { state: 'starting'; generation: Generation | null }
    /** `readyAt`: since when it has answered without a break. `pending`: comes up beside it, from a newer image. */
    | { state: 'running'; generation: Routed; readyAt: number; pending: Generation | null }
    | { state: 'paused'; phase: PausedPhase; generation: Routed; readyAt: number }
    | { state: 'stopping'; phase: EndPhase; generation: Generation | null; why: StopWhy }
    | { state: 'stopped'; generation: Generation | null; why: StoppedWhy }
    | { state: 'removing'; phase: EndPhase; generation: Generation | null }
    | { state: 'failed'; reason: Reason; retryAt: number | null }
    | { state: 'unknown'; why: UnknownWhy }
  )

export type QueuedPhase =
  | 'findImage' // it waits for whether the engine has its image
  | 'lookup' // … whether the registry has its tag
  | 'checkUpdate' // … whether the registry has a newer image
  | 'pull' // … its turn to be pulled
  | 'start' // its image is here, and it waits for its place

/** `draining`: no route, but its container runs: nginx may know the route for 10 s more. `waking`: after a click. */
export type PausedPhase = 'draining' | 'frozen' | 'waking'

/** `ending`: a click cannot call it back any more. `…ToRestart`: it starts again once that is done. */
export type EndPhase = 'draining' | 'drainingToRestart' | 'ending' | 'endingToRestart'

/**
 * What made a preview start. `button`: a visitor who does not wait for the rest after a failure to end. `retry` and
 * `reaper`: Lotan by itself, after a failed start and after a crash. `verify`: Lotan, to see whether a change's new image
 * answers: it stops no other preview to make room.
 */
export type StartedBy = 'visit' | 'button' | 'shell' | 'admin' | 'api' | 'retry' | 'reaper' | 'verify'

/**
 * `disk`: its image is to go, to make room. `moved`: slots are elsewhere now, and no route leads to its container.
 * `closed`: its pull request is. `approval`: its pull request comes from a fork, and is not, or not any more, approved.
 */
export type StopWhy = 'asked' | 'idle' | 'lifetime' | 'room' | 'disk' | 'moved' | 'closed' | 'approval'

/**
 * `ahead`: pulled before the first click, it has not run yet; `copied`: neither has this copy; `renewed`: a newer image
 * voids a failure.
 */
export type StoppedWhy = StopWhy | 'ahead' | 'copied' | 'exited' | 'renewed'

/** `never`: there was no row. */
export type UnknownWhy = 'never' | 'missing' | 'removed' | 'forgotten'

export type State = Preview['state']
export type In<S extends State> = Extract<Preview, { state: S }>
export type InPhase<S extends keyof Phases, P extends Phases[S]> = In<S> & { phase: P }
export interface Phases {
  queued: QueuedPhase
  paused: PausedPhase
  stopping: EndPhase
  removing: EndPhase
}

/** After a failure the next visit starts again only when this long has passed ("What a cold preview answers"). */
export const FAILURE_REST_MS = 60_000
/** A tag that the registry does not have is told of for so long to who added or started it. */
export const MISSING_TOLD_MS = 60_000
/** A visitor of so long ago may still wait in front of it. */
export const LOOKED_FOR_MS = 60_000
/** For so long a removal that a person asked for may be taken back. */
export const UNDO_MS = 10_000
/** A preview that ran this long without crashing is forgiven its earlier crashes. */
export const STABLE_MS = 5 * 60_000
export const MAX_CRASHES = 3

/** Whether it is stopped since its change does not let it run. */
export function isBarred(why: StoppedWhy): boolean {
  return why === 'closed' || why === 'approval'
}

export function isPinned({ pin }: Pick<Known, 'pin'>, now: number): boolean {
  if (!pin) return false
  return pin.until === null || now < pin.until
}

/** Whether the time is over in which its removal may be taken back. */
export function isToGo({ removeAt }: Pick<Known, 'removeAt'>, now: number): boolean {
  // One that lies further ahead was reckoned by a clock that was ahead.
  return removeAt !== null && (removeAt <= now || removeAt > now + UNDO_MS)
}

/** What the queue-processor has to do next with it. */
export function stepOf(preview: Preview): string {
  return 'phase' in preview ? `${preview.state}.${preview.phase}` : preview.state
}

export function generationOf(preview: Preview): Generation | null {
  return 'generation' in preview ? preview.generation : null
}

/** All that may have a container. */
export function generationsOf(preview: Preview): Generation[] {
  const own = generationOf(preview)
  return own ? [own, ...besideOf(preview)] : besideOf(preview)
}

export function besideOf(preview: Preview): Generation[] {
  const pending = preview.state === 'running' ? preview.pending : null
  return pending ? [pending, ...preview.retiring] : preview.retiring
}

/** Whether a newer image than the one that serves is here, and has not been tried in vain. */
export function isOutdated(preview: Preview): boolean {
  if (preview.state !== 'running' || !preview.image) return false
  return preview.generation.image !== preview.image.id && preview.rejectedImage !== preview.image.id
}

/** Visitors leave it alone for a while where the application, or its image, is at fault. */
export function rests(preview: In<'failed'>, now: number): boolean {
  return !waitsForEngine(preview) && !isMissing(preview) && Math.abs(now - preview.since) < FAILURE_REST_MS
}

export function waitsForEngine(preview: Preview): boolean {
  return (preview.state === 'failed' || preview.state === 'queued') && preview.reason?.code === 'engine-down'
}

/** The registry has no such tag: who added or started it is told so for a while. */
export function isMissing(preview: Preview | undefined): boolean {
  return preview?.state === 'failed' && preview.reason.code === 'no-such-tag'
}

/** Visitors are answered as if no admin had added a tag that the registry does not have. */
export function asVisitorsSee(preview: Preview | undefined): Preview | undefined {
  if (isMissing(preview)) return undefined
  const isLookedUpAgain = preview?.state === 'queued' && preview.reason?.code === 'no-such-tag'
  return isLookedUpAgain ? { ...preview, reason: null } : preview
}

/** A time further ahead predates a clock reset. */
export function isToldMissing({ until = 0 }: Reason, now: number): boolean {
  return until > now && until <= now + MISSING_TOLD_MS
}

export function isDraining(preview: Preview): boolean {
  return 'phase' in preview && (preview.phase === 'draining' || preview.phase === 'drainingToRestart')
}

export function startsAgain(preview: Preview): boolean {
  if (!('phase' in preview)) return false
  return preview.phase === 'waking' || preview.phase === 'drainingToRestart' || preview.phase === 'endingToRestart'
}

/** Whether it will run, if nothing goes wrong. */
export function comesUp(preview: Preview): boolean {
  return ['queued', 'pulling', 'starting'].includes(preview.state) || startsAgain(preview)
}

/** Whether a preview's state asks the queue-processor for work. */
export function isOnItsWay(preview: Preview): boolean {
  if (preview.retiring.length > 0) return true
  if (preview.state === 'running') return preview.pending !== null || isOutdated(preview)
  if (preview.state === 'paused') return preview.phase !== 'frozen'
  return ['queued', 'pulling', 'starting', 'stopping', 'removing'].includes(preview.state)
}

/** A tag that never came to an image or a container may not exist: a stranger may have made it up. */
export function isUnproven({ image, generations }: Preview): boolean {
  return image === null && generations === 0
}

export function isForgettable(preview: Preview): boolean {
  if (preview.image || preview.retiring.length > 0) return false
  return preview.state === 'failed' || (preview.state === 'stopped' && !preview.generation)
}

/** Whether a preview takes one of the LOTAN_MAX_RUNNING places. */
export function countsAsRunning(state: State): boolean {
  return ['pulling', 'starting', 'running', 'paused', 'stopping'].includes(state)
}
