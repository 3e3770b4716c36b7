/**
 * Reads a nudged preview again and runs the step that its state asks for. One tag's steps run one after another; a
 * nudge for a busy tag is remembered and holds no lane.
 */
import { nextInLine } from '../shared/preview/start-queue.ts'
import { mayBeRenewed, wantsNewer } from '../shared/preview/image-update.ts'
import { isOnItsWay, countsAsRunning, type Preview } from '../shared/preview/preview.ts'
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
  nudged: boolean
  swept: boolean
  isUpdate: boolean
}

export function openHandler(deps: Dependencies): (lane: Lane, nudge: Nudge) => Promise<void> {
  const { store, nudges, log, config } = deps
  const busy = new Map<string, Turn>()
  const retire = openRetireGeneration(deps)
  const prepull = openPrepull(deps)

  return async function attend(lane, { tag, sweep: sweeps = false, refresh: updates = false, prepull: ahead = false }) {
    // Beside the tag's other steps: the engine fetches a layer once for all pulls.
    if (ahead) return prepull(tag)
    // Before the tag is marked busy: if this throws, the mark would stay for ever.
    const before = store.get(tag)
    if (before?.retiring.length) retire(tag, before.retiring)
    const running = busy.get(tag)
    if (running) {
      if (sweeps) running.swept = true
      // A wanted update is seen when the step ends.
      else if (!updates) running.nudged = true
      return
    }
    const turn: Turn = { nudged: false, swept: false, isUpdate: updates }
    busy.set(tag, turn)
    const outcome = updates
      ? await attempt(tag, 'update', () => updateImage(deps, lane, before))
      : await attempt(tag, lane, () => step(deps, lane, before, tag, sweeps))
    if (!outcome?.background) return finish(tag, turn, before, outcome)
    const { background: beside } = outcome
    void attempt(tag, lane, () => beside).then((last) => finish(tag, turn, before, last))
  }

  async function attempt(tag: string, lane: Lane, work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await work()
    } catch (error) {
      await failed(tag, lane, error).catch((err: unknown) =>
        log.error({ tag, lane, err }, 'the failure of a step could not be recorded'),
      )
      return undefined
    }
  }

  /** The reaper asks again for a stop that failed; a pull or a start that failed gets a reason. */
  async function failed(tag: string, lane: Lane, error: unknown) {
    const preview = store.get(tag)
    if (!isExpected(error)) log.error({ tag, lane, err: error }, 'step failed')
    else log.warn({ tag, lane, code: error.code, error: error.message }, 'step failed')
    // No visitor waits for an update, and the store already notes its failure.
    if (!preview || lane === 'stop' || lane === 'update') return
    const pending = pendingOf(preview)
    if (preview.state === 'running' && (lane !== 'start' || !pending)) return
    if (!['queued', 'pulling', 'starting', 'running'].includes(preview.state)) return
    // Fails too while the engine is down; the reaper removes the container later.
    if (pending) await discard(deps, pending).catch(() => {})
    store.apply(tag, {
      type: 'fail',
      reason: toFailureReason(error, lane === 'pull' || lane === 'lookup' ? 'pull-failed' : 'start-failed'),
    })
  }

  async function finish(tag: string, turn: Turn, before: Preview | undefined, outcome: Outcome) {
    busy.delete(tag)
    try {
      const now = store.get(tag)
      if (turn.swept) await nudges.sweep(tag)
      // The reaper asks again for an update without a result.
      const hasNoResult = turn.isUpdate && before && now?.refreshes === before.refreshes && !hasChanged(before, now)
      if (now && wantsNewer(now) && mayBeRenewed(now) && !hasNoResult) await nudges.refresh(now)
      if (now?.state === 'queued' && outcome?.nextLane) await nudges.nudge(now, outcome.nextLane)
      else if (now && (turn.nudged || outcome?.lookAgain || needsAnotherStep(before, now))) await nudges.nudge(now)
      if (before && hasChanged(before, now) && !(now && countsAsRunning(now.state))) await nudgeNext()
    } catch (err) {
      log.error({ tag, err }, 'the follow-up of a step failed')
    }
  }

  /** Nudges the preview that has waited longest, instead of leaving it to the reaper. */
  async function nudgeNext() {
    if (store.places() >= config.maxRunning) return
    for (const next of nextInLine(store.list(), 1, Date.now())) await nudges.nudge(next)
  }
}

async function step(
  deps: Dependencies,
  lane: Lane,
  preview: Preview | undefined,
  tag: string,
  sweeps: boolean,
): Promise<Outcome> {
  if (!preview || sweeps) return void (await removeStrays(deps, tag))
  // The state has changed since the nudge: another lane handles it.
  const isForwarded = preview.state === 'queued' && (lane === 'lookup' || lane === 'pull')
  if (laneOf(preview) !== lane && !isForwarded) return { lookAgain: isOnItsWay(preview) }
  switch (preview.state) {
    case 'queued': {
      // TAG_FILTER was changed since the click.
      if (!deps.config.offers(tag)) return void deps.store.apply(tag, { type: 'remove' })
      if (lane === 'lookup') return checkTag(deps, preview)
      if (lane === 'pull') return pullForStart(deps, preview)
      // Beside the lane: the registry's answer must not delay other starts.
      if (wantsNewer(preview)) return { background: checkUpdateFirst(deps, preview) }
      const withItsImage = await withImage(deps, preview)
      if (withItsImage) return startPreview(deps, withItsImage)
      return { nextLane: deps.store.isOffered(tag) ? 'pull' : 'lookup' }
    }
    case 'pulling':
      return pullForStart(deps, preview)
    case 'starting':
      return startPreview(deps, preview)
    case 'running':
      return lane === 'start' ? startPreview(deps, preview) : undefined
    case 'paused':
      return lane === 'wake' ? wakePreview(deps, preview) : pausePreview(deps, preview)
    case 'stopping':
      return stopPreview(deps, preview)
    case 'removing':
      return removePreview(deps, preview)
    case 'stopped':
    case 'failed':
      return cleanUp(deps, preview)
    default:
      return undefined
  }
}

function needsAnotherStep(before: Preview | undefined, now: Preview): boolean {
  return isOnItsWay(now) && (!before || hasChanged(before, now) || laneOf(before) !== laneOf(now))
}

function hasChanged(before: Preview, now: Preview | undefined): boolean {
  return before.state !== now?.state || before.change !== now.change
}
