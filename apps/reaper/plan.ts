/** Compares SQLite's rows with the engine's containers, in both directions. Pure. */
import type { Config } from '../shared/config/config.ts'
import { findRepository } from '../shared/repository.ts'
import { duesOf, forgottenAt, isRetriedAt, type Due, type Timeouts } from '../shared/preview/timeouts.ts'
import type { Container } from '../shared/engine/engine.ts'
import { planServices, type ServiceAction, type Services } from './plan-services.ts'
import { nextInLine } from '../shared/preview/start-queue.ts'
import { wantsNewer } from '../shared/preview/image-update.ts'
import { slotOf, type SlotScheme } from '../shared/slots/slot-scheme.ts'
import type { Event } from '../shared/preview/event.ts'
import type { Barred } from '../shared/forge/standing.ts'
import {
  besideOf,
  comesUp,
  generationOf,
  isForgettable,
  isMissing,
  isToldMissing,
  isDraining,
  isOnItsWay,
  isToGo,
  startsAgain,
  waitsForEngine,
  type In,
  type Preview,
} from '../shared/preview/preview.ts'
import { isRouted, type Routed } from '../shared/preview/generation.ts'
import { idOf, type PreviewId } from '../shared/preview/preview-id.ts'

export interface Facts {
  previews: readonly Preview[]
  /** null when the engine was not read, or gave no answer: then nothing is concluded. */
  containers: readonly Container[] | null
  /** null together with `containers`. */
  services: Services | null
  /** When they were listed: previews that failed while the engine was down may start after that. */
  listedAt: number
  slotScheme: SlotScheme | undefined
  /** Whether a client may be connected, even silently: then the preview is not frozen. */
  isOpen: (id: PreviewId) => boolean
  /** All use before this is recorded; a preview may have been used since. */
  knownUntil: number
  /** Free places of LOTAN_MAX_RUNNING. */
  freePlaces: number
  /** How those stand that may not run. */
  barred: ReadonlyMap<PreviewId, Barred>
  /** null where the database has never known the preview. */
  lastGeneration: (id: PreviewId) => number | null
  config: Timeouts & Pick<Config, 'repositories' | 'slots' | 'forge'>
}

export type Action =
  | { do: 'apply'; id: PreviewId; event: Event }
  | { do: 'nudge'; preview: Preview }
  /** The earlier request may have been lost. */
  | { do: 'refresh'; preview: Preview }
  | { do: 'sweep'; id: PreviewId }
  /** Start its services again that have ended. */
  | { do: 'tend'; id: PreviewId }
  | { do: 'exited'; preview: In<'running'> | In<'paused'> | In<'stopped'> }
  /** Inspect a container that seems to be at another slot: a route may lead to another preview's. */
  | { do: 'misplaced'; preview: Preview; generation: Routed }
  | { do: 'adopt'; container: Container }

/** A state this old has a job at work, or has lost its nudge. Nudging again is harmless. */
const NUDGE_AGAIN_MS = 3_000

export function plan(facts: Facts, now: number): Action[] {
  const { previews, containers } = facts
  const startable = new Set<Preview>(nextInLine(previews, facts.freePlaces, now))
  const actions = previews.flatMap((preview) => ofPreview(preview, facts, startable, now) ?? [])
  if (!containers) return actions
  const ofTheirs = ofContainers(previews, containers, facts, now)
  const adopted = new Set(ofTheirs.flatMap((action) => (action.do === 'adopt' ? idOf(action.container) : [])))
  return [
    ...actions,
    ...ofTheirs,
    ...endedOrGone(previews, containers, facts, now),
    ...ofServices(facts, now).filter(({ id }) => !adopted.has(id)),
  ]
}

