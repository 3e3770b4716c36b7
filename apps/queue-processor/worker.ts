/** Steps of one preview run one after another; a nudge for a busy one is remembered and holds no lane. */
import { isDue, nextInLine, rankOf, FIRST } from '../shared/preview/start-queue.ts'
import { mayBeRenewed, wantsNewer } from '../shared/preview/image-update.ts'
import { isOnItsWay, countsAsRunning, stepOf, type Preview } from '../shared/preview/preview.ts'
import { findRepository } from '../shared/repository.ts'
import { forRequest } from '../shared/request-id.ts'
import { laneOf, stepsLaneOf, type Lane, type Nudge } from '../shared/queue.ts'
import { pendingOf, discard } from './step/pending.ts'
import type { Outcome, Dependencies } from './dependencies.ts'
import { openPrepull } from './images/prepull.ts'
import { serveData } from './data/serve-data.ts'
import { isExpected, toFailureReason } from './step/to-failure-reason.ts'
import { updateImage } from './images/update-image.ts'
import { isLocked } from '../shared/store/store.ts'
import { openRetireGeneration } from './step/retire-generation.ts'
import { removeStrays } from './step/remove-strays.ts'
import { openTend } from './services/tend.ts'
import { hasServicesUp } from './services/stop-services.ts'
import { takeStep } from './step/steps.ts'
import { idOf, logFields, splitId, type PreviewId } from '../shared/preview/preview-id.ts'

type Turning = Pick<Nudge, 'id' | 'sweep' | 'refresh' | 'data'>

interface Turn {
  lane: Lane
  nudged: boolean
  swept: boolean
  /** Its services are to be looked at once the step has ended. */
  tended: boolean
  /** Its data are to be served once the step has ended. */
  isForData: boolean
  isUpdate: boolean
}

