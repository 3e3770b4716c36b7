/**
 * What one nudge leads to: the preview is read again, and gets what its state asks for.
 *
 * One tag's steps run one after another. A nudge for a tag that is busy is remembered, never waited with: a lane is for
 * the engine's work alone.
 */
import { nextInLine } from '../shared/preview/start-queue.ts'
import { mayBeRenewed, wantsNewer } from '../shared/preview/image-update.ts'
import { isOnItsWay, takesPlace, type Preview } from '../shared/preview/preview.ts'
import { laneOf, type Lane, type Nudge } from '../shared/queue.ts'
import { pendingOf, discard } from './step/pending.ts'
import type { Outcome, Dependencies } from './dependencies.ts'
import { checkTag } from './step/check-tag.ts'
import { pausePreview, wakePreview } from './step/pause-preview.ts'
import { openPrepull } from './images/prepull.ts'
import { isExpected, toFailureReason } from './step/to-failure-reason.ts'
import { pullForStart, withImage } from './images/pull-for-start.ts'
import { checkUpdateFirst, updateImage } from './images/update-image.ts'
import { openRetireGeneration } from './step/retire-generation.ts'
import { startPreview } from './step/start-preview.ts'
import { cleanUp, removePreview, stopPreview } from './step/stop-preview.ts'
import { removeStrays } from './step/remove-strays.ts'

/** What was asked for a tag while it was busy, and whether that was with looking for a newer image. */
interface Turn {
  again: boolean
  sweep: boolean
  looks: boolean
}

/** Makes the handler of the lanes. It never throws, and it is harmless to call twice for the same. */
export function work(parts: Dependencies): (lane: Lane, nudge: Nudge) => Promise<void> {
  const { store, nudges, log, config } = parts
  const busy = new Map<string, Turn>()
  const seeOff = openRetireGeneration(parts)
  const pullAhead = openPrepull(parts)

  return async function attend(lane, { tag, sweep: sweeping = false, refresh: refreshing = false, ahead = false }) {
    // Beside whatever is asked for the tag meanwhile: the engine fetches a layer once, for all who want it.
    if (ahead) return pullAhead(tag)
    // Before the tag is taken: where this throws, nobody would ever give it back.
    const before = store.get(tag)
    if (before?.leaving.length) seeOff(tag, before.leaving)
    const theirs = busy.get(tag)
    if (theirs) {
      if (sweeping) theirs.sweep = true
      // Whether a newer image is wanted is seen when it is done.
      else if (!refreshing) theirs.again = true
      return
    }
    const turn: Turn = { again: false, sweep: false, looks: refreshing }
    busy.set(tag, turn)
    const outcome = refreshing
      ? await attempt(tag, 'renew', () => updateImage(parts, lane, before))
      : await attempt(tag, lane, () => step(parts, lane, before, tag, sweeping))
    if (!outcome?.beside) return finish(tag, turn, before, outcome)
    const { beside } = outcome
    void attempt(tag, lane, () => beside).then((last) => finish(tag, turn, before, last))
  }

  async function attempt(tag: string, lane: Lane, work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await work()
    } catch (error) {
      await failed(tag, lane, error).catch((err: unknown) => log.error({ tag, lane, err }, 'step failed badly'))
      return undefined
    }
  }

  /** A stop that did not work is asked for again by the reaper; a pull or a start that did not is a reason. */
  async function failed(tag: string, lane: Lane, error: unknown) {
    const preview = store.get(tag)
    if (!isExpected(error)) log.error({ tag, lane, err: error }, 'step failed')
    else log.warn({ tag, lane, code: error.code, error: error.message }, 'step failed')
    // Nobody waits for a renewal: whoever is on the way has asked for more than that.
    if (!preview || lane === 'stop' || lane === 'renew') return
    const coming = pendingOf(preview)
    if (preview.state === 'running' && (lane !== 'start' || !coming)) return
    if (!['queued', 'pulling', 'starting', 'running'].includes(preview.state)) return
    // An engine that is down cannot do that either: the container is swept away when it is back.
    if (coming) await discard(parts, coming).catch(() => {})
    store.apply(tag, {
      type: 'fail',
      reason: toFailureReason(error, lane === 'pull' || lane === 'ask' ? 'pull-failed' : 'start-failed'),
    })
  }

  async function finish(tag: string, turn: Turn, before: Preview | undefined, outcome: Outcome) {
    busy.delete(tag)
    try {
      const now = store.get(tag)
      if (turn.sweep) await nudges.sweep(tag)
      // A look that nothing has come of is asked for again by the reaper.
      const inVain = turn.looks && before && now?.refreshes === before.refreshes && !hasChanged(before, now)
      if (now && wantsNewer(now) && mayBeRenewed(now) && !inVain) await nudges.refresh(now)
      if (now?.state === 'queued' && outcome?.sendOn) await nudges.nudge(now, outcome.sendOn)
      else if (now && (turn.again || outcome?.again || asksForMore(before, now))) await nudges.nudge(now)
      if (before && hasChanged(before, now) && !(now && takesPlace(now.state))) await callNext()
    } catch (err) {
      log.error({ tag, err }, 'step ended badly')
    }
  }

  /** A place is free: whoever has waited longest need not wait for the reaper. */
  async function callNext() {
    if (store.places() >= config.maxRunning) return
    for (const next of nextInLine(store.list(), 1, Date.now())) await nudges.nudge(next)
  }
}

async function step(
  parts: Dependencies,
  lane: Lane,
  preview: Preview | undefined,
  tag: string,
  sweeping: boolean,
): Promise<Outcome> {
  if (!preview || sweeping) return void (await removeStrays(parts, tag))
  // The state has changed since the job was made: it is another lane's now.
  const sentOn = preview.state === 'queued' && (lane === 'ask' || lane === 'pull')
  if (laneOf(preview) !== lane && !sentOn) return { again: isOnItsWay(preview) }
  switch (preview.state) {
    case 'queued': {
      // TAG_FILTER was changed since it was asked for.
      if (!parts.config.offers(tag)) return void parts.store.apply(tag, { type: 'remove' })
      if (lane === 'ask') return checkTag(parts, preview)
      if (lane === 'pull') return pullForStart(parts, preview)
      // A question keeps nobody else from starting.
      if (wantsNewer(preview)) return { beside: checkUpdateFirst(parts, preview) }
      const here = await withImage(parts, preview)
      if (here) return startPreview(parts, here)
      return { sendOn: parts.store.isOffered(tag) ? 'pull' : 'ask' }
    }
    case 'pulling':
      return pullForStart(parts, preview)
    case 'starting':
      return startPreview(parts, preview)
    case 'running':
      return lane === 'start' ? startPreview(parts, preview) : undefined
    case 'paused':
      return lane === 'wake' ? wakePreview(parts, preview) : pausePreview(parts, preview)
    case 'stopping':
      return stopPreview(parts, preview)
    case 'removing':
      return removePreview(parts, preview)
    case 'stopped':
    case 'failed':
      return cleanUp(parts, preview)
    default:
      return undefined
  }
}

function asksForMore(before: Preview | undefined, now: Preview): boolean {
  return isOnItsWay(now) && (!before || hasChanged(before, now) || laneOf(before) !== laneOf(now))
}

function hasChanged(before: Preview, now: Preview | undefined): boolean {
  return before.state !== now?.state || before.change !== now.change
}
