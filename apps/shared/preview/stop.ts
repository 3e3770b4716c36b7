/** How a preview ends: stopped, removed, cleaned up, forgotten. */
import { asked, bare, firstPhase, gone, known, notToRestart, queued, rested, stopped, stopping } from './states.ts'
import {
  generationOf,
  isDraining,
  isForgettable,
  isOnItsWay,
  startsAgain,
  type Event,
  type Preview,
} from './preview.ts'

/** Nobody is to be served by it any more. */
export function stop(preview: Preview, why: Extract<Event, { type: 'stop' }>['why'], now: number): Preview | undefined {
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
      return startsAgain(preview) ? notToRestart({ ...preview, why }) : undefined
    case 'removing':
      return startsAgain(preview) ? notToRestart(preview) : undefined
    case 'failed':
      return stopped(known(preview), null, why, now)
    case 'stopped':
      // It is cleaned at once, not only when it is old enough.
      if (why !== 'disk' || preview.why === 'disk' || !(preview.image || preview.generation)) return undefined
      return asked({ ...preview, why })
    default:
      return undefined
  }
}

/** Its container and its image are to go, and its row after them. */
export function remove(preview: Preview, now: number): Preview | undefined {
  if (preview.state === 'removing') return startsAgain(preview) ? notToRestart(preview) : undefined
  return asked({
    ...known(preview),
    since: now,
    state: 'removing',
    generation: generationOf(preview),
    phase: firstPhase(preview, false),
  })
}

/** Its drain is over. */
export function ending(preview: Preview): Preview | undefined {
  if ((preview.state !== 'stopping' && preview.state !== 'removing') || !isDraining(preview)) return undefined
  return { ...preview, phase: startsAgain(preview) ? 'endingToRestart' : 'ending' }
}

/** Its container has stopped, and is kept. */
export function ended(preview: Preview, now: number): Preview | undefined {
  if (preview.state !== 'stopping') return undefined
  if (startsAgain(preview))
    return queued({ ...known(preview), crashes: 0 }, rested(preview.generation), 'api', now, 0, null)
  return stopped(known(preview), rested(preview.generation), preview.why, now)
}

/** Its container and its image are gone. */
export function removed(preview: Preview, now: number): Preview | undefined {
  if (preview.state !== 'removing') return undefined
  return startsAgain(preview)
    ? queued({ ...bare(preview), crashes: 0 }, null, 'api', now, 0, null)
    : gone(preview, 'removed', now)
}

/** What was pulled ahead is not offered any more: from now on it ages like all others. */
export function unlisted(preview: Preview, now: number): Preview | undefined {
  if (preview.state !== 'stopped' || preview.why !== 'ahead') return undefined
  return { ...preview, since: now, why: 'idle' }
}

/** Its container and its image are gone, and what is known of the tag stays. */
export function cleaned(preview: Preview, now: number): Preview | undefined {
  if (!preview.image && !generationOf(preview) && preview.state !== 'failed') return undefined
  switch (preview.state) {
    case 'stopped':
      return { ...bare(preview), state: 'stopped', generation: null, why: preview.why }
    case 'failed':
      return stopped(bare(preview), null, 'idle', now)
    case 'queued':
      // A click came while the image was going: it is pulled again.
      return asked({ ...preview, ...bare(preview), generation: null })
    default:
      return undefined
  }
}

/** Nobody has asked for long for what has nothing but its row. */
export function forget(preview: Preview, now: number): Preview | undefined {
  return isForgettable(preview) ? gone(preview, 'forgotten', now) : undefined
}