export function openHandler(deps: Dependencies): (lane: Lane, nudge: Nudge) => Promise<void> {
  const { store, nudges, log, config } = deps
  const busy = new Map<PreviewId, Turn>()
  const retire = openRetireGeneration(deps)
  const prepull = openPrepull(deps)
  const tend = openTend(deps, (id) => busy.get(id))

  return async function attend(queue, nudge) {
    // Beside the preview's other steps: the engine fetches a layer once for all pulls.
    if (nudge.prepull) return prepull(nudge.id)
    if (nudge.tend) return tend.attend(nudge.id)
    const lane = stepsLaneOf(queue)
    const tried = new Set([nudge.id])
    for (let first = overtaker(lane, nudge, tried); first; first = overtaker(lane, nudge, tried)) {
      tried.add(first)
      await takeTurn(lane, { id: first })
    }
    return takeTurn(lane, nudge)
  }

  /** Its own job comes later, and finds it done. */
  function overtaker(lane: Lane, { id, sweep, refresh }: Turning, tried: Set<PreviewId>) {
    if (sweep || refresh || (lane !== 'start' && lane !== 'pull')) return undefined
    const now = Date.now()
    const own = store.get(id)
    const rank = own && rankOf(own, now)
    if (rank === undefined || rank === FIRST) return undefined
    const first = store
      .list()
      .filter((preview) => laneOf(preview) === lane && (preview.state !== 'queued' || isDue(preview, now)))
      // Each repository pulls by itself.
      .filter(({ repository }) => lane === 'start' || repository === splitId(id).repository)
      .filter((preview) => !busy.has(idOf(preview)) && !tried.has(idOf(preview)) && rankOf(preview, now) < rank)
      .sort((a, b) => rankOf(a, now) - rankOf(b, now) || a.since - b.since)[0]
    return first && idOf(first)
  }

  async function takeTurn(lane: Lane, { id, sweep, refresh, data }: Turning) {
    const sweeps = sweep === true
    const isForData = data === true
    const updates = refresh === true
    if (!updates) await tend.settled(id)
    // Before the preview is marked busy: if this throws, the mark would stay for ever.
    const before = store.get(id)
    if (before?.retiring.length) retire(id, before.retiring)
    const running = busy.get(id)
    if (running) {
      if (isForData) running.isForData = true
      else if (sweeps) running.swept = true
      // A wanted update is seen when the step ends.
      else if (!updates) running.nudged = true
      return
    }
    const turn: Turn = { lane, nudged: false, swept: false, tended: false, isForData: false, isUpdate: updates }
    busy.set(id, turn)
    const attemptTraced = (as: Lane, work: () => Promise<Outcome>) =>
      forRequest(before?.request ?? null, () => attempt(id, as, work))
    const outcome = updates
      ? await attemptTraced('update', () => updateImage(deps, lane, before))
      : isForData
        ? { background: serveData(deps, id).then(() => undefined) }
        : await attemptTraced(lane, () => step(deps, lane, before, id, sweeps))
    if (!outcome?.background) return finish(id, turn, before, outcome)
    const { background: beside } = outcome
    void attemptTraced(lane, () => beside).then((last) => finish(id, turn, before, last))
  }

  async function attempt(id: PreviewId, lane: Lane, work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await work()
    } catch (error) {
      await failed(id, lane, error).catch((err: unknown) =>
        log.error({ ...logFields(id), lane, err }, 'the failure of a step could not be recorded'),
      )
      return undefined
    }
  }

  /** The reaper asks again for a stop that failed; a pull or a start that failed gets a reason. */
  async function failed(id: PreviewId, lane: Lane, error: unknown) {
    // It says nothing of the preview: the reaper asks for the step again.
    if (isLocked(error)) return log.warn({ ...logFields(id), lane }, 'another program locks the database')
    const preview = store.get(id)
    if (!isExpected(error)) log.error({ ...logFields(id), lane, err: error }, 'step failed')
    else log.warn({ ...logFields(id), lane, code: error.code, error: error.message }, 'step failed')
    // No visitor waits for an update, and the store already notes its failure.
    if (!preview || lane === 'stop' || lane === 'update') return
    const pending = pendingOf(preview)
    if (preview.state === 'running' && (lane !== 'start' || !pending)) return
    if (!['queued', 'pulling', 'starting', 'running'].includes(preview.state)) return
    // Fails too while the engine is down; the reaper removes the container later.
    if (pending) await discard(deps, pending).catch(() => {})
    store.apply(id, {
      type: 'fail',
      reason: toFailureReason(error, lane === 'pull' || lane === 'lookup' ? 'pull-failed' : 'start-failed'),
    })
  }

  async function finish(id: PreviewId, turn: Turn, before: Preview | undefined, outcome: Outcome) {
    busy.delete(id)
    // A generation may have gone, or come to rest.
    deps.sandboxes.nudge()
    try {
      const now = store.get(id)
      if (turn.swept || (now?.state === 'failed' && hasServicesUp(deps, id))) await nudges.sweep(id)
      if (turn.tended) await nudges.tend(id)
      if (turn.isForData) await nudges.data(id)
      // The reaper asks again for an update without a result.
      const hasNoResult = turn.isUpdate && before && now?.refreshes === before.refreshes && !hasChanged(before, now)
      if (now && wantsNewer(now) && mayBeRenewed(now) && !hasNoResult) await nudges.refresh(now)
      if (now && (turn.nudged || outcome?.again || needsAnotherStep(turn.lane, before, now))) await nudges.nudge(now)
      if (before && hasChanged(before, now) && !(now && countsAsRunning(now.state))) await nudgeNext()
    } catch (err) {
      log.error({ ...logFields(id), err }, 'the follow-up of a step failed')
    }
  }

  /** Instead of leaving it to the reaper. */
  async function nudgeNext() {
    if (store.places() >= config.maxRunning) return
    for (const next of nextInLine(store.list(), 1, Date.now())) await nudges.nudge(next)
  }
}

async function step(
  deps: Dependencies,
  lane: Lane,
  preview: Preview | undefined,
  id: PreviewId,
  sweeps: boolean,
): Promise<Outcome> {
  if (!preview || sweeps) return void (await removeStrays(deps, id))
  // The preview has changed since the nudge: another lane takes its step.
  if (laneOf(preview) !== lane) return undefined
  const removed = () => void deps.store.apply(id, { type: 'remove' })
  // LOTAN_REPOSITORIES was changed: of what is not listed only the end goes on.
  if (lane !== 'stop' && !findRepository(id, deps.config)) return removed()
  // Its change lets it run no more: the reaper ends it.
  if (lane !== 'stop' && deps.store.standing(id, Date.now()).is !== 'free') return undefined
  // TAG_FILTER was changed since the click.
  if (preview.state === 'queued' && !deps.config.offers(id)) return removed()
  return takeStep(deps, preview)
}

function needsAnotherStep(lane: Lane, before: Preview | undefined, now: Preview): boolean {
  if (!isOnItsWay(now)) return false
  return !before || hasChanged(before, now) || stepOf(before) !== stepOf(now) || laneOf(now) !== lane
}

function hasChanged(before: Preview, now: Preview | undefined): boolean {
  return before.state !== now?.state || before.change !== now.change
}
