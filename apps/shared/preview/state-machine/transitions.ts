/**
 * One row an event, in it the states, and phases, that it means something to. A step may still return undefined, for
 * what is no question of the state: a late report of an older generation, an image that is here already.
 * `now` is milliseconds since 1970.
 */
import * as failure from './failure.ts'
import * as pause from './pause.ts'
import * as pin from './pin.ts'
import * as removal from './removal.ts'
import * as start from './start.ts'
import * as stop from './stop.ts'
import * as update from './update.ts'
import type { Event, EventOf, EventType } from '../event.ts'
import { fresh, type In, type InPhase, type Phases, type Preview, type State } from '../preview.ts'
import { splitId, type PreviewId } from '../preview-id.ts'
import { toRestart } from './states.ts'

type Step<E extends EventType, P extends Preview> = (preview: P, event: EventOf<E>, now: number) => Preview | undefined
type Cell<E extends EventType, S extends State> = S extends keyof Phases
  ? Step<E, In<S>> | { [P in Phases[S]]?: Step<E, InPhase<S, P>> }
  : Step<E, In<S>>
type Row<E extends EventType> = { [S in State]?: Cell<E, S> }

function inEvery<E extends EventType>(step: Step<E, Preview>): Row<E> {
  const here = { queued: step, pulling: step, starting: step, running: step, paused: step }
  return { ...here, stopping: step, stopped: step, removing: step, failed: step }
}
const again = { draining: toRestart, ending: toRestart }
const { byAdmin } = start

// prettier-ignore
const transitions: { [E in EventType]: Row<E> } = {
  // What people, programs and the reaper want.
  start:      { unknown: start.firstStart, queued: start.hurry, paused: { draining: start.callBack, frozen: start.wake },
                stopping: { draining: start.callBackOrRestart, ending: start.restart },
                removing: { draining: start.restart, ending: start.restart }, stopped: start.startAgain, failed: start.tryAgain },
  restart:    { queued: byAdmin(start.hurry), running: stop.restart, paused: stop.restart, stopping: again, removing: again,
                stopped: byAdmin(start.startAgain), failed: byAdmin(start.tryAgain) },
  stop:       { queued: stop.cancel, pulling: stop.cancel, starting: stop.cancel, running: stop.stop, paused: stop.stop,
                stopping: { draining: stop.stopElsewhere, ending: stop.stopElsewhere,
                            drainingToRestart: stop.stopForGood, endingToRestart: stop.stopForGood },
                removing: { drainingToRestart: stop.removeForGood, endingToRestart: stop.removeForGood },
                stopped: stop.freeDisk, failed: stop.giveUp },
  pause:      { running: pause.pause },
  inUse:      { paused: { draining: pause.inUse }, stopping: { draining: stop.inUse } },
  remove:     { ...inEvery<'remove'>(stop.remove),
                removing: { drainingToRestart: stop.removeForGood, endingToRestart: stop.removeForGood } },
  forget:     { stopped: stop.forget, failed: stop.forget },
  pin:        { ...inEvery<'pin'>(pin.pin), unknown: pin.pinUnknown, paused: { draining: pin.pinAndCallBack, frozen: pin.pin, waking: pin.pin },
                stopping: { draining: pin.pinAndCallBack, ending: pin.pin, drainingToRestart: pin.pin, endingToRestart: pin.pin },
                removing: { drainingToRestart: pin.pin, endingToRestart: pin.pin } },
  unpin:      inEvery<'unpin'>(pin.unpin),
  removeSoon: { ...inEvery<'removeSoon'>(removal.removeSoon), removing: undefined },
  keep:       inEvery(removal.keep),

  // How it comes up.
  found:      { queued: { findImage: start.found } },
  absent:     { queued: { findImage: start.absent } },
  exists:     { queued: { lookup: start.exists, checkUpdate: start.exists } },
  missing:    { queued: { lookup: failure.missing }, pulling: failure.missing },
  pull:       { queued: { pull: start.pull } },
  pulled:     { pulling: start.pulled },
  ahead:      { unknown: start.ahead },
  begin:      { queued: { start: start.begin }, starting: start.begin },
  created:    { starting: start.created, running: update.created },
  slotTaken:  { starting: start.slotTaken, running: update.slotTaken },
  started:    { starting: start.started },
  elsewhere:  { starting: start.elsewhere },
  answered:   { starting: start.answered, running: update.takenOver },
  adopt:      { unknown: start.adopt },
  copied:     { unknown: start.copied },

  // How it is frozen, and how it ends.
  freeze:     { running: pause.freeze, paused: { draining: pause.freeze } },
  woken:      { paused: { frozen: pause.woken, waking: pause.woken } },
  ending:     { stopping: { draining: stop.ending, drainingToRestart: stop.endingToRestart },
                removing: { draining: stop.ending, drainingToRestart: stop.endingToRestart } },
  ended:      { stopping: { draining: stop.ended, ending: stop.ended,
                            drainingToRestart: stop.endedToRestart, endingToRestart: stop.endedToRestart } },
  removed:    { removing: { draining: stop.removed, ending: stop.removed,
                            drainingToRestart: stop.removedToRestart, endingToRestart: stop.removedToRestart } },
  cleaned:    { queued: stop.cleanedBeforePull, stopped: stop.cleaned, failed: stop.cleanedAfterFailure },
  left:       inEvery(update.left),

  // A newer image, and its generation beside the one that serves.
  refresh:    { ...inEvery<'refresh'>(update.refresh), queued: update.refreshFirst, removing: undefined },
  current:    inEvery(update.current),
  notRenewed: inEvery(update.notRenewed),
  renewed:    { ...inEvery<'renewed'>(update.renewedMeanwhile), running: update.renewedWhileRunning,
                paused: update.renewedAtRest, stopped: update.renewedAtRest, failed: update.renewedAfterFailure },
  replace:    { running: update.replace },
  unlisted:   { stopped: stop.unlisted },

  // What goes wrong.
  fail:       { queued: failure.fail, pulling: failure.pullFailed, starting: failure.fail, running: failure.updateFailed },
  exited:     { starting: failure.exitedAtStart, running: failure.crashed, stopped: failure.containerGone,
                paused: { draining: failure.exitedUnused, frozen: failure.exitedUnused, waking: failure.exitedWaking } },
  lacks:      { queued: { start: start.lacks }, starting: start.lacksAfterAll },
  imageGone:  { queued: failure.pullAgain, starting: failure.pullAgain, running: failure.updateGone },
  diskOver:   { ...inEvery<'diskOver'>(failure.diskOver), removing: failure.diskOverAtRemoval },
  curbed:     { running: failure.curbed },
}

/** Only `store.apply` commits the answer. State `unknown`: the row is to go. Undefined: the event changes nothing. */
export function next(preview: Preview | undefined, id: PreviewId, event: Event, now: number): Preview | undefined {
  const was = preview ?? unknown(id, now)
  const row = transitions[event.type] as Partial<Record<State, AnyStep | Partial<Record<string, AnyStep>>>>
  const cell = row[was.state]
  const step = typeof cell === 'object' && 'phase' in was ? cell[was.phase] : (cell as AnyStep | undefined)
  return step?.(was, event, now)
}

/** The table has checked that a step fits its row and column. */
type AnyStep = Step<EventType, Preview>

/** A tag may come back after its row went. Counting on from the clock, no job of its earlier life has the same id. */
function unknown(id: PreviewId, now: number): In<'unknown'> {
  return { ...fresh, ...splitId(id), since: now, change: now, refreshes: now, state: 'unknown', why: 'never' }
}
