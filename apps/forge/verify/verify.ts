/** Starts each new image of an open change once, and notes what came of it. */
import { changeFields } from '../../shared/forge/change.ts'
import { comesUp } from '../../shared/preview/preview.ts'
import { startQueue } from '../../shared/preview/start-queue.ts'
import type { ChangeFacts } from '../change-facts.ts'
import type { ForgeContext } from '../context.ts'
import { verdictOf } from './plan.ts'

export function verifyChanges(
  { store, nudges, settings, config, log }: ForgeContext,
  changes: readonly ChangeFacts[],
  now: number,
): void {
  for (const facts of changes) noteTried(facts)
  if (!settings.verify) return
  let coming = changes.filter(({ tried, outcome, preview }) => {
    return tried && tried.starts > 0 && outcome?.is === 'coming' && preview && comesUp(preview)
  }).length
  const places = { taken: store.places(), waiting: startQueue(store.list(), now).length }
  for (const facts of changes) {
    const { change, id, meant, preview, isFree, tried, outcome } = facts
    if (change.state !== 'open' || !isFree || !tried || !outcome || !meant.image) continue
    const free = config.maxRunning - places.taken - places.waiting
    if (verdictOf({ preview, outcome, tried, free, coming, now }) !== 'start') continue
    // So that its start looks for this image, and not for the one that is here.
    store.apply(id, { type: 'refresh', digest: meant.image.digest }, now)
    const started = store.apply(id, { type: 'start', by: 'verify' }, now)
    if (!started) continue
    // Ended in between, the next run finds it coming up, or how it came up.
    const next = { ...tried, starts: tried.starts + 1, startedAt: now }
    facts.said = { ...facts.said, tried: next }
    store.changes.noteSaid(change, facts.said)
    void nudges.nudge(started)
    log.info({ ...changeFields(change), digest: meant.image.digest }, 'a new image is started once')
    places.waiting += 1
    coming += 1
  }

  function noteTried(facts: ChangeFacts) {
    const { change, tried, said } = facts
    // One that has neither run nor been started is nothing to remember.
    if (!tried || tried === said.tried || (tried.outcome === null && tried.starts === 0)) return
    facts.said = { ...said, tried }
    store.changes.noteSaid(change, facts.said)
  }
}
