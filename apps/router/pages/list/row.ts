import { shownTag } from '../../../shared/preview/copy-tag.ts'
import type { Config } from '../../../shared/config/config.ts'
import type { Barred } from '../../../shared/forge/standing.ts'
import type { KnownChange } from '../../../shared/forge/change.ts'
import { generationOf, isPinned, startsAgain, type Preview } from '../../../shared/preview/preview.ts'
import { aheadOf } from '../../../shared/preview/start-queue.ts'
import type { Lately } from '../../../shared/preview/start-times.ts'
import { failureWords } from '../../../shared/words/failure-words.ts'
import type { Full } from '../../words/full-words.ts'
import { noticeOf } from '../../words/notice-words.ts'
import { stopWords } from '../../words/stop-words.ts'
import type { Tag } from '../../../shared/tag.ts'
import { beforeTag } from '../../words/preview-names.ts'
import { pathOf } from '../preview-path.ts'
import { changeCellOf } from './change-cell.ts'
import { age, ago, bytes, duration, memory, ordinal, roughly, elapsed } from '../format.ts'
import type { ServiceRow } from '../../../shared/stack/service-state.ts'
import { besideWords } from '../../services/service-words.ts'
import { memoryOfServices } from '../../services/stack-view.ts'
import type { Sort } from './order.ts'
import { nextOf } from './next-words.ts'
import { actionsOf, mainActionOf, type ActionFacts } from './row-actions.ts'
import type { Slept } from '../../../shared/store/store.ts'
import type { Machine } from '../../reaper-client.ts'
import { startEstimateWhilePending } from '../start/estimate.ts'
import { idOf, type PreviewId } from '../../../shared/preview/preview-id.ts'

export type ListConfig = Pick<
  Config,
  | 'repositories'
  | 'domain'
  | 'adminWelcome'
  | 'adminInfo'
  | 'maxRunning'
  | 'pauseAfter'
  | 'stopAfter'
  | 'rmiAfter'
  | 'prepulls'
  | 'memoryHigh'
  | 'disk'
  | 'forge'
>

export interface ListFacts {
  config: ListConfig
  previews: readonly Preview[]
  /** Tags that may be added, the newest first, by their repository's name. */
  suggested: ReadonlyMap<string, readonly Tag[]>
  /** By container id, bytes; empty when the reaper does not answer. */
  figures: Record<string, { memory: number }>
  /** Null where the reaper does not answer. */
  machine: Machine | null
  /** Why what waits in line does not start yet; null where it does. */
  full: Full | null
  /** What sleeping has saved in a week. */
  slept: Slept
  recentDurations: Lately
  /** Without a final slash. */
  address: (id: PreviewId) => string
  /** What runs beside a preview. */
  servicesOf: (id: PreviewId) => readonly ServiceRow[]
  /** The change that a preview shows. */
  changeOf: (id: PreviewId) => KnownChange | null
  /** How those stand that their changes do not let run. */
  barred: ReadonlyMap<PreviewId, Barred>
  /** Open pull requests of forks that no admin has approved, and that have no preview, the newest first. */
  asking: readonly { id: PreviewId; change: KnownChange }[]
  /** Searched in tag, state, digest, revision, reason and change. */
  q: string
  state: string
  /** The repository that alone is shown (pages/list/repositories.ts). */
  of: string
  sort: Sort | null
  /** What was typed into the form that adds, and for which repository. */
  problem?: { tag: string; repository?: string | undefined; sentence: string }
  now: number
}

export type RowFacts = Pick<
  ListFacts,
  'previews' | 'config' | 'figures' | 'recentDurations' | 'address' | 'servicesOf' | 'changeOf' | 'barred' | 'now'
> & {
  /** When previews are stopped for those that wait, milliseconds since 1970. */
  roomAt: ReadonlyMap<PreviewId, number>
}

