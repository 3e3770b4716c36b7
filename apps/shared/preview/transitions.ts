/**
 * The life of a preview: the one state machine.
 *
 * `next` is pure: it says what a preview becomes when something happens, or `undefined` where the event means nothing
 * to the state it meets (a loser of a race, a late report of an older generation). `store.apply` is the only caller
 * that commits its answer.
 *
 * Here are the events, each with the function that says what it means. Those are in start.ts (from the wish to the
 * first answer), failure.ts (it fails, crashes, has no image), update.ts (a newer image, and its generation
 * beside the one that serves), pause.ts and stop.ts (stop, remove, clean up). states.ts makes the states.
 */
import { curbed, diskOver, exited, fail, imageGone, missing } from './failure.ts'
import { current, left, notRenewed, refresh, renewed, replace } from './update.ts'
import { freeze, inUse, pause, woken } from './pause.ts'
import { answered, begin, created, found, pull, pulled, restart, seen, slotTaken, start, started } from './start.ts'
import { queued } from './states.ts'
import { cleaned, ended, ending, forget, remove, removed, stop, unlisted } from './stop.ts'
import { fresh, type Event, type Preview } from './preview.ts'

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
      return pause(preview, now)
    case 'freeze':
      return freeze(preview, event.generation, now)
    case 'woken':
      return woken(preview, event.generation, event.unfit ?? false, now)
    case 'inUse':
      return inUse(preview, now)
    case 'restart':
      return restart(preview, now)
    case 'remove':
      return remove(preview, now)
    case 'pull':
      return pull(preview, now)
    case 'found':
      return found(preview, event.image)
    case 'imageGone':
      return imageGone(preview, now)
    case 'pulled':
      return pulled(preview, event, now)
    case 'refresh':
      return refresh(preview, event.digest)
    case 'current':
      return current(preview, event.number, now)
    case 'notRenewed':
      return notRenewed(preview, event, now)
    case 'renewed':
      return renewed(preview, event, now)
    case 'unlisted':
      return unlisted(preview, now)
    case 'replace':
      return replace(preview, event)
    case 'left':
      return left(preview, event.generation)
    case 'missing':
      return missing(preview, now)
    case 'begin':
      return begin(preview, event, now)
    case 'created':
      return created(preview, event.generation, event.container)
    case 'slotTaken':
      return slotTaken(preview, event.generation, event.slot)
    case 'started':
      return started(preview, event.generation, now)
    case 'answered':
      return answered(preview, event, now)
    case 'fail':
      return fail(preview, event.reason, now)
    case 'exited':
      return exited(preview, event, now)
    case 'diskOver':
      return diskOver(preview, event, now)
    case 'curbed':
      return curbed(preview, event)
    case 'ending':
      return ending(preview)
    case 'ended':
      return ended(preview, now)
    case 'removed':
      return removed(preview, now)
    case 'cleaned':
      return cleaned(preview, now)
    case 'forget':
      return forget(preview, now)
    case 'ahead':
    case 'adopt':
      return undefined
  }
}

/** The first event of a tag without a row. */
function born(tag: string, event: Event, now: number): Preview | undefined {
  // A tag may come back after its row went. Counting on from the clock, no job of its earlier life has the same id.
  const unknown = { ...fresh, tag, since: now, change: now, refreshes: now }
  if (event.type === 'start') return queued({ ...unknown, ...seen(event.by, now) }, null, event.by, now, 0, null)
  if (event.type === 'ahead')
    return { ...unknown, image: event.image, state: 'stopped', generation: null, why: 'ahead' }
  if (event.type !== 'adopt') return undefined
  const { generation, image, frozen } = event
  const adopted = { ...unknown, image, lastSeen: now, generations: generation.number, generation, readyAt: now }
  return frozen ? { ...adopted, state: 'paused', phase: 'frozen' } : { ...adopted, state: 'running', coming: null }
}