function ofPreview(preview: Preview, facts: Facts, startable: Set<Preview>, now: number): Action | undefined {
  const id = idOf(preview)
  const { config } = facts
  const age = ageOf(preview, now)
  if (isToGo(preview, now)) return { do: 'apply', id, event: { type: 'remove' } }
  const standing = facts.barred.get(id)
  const end = standing && endOf(preview, standing, facts, now)
  if (end) return { do: 'apply', id, event: end }
  const due = dueNow(preview, facts, now)
  switch (due?.what) {
    case 'stop':
      return { do: 'apply', id, event: { type: 'stop', why: due.why } }
    case 'pause':
      return { do: 'apply', id, event: { type: 'pause' } }
    case 'clean':
      // There is nothing that a copy's image could be pulled from again: all of it goes.
      return preview.copy ? { do: 'apply', id, event: { type: 'remove' } } : { do: 'nudge', preview }
  }
  if (!standing && isBackWithEngine(preview, facts, now))
    return { do: 'apply', id, event: { type: 'start', by: 'retry' } }
  switch (preview.state) {
    case 'queued':
      return startable.has(preview) && age >= NUDGE_AGAIN_MS ? { do: 'nudge', preview } : undefined
    case 'running':
      if (isOnItsWay(preview)) return age >= NUDGE_AGAIN_MS ? { do: 'nudge', preview } : undefined
      // A stopped preview looks for it at its next start.
      return wantsNewer(preview) ? { do: 'refresh', preview } : undefined
    case 'pulling':
    case 'starting':
    case 'paused':
    case 'stopping':
    case 'removing':
      return isOnItsWay(preview) && age >= NUDGE_AGAIN_MS ? { do: 'nudge', preview } : undefined
    case 'failed':
      if (isOnItsWay(preview)) return { do: 'nudge', preview }
      if (isMissing(preview)) {
        if (isToldMissing(preview.reason, now) || !isForgettable(preview)) return undefined
        return { do: 'apply', id, event: { type: 'forget' } }
      }
      if (!standing && isRetriedAt(preview, now, config))
        return { do: 'apply', id, event: { type: 'start', by: 'retry' } }
      return forget(preview, config, now)
    case 'stopped':
      return isOnItsWay(preview) ? { do: 'nudge', preview } : forget(preview, config, now)
    default:
      return undefined
  }
}

/** Of a preview whose change does not let it run; undefined where nothing of it is up, and its time has not come. */
function endOf(preview: Preview, standing: Barred, { config }: Facts, now: number): Event | undefined {
  if (preview.state === 'removing' && !startsAgain(preview)) return undefined
  const { is, change } = standing
  const goesAt = is === 'closed' ? (change.closedAt ?? now) + (config.forge?.closedAfter ?? 0) : Infinity
  if (goesAt <= now) return { type: 'remove' }
  const isUp = preview.state === 'running' || preview.state === 'paused' || comesUp(preview)
  return isUp ? { type: 'stop', why: is === 'closed' ? 'closed' : 'approval' } : undefined
}

function isVisited({ lastSeen }: Preview, { config }: Facts, now: number): boolean {
  return now - (lastSeen ?? 0) < config.stopAfter
}

/** Failed while the engine was down, which answers again. The click need not be recorded as a visit yet. */
function isBackWithEngine(preview: Preview, facts: Facts, now: number): boolean {
  if (!facts.containers || !waitsForEngine(preview) || preview.since >= facts.listedAt) return false
  if (preview.state === 'queued') return preview.notBefore > now
  return isVisited(preview, facts, now) || now - preview.since < facts.config.stopAfter
}

/** A `since` that lies ahead predates a clock reset and counts as old; seconds ahead are normal adjustment. */
function ageOf({ since }: Preview, now: number): number {
  return since - now >= NUDGE_AGAIN_MS ? Infinity : Math.max(0, now - since)
}

function forget(preview: Preview, timeouts: Timeouts, now: number): Action | undefined {
  const at = forgottenAt(preview, timeouts)
  return at !== undefined && now >= at ? { do: 'apply', id: idOf(preview), event: { type: 'forget' } } : undefined
}

/** Prefers a stop to a pause, and pauses no preview with a client connected. */
function dueNow(preview: Preview, { config, isOpen, knownUntil }: Facts, now: number): Due | undefined {
  const isUp = preview.state === 'running' || preview.state === 'paused'
  const dues = duesOf(preview, config).filter(
    ({ at, why }) => at <= (isUp && why === 'idle' ? Math.min(now, knownUntil) : now),
  )
  const mayPause = !isOpen(idOf(preview)) && !isOnItsWay(preview)
  return dues.find(({ what }) => what !== 'pause') ?? (mayPause ? dues[0] : undefined)
}

