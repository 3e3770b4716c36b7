/** How a preview comes up: from the wish, by way of its image and its container, to the first answer. */
import { takenOver } from './update.ts'
import { asked, known, queued, running, stage, starting, stopping, toRestart } from './states.ts'
import { stillNewer, wantsNewer, withNewer } from './image-update.ts'
import {
  isRouted,
  rests,
  startsAgain,
  type Event,
  type Generation,
  type Image,
  type In,
  type Preview,
} from './preview.ts'

/** Somebody wants it: it is started, woken or called back, or starts once it has stopped. */
export function start(preview: Preview, by: Extract<Event, { type: 'start' }>['by'], now: number): Preview | undefined {
  switch (preview.state) {
    case 'stopped':
      return queued({ ...known(preview), ...seen(by, now), crashes: 0 }, preview.generation, by, now, 0, null)
    case 'failed':
      // A clock that stepped back must not make the rest longer.
      if (by === 'visit' && rests(preview, now)) return undefined
      // A retry of Lotan's own still counts the tries before it; a person's click starts afresh.
      return queued(
        { ...known(preview), ...seen(by, now), crashes: by === 'retry' ? preview.crashes : 0 },
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
      if (preview.phase === 'draining') return asked(running(preview, preview.generation, now, now))
      return preview.phase === 'frozen' ? asked({ ...preview, phase: 'waking' }) : undefined
    case 'stopping': {
      const { generation } = preview
      // What has lived its time, or is where no route leads, is not called back: it starts anew.
      const isOver = preview.why === 'lifetime' || preview.why === 'moved'
      const callable = preview.phase === 'draining' && !isOver
      if (callable && generation && isRouted(generation)) return asked(running(preview, generation, now, now))
      return startsAgain(preview) ? undefined : toRestart(preview)
    }
    case 'removing':
      return startsAgain(preview) ? undefined : toRestart(preview)
    default:
      return undefined
  }
}

/** A visit is noted with what it leads to: the router's own note of it comes half a second later. */
export function seen(by: string, now: number): { lastSeen?: number } {
  return by === 'visit' ? { lastSeen: now } : {}
}

/** Its container is ended, and started anew. */
export function restart(preview: Preview, now: number): Preview | undefined {
  if (preview.state === 'running' || preview.state === 'paused') return asked(stopping(preview, 'asked', true, now))
  // Calling a stop back would leave the old container as it is.
  if (preview.state === 'stopping') return startsAgain(preview) ? undefined : toRestart(preview)
  return start(preview, 'admin', now)
}

/** Its turn has come to be pulled: it has no image, or has to have a newer one. */
export function pull(preview: Preview, now: number): Preview | undefined {
  if (preview.state !== 'queued' || (preview.image && !wantsNewer(preview))) return undefined
  return { ...known(preview), since: now, stages: stage(preview, 'pulling', now), state: 'pulling', progress: null }
}

/** Its image was here all along. */
export function found(preview: Preview, image: Image): Preview | undefined {
  return preview.state === 'queued' && !preview.image ? { ...preview, image } : undefined
}

/** Its image is here now. */
export function pulled(
  preview: Preview,
  { image, number }: Extract<Event, { type: 'pulled' }>,
  now: number,
): Preview | undefined {
  if (preview.state !== 'pulling') return undefined
  const newer = stillNewer(preview.newer, number, image)
  const took = { ...preview.took, pull: now - (preview.stages.pulling ?? now) }
  return starting({ ...known(preview), newer, image, took }, now)
}

/** A generation comes up, at the slot that the store has given it. */
export function begin(preview: Preview, event: Extract<Event, { type: 'begin' }>, now: number): Preview | undefined {
  const { image } = preview
  if (!image || event.slot === undefined) return undefined
  if (preview.state !== 'queued' && !(preview.state === 'starting' && !preview.generation)) return undefined
  // A kept container of the same image is started again, with its files; anything else is made anew.
  const kept = preview.generation?.container && preview.generation.image === image.id ? preview.generation : null
  const number = kept ? kept.number : preview.generations + 1
  return {
    ...known(preview),
    since: preview.state === 'queued' ? now : preview.since,
    generations: Math.max(preview.generations, number),
    stages: preview.state === 'queued' ? stage(preview, 'starting', now) : preview.stages,
    state: 'starting',
    generation: kept
      ? { ...kept, slot: event.slot, digest: image.digest, port: event.port }
      : { number, container: null, slot: event.slot, image: image.id, digest: image.digest, port: event.port },
  }
}

/** The engine has made its container. */
export function created(preview: Preview, generation: number, container: string): Preview | undefined {
  return withComing(preview, generation, { container })
}

/** It comes up at another slot, with another container. */
export function slotTaken(preview: Preview, generation: number, slot: number | undefined): Preview | undefined {
  return slot === undefined ? undefined : withComing(preview, generation, { container: null, slot })
}

/** Its process runs. */
export function started(preview: Preview, generation: number, now: number): Preview | undefined {
  const coming = comingOf(preview, generation)
  return coming && { ...coming, stages: stage(coming, 'waiting', now) }
}

/** Its application has answered for the first time. */
export function answered(
  preview: Preview,
  event: Extract<Event, { type: 'answered' }>,
  now: number,
): Preview | undefined {
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

/** What is known anew of the generation that comes up, beside the one that serves perhaps. */
function withComing(preview: Preview, number: number, what: Partial<Generation>): Preview | undefined {
  if (preview.state === 'running')
    return preview.coming?.number === number ? { ...preview, coming: { ...preview.coming, ...what } } : undefined
  const coming = comingOf(preview, number)
  return coming && { ...coming, generation: { ...coming.generation, ...what } }
}

function comingOf(preview: Preview, number: number): (In<'starting'> & { generation: Generation }) | undefined {
  if (preview.state !== 'starting' || preview.generation?.number !== number) return undefined
  return { ...preview, generation: preview.generation }
}