export function rowOf(preview: Preview, facts: RowFacts) {
  const { previews, config, recentDurations, address, now } = facts
  const { tag, state, lastSeen } = preview
  const id = idOf(preview)
  const barred = facts.barred.get(id)
  const change = facts.changeOf(id)
  const may: ActionFacts = {
    is: barred?.is ?? 'free',
    isApproved: !barred && change?.fork === true && change.approval !== null,
  }
  const what = barred
    ? barredText(barred)
    : whatOf(preview, { ahead: aheadOf(preview, previews, now), lately: recentDurations, now })
  const isSlow = isSlowerThanUsual(preview, recentDurations, now)
  const used = memoryOf(preview, facts)
  const next = nextOf(preview, config, now, facts.roomAt.get(id))
  // Why it failed says which one did.
  const beside = besideWords(state === 'failed' ? [] : facts.servicesOf(id))
  return {
    id: shownTag(id),
    /** Stands before the tag. */
    of: beforeTag(id),
    tag: shownTag(tag),
    /** What the tag is a copy of: stands in its title. */
    copyOf: preview.copy ? `${preview.copy.kept ? 'kept from' : 'a clone of'} ${shownTag(preview.copy.of)}` : '',
    path: pathOf(id),
    url: `${address(id)}/`,
    state,
    kind: state === 'failed' ? 'failed-row' : isChanging(preview) || beside.failing ? 'busy-row' : '',
    percent: percentOf(preview),
    what,
    isSlow: isSlow && !barred,
    beside,
    /** An admin has to act. */
    asks: barred?.is === 'asks',
    change: changeCellOf(preview, change, config.forge?.kind, now),
    lastSeen: lastSeen === null ? '' : ago(now - lastSeen),
    memory: used === null ? '' : memory(used),
    // What an idle preview comes to is not what ends this one.
    next: next && !barred ? { text: next.text, isSoon: next.isSoon } : null,
    isPinned: isPinned(preview, now),
    main: mainActionOf(preview, may),
    actions: actionsOf(preview, now, may),
  }
}

/** In place of what it does, which ends. */
function barredText(standing: Barred): string {
  if (standing.is === 'closed') return `its pull request is ${standing.change.state}`
  return standing.is === 'asks' ? 'waits for approval' : 'of a fork: does not run'
}

/** Bytes; null where it takes none, or that is not known. */
export function memoryOf(
  preview: Preview,
  { figures, servicesOf }: Pick<RowFacts, 'figures' | 'servicesOf'>,
): number | null {
  const own = figures[generationOf(preview)?.container ?? '']
  return own ? own.memory + memoryOfServices(servicesOf(idOf(preview)), figures) : null
}

function isChanging({ state }: Preview): boolean {
  return ['queued', 'pulling', 'starting', 'stopping', 'removing'].includes(state)
}

/** Past twice the usual. */
function isSlowerThanUsual(preview: Preview, lately: Lately, now: number): boolean {
  const usual = preview.state === 'starting' ? startEstimateWhilePending(preview, lately) : null
  return usual !== null && now - preview.since > 2 * Math.max(usual, 1_000)
}

/** What stands beside the state: `41 min`, or `1st in line, 3 s, usually 12 s`. */
export function whatOf(preview: Preview, facts: { ahead: number; lately: Lately; now: number }): string {
  const estimate = startEstimateWhilePending(preview, facts.lately)
  return progressText(preview, facts.ahead, facts.now) + (estimate === null ? '' : `, usually ${roughly(estimate)}`)
}

function progressText(preview: Preview, ahead: number, now: number): string {
  const since = now - preview.since
  switch (preview.state) {
    case 'queued': {
      const again = preview.reason && preview.crashes > 0 ? `, ${ordinal(preview.crashes + 1)} try` : ''
      if (preview.notBefore > now) return `again in ${elapsed(preview.notBefore - now)}${again}`
      return `${ordinal(ahead + 1)} in line, ${duration(since)}`
    }
    case 'pulling':
      if (preview.progress?.waitsFor) return `waits for room on the disk, ${duration(since)}`
      return preview.progress?.total
        ? `${percentOf(preview)}\u00a0%, ${bytes(preview.progress.total)}`
        : duration(since)
    case 'starting': {
      const { waiting } = preview.stages
      return waiting === undefined ? `container, ${elapsed(since)}` : `first answer, ${elapsed(now - waiting)}`
    }
    case 'running':
      return `${age(since)}${noticeOf(preview) ? ', with a notice' : ''}`
    case 'paused':
      if (preview.phase === 'waking') return 'wakes'
      return preview.phase === 'draining' ? 'about to be frozen' : age(since)
    case 'stopping':
      return startsAgain(preview) ? 'starts again after it' : stopWords[preview.why].now
    case 'removing':
      return startsAgain(preview) ? 'starts again after it' : 'container and image go'
    case 'stopped':
      return preview.image || preview.generation ? age(since) : `${age(since)}, image removed`
    case 'failed':
      return plainHeading(preview.tag, failureWords(preview.tag, preview.reason).heading)
    case 'unknown':
      return ''
  }
}

/** For a row, which has named the tag already. */
function plainHeading(of: string, heading: string): string {
  const tag = shownTag(of)
  return heading.startsWith(`${tag} `) ? heading.slice(tag.length + 1) : heading[0]!.toLowerCase() + heading.slice(1)
}

/** Null while no pull is running or its size is unknown. */
export function percentOf(preview: Preview): number | null {
  if (preview.state !== 'pulling' || !preview.progress?.total || preview.progress.waitsFor) return null
  return Math.floor(preview.progress.percent)
}
