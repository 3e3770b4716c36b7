import type { Config } from '../../shared/config/config.ts'
import { nextDue, type Due } from '../../shared/preview/timeouts.ts'
import { generationOf, isPinned, startsAgain, type Preview } from '../../shared/preview/preview.ts'
import { aheadOf } from '../../shared/preview/start-queue.ts'
import type { Lately } from '../../shared/preview/start-times.ts'
import { failureWords } from '../words/failure-words.ts'
import { noticeOf } from '../words/notice-words.ts'
import { stopWords } from '../words/stop-words.ts'
import type { Tag } from '../../shared/tag.ts'
import { builtAt, sourceOfPreview, shortRevision } from './image-source.ts'
import { age, ago, bytes, duration, memory, ordinal, roughly, elapsed } from './format.ts'
import { startEstimateWhilePending } from './start-estimate.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'

export type ListConfig = Pick<
  Config,
  | 'repository'
  | 'domain'
  | 'adminWelcome'
  | 'adminInfo'
  | 'maxRunning'
  | 'pauseAfter'
  | 'stopAfter'
  | 'rmiAfter'
  | 'prepulls'
>

export interface ListFacts {
  config: ListConfig
  previews: readonly Preview[]
  /** Tags that may be added. */
  suggested: Tag[]
  /** By container id, bytes; empty when the reaper does not answer. */
  figures: Record<string, { memory: number }>
  recentDurations: Lately
  /** Without a final slash. */
  address: (id: PreviewId) => string
  /** Searched in tag, digest, revision and reason. */
  q: string
  state: string
  problem?: { tag: string; sentence: string }
  now: number
}

export function rowOf(
  preview: Preview,
  { previews, config, figures, recentDurations: recentDurations, address, now }: ListFacts,
) {
  const { tag, state, lastSeen } = preview
  const source = sourceOfPreview(preview)
  const built = builtAt(source, now)
  const container = generationOf(preview)?.container
  const used = container ? figures[container] : undefined
  return {
    tag,
    path: pathOf(tag),
    url: `${address(idOf(preview))}/`,
    state,
    percent: percentOf(preview),
    what: whatOf(preview, { ahead: aheadOf(preview, previews, now), lately: recentDurations, now }),
    digest: shortDigest(preview),
    wholeDigest: digestOf(preview),
    built: built === undefined ? '' : age(now - built),
    revision: shortRevision(source),
    wholeRevision: source.revision ?? '',
    lastSeen: lastSeen === null ? '' : ago(now - lastSeen),
    memory: used ? memory(used.memory) : '',
    left: leftOf(preview, config, now),
    action: actionOf(preview),
  }
}

export function pathOf(tag: string): string {
  return `/previews/${encodeURIComponent(tag)}`
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
function plainHeading(tag: string, heading: string): string {
  return heading.startsWith(`${tag} `) ? heading.slice(tag.length + 1) : heading[0]!.toLowerCase() + heading.slice(1)
}

export function actionOf({ state }: Preview): { name: string; to: 'start' | 'stop' } {
  switch (state) {
    case 'failed':
      return { name: 'Try again', to: 'start' }
    case 'stopped':
    case 'stopping':
    case 'removing':
      return { name: 'Start', to: 'start' }
    default:
      return { name: 'Stop', to: 'stop' }
  }
}

/** Null while no pull is running or its size is unknown. */
export function percentOf(preview: Preview): number | null {
  if (preview.state !== 'pulling' || !preview.progress?.total || preview.progress.waitsFor) return null
  return Math.floor(preview.progress.percent)
}

function digestOf(preview: Preview): string {
  return generationOf(preview)?.digest ?? preview.image?.digest ?? preview.image?.id ?? ''
}

export function shortDigest(preview: Preview): string {
  return digestOf(preview).replace(/^.*:/, '').slice(0, 8)
}

/** `pinned`, `pinned for 3 h`; empty where it is not. */
export function pinnedText(preview: Preview, now: number): string {
  if (!isPinned(preview, now)) return ''
  const { until } = preview.pin!
  return until === null ? 'pinned' : `pinned for ${age(until - now)}`
}

/** `4 min 51 s`, `pause 50 s`, or `image 30 min` where the image is removed. `soon`: within two minutes. */
function leftOf(preview: Preview, config: ListConfig, now: number): { text: string; soon: boolean } | null {
  if (isPinned(preview, now)) return { text: pinnedText(preview, now), soon: false }
  const due = nextDue(preview, config, now)
  if (!due) return null
  const what: Record<Due['what'], string> = { pause: 'pause ', stop: '', clean: 'image ' }
  const left = due.at - now
  if (left <= 0) return { text: `${what[due.what]}due`, soon: true }
  return due.what === 'clean'
    ? { text: `image ${age(left)}`, soon: false }
    : { text: `${what[due.what]}${duration(left)}`, soon: due.what === 'stop' && left < 120_000 }
}
