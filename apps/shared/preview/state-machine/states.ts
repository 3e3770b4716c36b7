/** What stays of a preview as it enters another state, and what it is there. */
import { tryAgain, wantsNewer } from '../image-update.ts'
import {
  fresh,
  generationOf,
  isDraining,
  type In,
  type InPhase,
  type Known,
  type Preview,
  type QueuedPhase,
  type StartedBy,
  type StoppedWhy,
  type StopWhy,
  type UnknownWhy,
} from '../preview.ts'
import type { Stages } from '../start-times.ts'
import type { Generation, Routed } from '../generation.ts'
import type { Reason } from '../failure-reason.ts'
import { withElsewhere } from '../notice.ts'

const knownFields = ['repository', 'tag', 'since', ...Object.keys(fresh)] as (keyof Known)[]

/**
 * What stays in every state. A generation that was coming up beside the one that serves goes: no route led to it. So does
 * what is to be known of a start alone.
 */
export function known(preview: Known & { pending?: Generation | null }): Known {
  const { pending, retiring } = preview
  const stays = Object.fromEntries(knownFields.map((field) => [field, preview[field]])) as unknown as Known
  const notices = withElsewhere(preview.notices, 0, [])
  return { ...stays, notices, retiring: pending ? [...retiring, { ...pending, since: 0 }] : retiring }
}

/** Without an image there is none that another one would be newer than. */
export function withoutImage(preview: Preview): Known {
  return { ...known(preview), image: null, update: null }
}

/** Marks a change that the queue-processor has to act upon. */
export function nudged<P extends Preview>(preview: P): P {
  return { ...preview, change: preview.change + 1 }
}

export function stage(preview: Known, name: keyof Stages, now: number): Stages {
  return { ...preview.stages, [name]: now }
}

/** A generation whose container does not run: it gives up its slot, and without a container it is nothing. */
export function withoutSlot(generation: Generation | null): Generation | null {
  return generation?.container ? { ...generation, slot: null } : null
}

/** @param wait milliseconds */
export function queued(
  base: Known,
  generation: Generation | null,
  by: StartedBy,
  now: number,
  wait = 0,
  reason: Reason | null = null,
): In<'queued'> {
  const update = tryAgain(base.update, by, now)
  return nudged({
    ...base,
    update,
    since: now,
    stages: { queued: now, ...firstOf(base, by) },
    notices: [],
    state: 'queued',
    phase: firstQueuedPhase({ ...base, update }),
    generation,
    notBefore: wait ? now + wait : 0,
    by,
    reason,
  })
}

export function firstQueuedPhase(preview: Pick<Known, 'image' | 'update'>): QueuedPhase {
  if (!preview.image) return 'findImage'
  return wantsNewer(preview) ? 'checkUpdate' : 'start'
}

/** What Lotan starts again by itself is no younger, and no more in use, than it was. */
function firstOf({ stages }: Known, by: StartedBy): Pick<Stages, 'first' | 'called'> {
  if (by !== 'reaper' && by !== 'retry') return {}
  const { called, first = stages.running } = stages
  return { ...(first !== undefined && { first }), ...(called !== undefined && { called }) }
}

export function starting(base: Known, now: number): In<'starting'> {
  return { ...base, since: now, stages: stage(base, 'starting', now), state: 'starting', generation: null }
}

/** @param readyAt what its idle time is counted from, where it has not been visited since */
export function running(preview: Preview, generation: Routed, readyAt: number, now: number): In<'running'> {
  return { ...known(preview), since: now, state: 'running', generation, readyAt, pending: null }
}

/** How a preview's end begins: only a route that nginx may still know has cached answers to outlive. */
export function firstPhase(preview: Preview): 'draining' | 'ending' {
  return preview.state === 'running' || isDraining(preview) ? 'draining' : 'ending'
}

const restarting = { draining: 'drainingToRestart', ending: 'endingToRestart' } as const

export function stopping(preview: Preview, why: StopWhy, now: number): InPhase<'stopping', 'draining' | 'ending'> {
  const generation = generationOf(preview)
  return { ...known(preview), since: now, state: 'stopping', phase: firstPhase(preview), generation, why }
}

export function toRestart<P extends In<'stopping'> | In<'removing'>>(preview: P & { phase: 'draining' | 'ending' }): P {
  return nudged<P>({ ...preview, phase: restarting[preview.phase] })
}

export function notToRestart<P extends In<'stopping'> | In<'removing'>>(preview: P): P {
  return nudged({ ...preview, phase: isDraining(preview) ? ('draining' as const) : ('ending' as const) })
}

/** @param generation the one whose container is kept */
export function stopped(base: Known, generation: Generation | null, why: StoppedWhy, now: number): In<'stopped'> {
  return { ...base, since: now, state: 'stopped', generation, why }
}

export function gone(preview: Preview, why: UnknownWhy, now: number): In<'unknown'> {
  return { ...known(preview), since: now, state: 'unknown', why }
}

export function isOwn(preview: Preview, number: number): boolean {
  return generationOf(preview)?.number === number
}
