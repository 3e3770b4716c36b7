/**
 * What every part of a life is made of: what stays of a preview as it enters another state, and what it is there. In
 * all of life-*.ts `now` is milliseconds since 1970, and undefined is the answer where an event changes nothing.
 */
import { tryAgain, withoutNewer } from './image-update.ts'
import {
  generationOf,
  isDraining,
  type EndPhase,
  type Generation,
  type In,
  type Known,
  type Preview,
  type Routed,
  type Stages,
} from './preview.ts'
import type { Reason } from './failure-reason.ts'

/** What stays in every state. What was coming up beside the one that serves goes with it: nobody was ever sent there. */
export function known(preview: Known & { coming?: Generation | null }): Known {
  const {
    tag,
    since,
    change,
    lastSeen,
    image,
    generations,
    stages,
    took,
    crashes,
    notice,
    unfit,
    newer,
    refreshes,
    coming,
  } = preview
  const leaving = coming ? [...preview.leaving, { ...coming, since: 0 }] : preview.leaving
  return {
    tag,
    since,
    change,
    lastSeen,
    image,
    generations,
    stages,
    took,
    crashes,
    notice,
    leaving,
    unfit,
    newer,
    refreshes,
  }
}

/** The same once its image is gone: there is none any more that another one would be newer than. */
export function bare(preview: Preview): Known {
  return { ...known(preview), image: null, newer: null, notice: withoutNewer(preview) }
}

/** Marks a change that the queue-processor has to act upon. */
export function asked<P extends Preview>(preview: P): P {
  return { ...preview, change: preview.change + 1 }
}

/** The stages with one more that is reached. */
export function stage(preview: Known, name: keyof Stages, now: number): Stages {
  return { ...preview.stages, [name]: now }
}

/** A generation whose container does not run: it gives up its slot, and without a container it is nothing. */
export function rested(generation: Generation | null): Generation | null {
  return generation?.container ? { ...generation, slot: null } : null
}

/** How a preview's end begins: only a route that nginx may still know has cached answers to outlive. */
export function firstPhase(preview: Preview, restarts: boolean): EndPhase {
  if (preview.state === 'running' || isDraining(preview)) return restarts ? 'drainingToRestart' : 'draining'
  return restarts ? 'endingToRestart' : 'ending'
}

/** How far its end is stays the same: it starts again after it. */
export function toRestart<P extends In<'stopping'> | In<'removing'>>(preview: P): P {
  return asked({ ...preview, phase: isDraining(preview) ? 'drainingToRestart' : 'endingToRestart' })
}

/** The same, without another start. */
export function notToRestart<P extends In<'stopping'> | In<'removing'>>(preview: P): P {
  return asked({ ...preview, phase: isDraining(preview) ? 'draining' : 'ending' })
}

/**
 * It waits for its turn.
 * @param wait milliseconds until that may come
 * @param reason what went wrong before
 */
export function queued(
  base: Known,
  generation: Generation | null,
  by: string,
  now: number,
  wait: number,
  reason: Reason | null,
): In<'queued'> {
  return asked({
    ...base,
    newer: tryAgain(base.newer, by, now),
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

/** Its image has just come, or turned out to be the one to use: a generation of it is begun next. */
export function starting(base: Known, now: number): In<'starting'> {
  return { ...base, since: now, stages: stage(base, 'starting', now), state: 'starting', generation: null }
}

/** @param readyAt what its idle time is counted from, where nobody has visited it since */
export function running(preview: Preview, generation: Routed, readyAt: number, now: number): In<'running'> {
  return { ...known(preview), since: now, state: 'running', generation, readyAt, coming: null }
}

/** Its container is to end, where it has one. */
export function stopping(preview: Preview, why: string, restarts: boolean, now: number): In<'stopping'> {
  const phase = firstPhase(preview, restarts)
  return { ...known(preview), since: now, state: 'stopping', phase, generation: generationOf(preview), why }
}

/** @param generation the one whose container is kept */
export function stopped(base: Known, generation: Generation | null, why: string, now: number): In<'stopped'> {
  return { ...base, since: now, state: 'stopped', generation, why }
}

/** Its row is to go. */
export function gone(preview: Preview, why: string, now: number): In<'unknown'> {
  return { ...known(preview), since: now, state: 'unknown', why }
}
