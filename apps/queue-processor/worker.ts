/**
 * Reads a nudged preview again and runs the step that its state asks for. One tag's steps run one after another; a
 * nudge for a busy tag is remembered and holds no lane.
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

/** What arrived for a busy tag, and whether its current step is an update. */
interface Turn {
  again: boolean
  sweep: boolean
  looks: boolean
}

export function work(parts: Dependencies): (lane: Lane, nudge: Nudge) => Promise<void> {
  const { store, nudges, log, config } = parts
  const busy = new Map<string, Turn>()
  const seeOff = openRetireGeneration(parts)
  const pullAhead = openPrepull(parts)

  return async function attend(lane, { tag, sweep: sweeping = false, refresh: refreshing = false, ahead = false }) {
    // Beside the tag's other steps: the engine fetches a layer once for all pulls.
    if (ahead) return pullAhead(tag)
    // Before the tag is marked busy: if this throws, the mark would stay for ever.
    const before = store.get(tag)
    if (before?.leaving.length) seeOff(tag, before.leaving)
    const theirs = busy.get(tag)
    if (theirs) {
      if (sweeping) theirs.sweep = true
      // A wanted update is seen when the step ends.
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

  /** The reaper asks again for a stop that failed; a pull or a start that failed gets a reason. */
  async function failed(tag: string, lane: Lane, error: unknown) {
    const preview = store.get(tag)
    if (!isExpected(error)) log.error({ tag, lane, err: error }, 'step failed')
    else log.warn({ tag, lane, code: error.code, error: error.message }, 'step failed')
    // No visitor waits for an update, and the store already notes its failure.
    if (!preview || lane === 'stop' || lane === 'renew') return
    const coming = pendingOf(preview)
    if (preview.state === 'running' && (lane !== 'start' || !coming)) return
    if (!['queued', 'pulling', 'starting', 'running'].includes(preview.state)) return
    // Fails too while the engine is down; the reaper removes the container later.
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
      // The reaper asks again for an update without a result.
      const inVain = turn.looks && before && now?.refreshes === before.refreshes && !hasChanged(before, now)
      if (now && wantsNewer(now) && mayBeRenewed(now) && !inVain) await nudges.refresh(now)
      if (now?.state === 'queued' && outcome?.sendOn) await nudges.nudge(now, outcome.sendOn)
      else if (now && (turn.again || outcome?.again || asksForMore(before, now))) await nudges.nudge(now)
      if (before && hasChanged(before, now) && !(now && takesPlace(now.state))) await callNext()
    } catch (err) {
      log.error({ tag, err }, 'step ended badly')
    }
  }

  /** Nudges the preview that has waited longest, instead of leaving it to the reaper. */
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
  // The state has changed since the nudge: another lane handles it.
  const sentOn = preview.state === 'queued' && (lane === 'ask' || lane === 'pull')
  if (laneOf(preview) !== lane && !sentOn) return { again: isOnItsWay(preview) }
  switch (preview.state) {
    case 'queued': {
      // TAG_FILTER was changed since the click.
      if (!parts.config.offers(tag)) return void parts.store.apply(tag, { type: 'remove' })
      if (lane === 'ask') return checkTag(parts, preview)
      if (lane === 'pull') return pullForStart(parts, preview)
      // Beside the lane: the registry's answer must not delay other starts.
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