function ofContainers(
  previews: readonly Preview[],
  containers: readonly Container[],
  facts: Facts,
  now: number,
): Action[] {
  const rows = new Map(previews.map((preview) => [idOf(preview), preview]))
  const removals = new Set<PreviewId>()
  const sweeps = new Set<PreviewId>()
  const adoptions = new Map<PreviewId, Container>()
  for (const container of containers) {
    const id = idOf(container)
    const preview = rows.get(id)
    const isOurs = container.reference === findRepository(id, facts.config)?.reference
    if (preview) {
      // REPOSITORY or LOTAN_REPOSITORIES was changed.
      if (!isOurs && isMeant(preview, container) && preview.state !== 'removing') removals.add(id)
      else if (isStray(preview, container, facts, now)) sweeps.add(id)
    } else if (isOurs && container.running && isUnknown(container.generation, facts.lastGeneration(id))) {
      // No row: either the preview was removed, which the history tells, or the database was lost or restored.
      if (container.generation >= (adoptions.get(id)?.generation ?? 0)) adoptions.set(id, container)
    } else sweeps.add(id)
  }
  // The preview's other containers are swept in the next round, when its row exists.
  for (const id of adoptions.keys()) sweeps.delete(id)
  return [
    ...[...removals].map((id) => ({ do: 'apply' as const, id, event: { type: 'remove' as const } })),
    ...[...adoptions.values()].map((container) => ({ do: 'adopt' as const, container })),
    ...[...sweeps].map((id) => ({ do: 'sweep' as const, id })),
  ]
}

function ofServices(facts: Facts, now: number): ServiceAction[] {
  const { previews, services } = facts
  return services ? planServices(previews, services, (preview) => isSettled(preview, facts, now), now) : []
}

/** The database was lost or restored: after a removal, a preview's generations count on. */
export function isUnknown(generation: number, last: number | null): boolean {
  return last === null || generation > last
}

/** Rows whose container has ended, is gone, or was paused or resumed by another program. */
function endedOrGone(
  previews: readonly Preview[],
  containers: readonly Container[],
  facts: Facts,
  now: number,
): Action[] {
  const known = new Map(containers.map((container) => [container.id, container]))
  return previews.flatMap((preview): Action[] => {
    const { state } = preview
    const id = idOf(preview)
    const generation = routedOf(preview)
    const there = generation && known.get(generation.container)
    if (generation && there?.running && isMisplaced(generation, there, facts))
      return [{ do: 'misplaced', preview, generation }]
    if (state !== 'running' && state !== 'paused' && state !== 'stopped') return []
    const { container, number } = preview.generation ?? {}
    if (!container || number === undefined) return []
    const found = known.get(container)
    if (!found || (state !== 'stopped' && !found.running)) return [{ do: 'exited', preview }]
    // Paused or resumed after the list was read.
    if (ageOf(preview, now) < NUDGE_AGAIN_MS || isOnItsWay(preview)) return []
    if (state === 'running' && found.status === 'paused')
      return [{ do: 'apply', id, event: { type: 'freeze', generation: number } }]
    if (state === 'paused' && found.status === 'running')
      return [{ do: 'apply', id, event: { type: 'woken', generation: number } }]
    return []
  })
}

function routedOf(preview: Preview): Routed | undefined {
  if (preview.state === 'running' || preview.state === 'paused') return preview.generation
  if (preview.state !== 'stopping' || !isDraining(preview) || preview.why === 'moved') return undefined
  return preview.generation && isRouted(preview.generation) ? preview.generation : undefined
}

/** After a restored database, a lower LOTAN_SLOTS, or a disconnect by hand. */
export function isMisplaced(
  { slot }: Routed,
  found: Pick<Container, 'address' | 'published'>,
  { slotScheme, config }: Pick<Facts, 'slotScheme'> & { config: Pick<Config, 'slots'> },
): boolean {
  return slotScheme !== undefined && (slot > config.slots || slotOf(slotScheme, found) !== slot)
}

/** Its address may be another preview's. */
function isStray(preview: Preview, container: Container, facts: Facts, now: number): boolean {
  if (!isSettled(preview, facts, now)) return false
  return isMeant(preview, container) ? preview.state === 'stopped' && container.running : true
}

/** While the queue-processor works on a preview, its containers may be ahead of the row, and the row of an older list. */
function isSettled(preview: Preview, { listedAt }: Facts, now: number): boolean {
  return (
    ['queued', 'running', 'paused', 'stopped', 'failed'].includes(preview.state) &&
    (preview.since < listedAt || ageOf(preview, now) >= NUDGE_AGAIN_MS)
  )
}

function isMeant(preview: Preview, container: Container): boolean {
  if (generationOf(preview)?.container === container.id) return true
  // A pending or retired generation may have a container that the store does not know yet.
  return besideOf(preview).some(({ number }) => number === container.generation)
}
