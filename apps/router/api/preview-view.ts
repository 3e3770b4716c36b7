import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { PreviewJson } from '../../shared/api/preview.ts'
import type { KnownChange } from '../../shared/forge/change.ts'
import { urlOf, type Config } from '../../shared/config/config.ts'
import { kindOf } from '../../shared/preview/kind.ts'
import { generationOf, isPinned, startsAgain, type Preview } from '../../shared/preview/preview.ts'
import type { Lately, Progress } from '../../shared/preview/start-times.ts'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import { failureWords } from '../../shared/words/failure-words.ts'
import { fullWords, type Full } from '../words/full-words.ts'
import { noticeOf } from '../words/notice-words.ts'
import { hostOf, type Naming as HostNaming } from '../../shared/tag.ts'
import { sourceOfPreview } from '../pages/image-source.ts'
import { timingOf } from '../start-timing.ts'
import { startEstimateWhilePending } from '../pages/start/estimate.ts'
import { changeJson } from '../changes/change-json.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { StackRows } from '../services/stack-rows.ts'
import { servicesJson, volumesJson } from '../services/stack-view.ts'

export type Naming = HostNaming & Pick<Config, 'publicUrl'>

/** @param facts.lately how long the last pulls and starts of any preview took */
export function viewOf(
  preview: Preview,
  facts: {
    ahead: number
    full: Full | null
    lately: Lately
    change: KnownChange | null
    rows: StackRows
    now: number
    naming: Naming
  },
): PreviewJson {
  const { ahead, full, lately, change, rows, now, naming } = facts
  const { repository, tag, state, image, lastSeen } = preview
  const host = hostOf(idOf(preview), naming)
  const generation = generationOf(preview)
  const reason = reasonOf(preview)
  const source = sourceOfPreview(preview)
  const position = preview.state === 'queued' && preview.notBefore <= now ? ahead + 1 : null
  return {
    repository,
    tag: shownTag(tag),
    host,
    url: urlOf(host, naming),
    // An unknown preview has no row that could be shown.
    state: state as PreviewJson['state'],
    kind: kindOf(preview),
    reason: reason?.code ?? null,
    since: new Date(preview.since).toISOString(),
    lastSeen: timeOf(lastSeen),
    image: image?.id ?? generation?.image ?? null,
    digest: generation?.digest ?? image?.digest ?? null,
    container: generation?.container ?? null,
    slot: generation?.slot ?? null,
    generation: generation?.number ?? null,
    progress: preview.state === 'pulling' ? shownProgress(preview.progress) : null,
    detail: sentence(preview, position, full),
    engine: reason && { detail: reason.detail, output: reason.output ?? [] },
    position,
    usual: startEstimateWhilePending(preview, lately),
    timing: timingOf(preview.stages),
    created: source.created,
    revision: source.revision,
    change: change && changeJson(change, source.revision),
    services: servicesJson(rows.services, naming),
    volumes: volumesJson(rows.volumes),
    pinned: pinnedOf(preview, now),
    copyOf: copyOfJson(preview),
    notice: noticeOf(preview),
  }
}

function copyOfJson({ copy }: Preview): PreviewJson['copyOf'] {
  return copy && { tag: shownTag(copy.of), at: new Date(copy.at).toISOString(), kept: copy.kept }
}

function shownProgress(progress: Progress | null): PreviewJson['progress'] {
  if (!progress) return null
  const shown = { ...progress }
  // For the waiting page alone.
  delete shown.unpackingSince
  return shown
}

export function pinnedOf(preview: Preview, now: number): PreviewJson['pinned'] {
  return isPinned(preview, now) ? { until: timeOf(preview.pin!.until) } : null
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

export function reasonOf(preview: Preview): Reason | null {
  return preview.state === 'failed' || preview.state === 'queued' ? preview.reason : null
}

function sentence(preview: Preview, position: number | null, full: Full | null): string {
  const { tag } = preview
  switch (preview.state) {
    case 'queued': {
      const why = preview.reason ? `The last try failed: ${failureWords(tag, preview.reason).sentence} ` : ''
      if (position === null) return `${why}It is tried again at ${new Date(preview.notBefore).toISOString()}.`
      return `${why}It is number ${position} in line.${full ? ` ${fullWords(full)}` : ''}`
    }
    case 'pulling':
      if (preview.progress?.waitsFor) return 'Its image is pulled as soon as there is room for it on the disk.'
      return preview.progress?.phase === 'unpacking' ? 'Its image is being unpacked.' : 'Its image is being pulled.'
    case 'starting':
      return preview.stages.waiting === undefined
        ? 'Its container is being started.'
        : 'Its container runs; its first answer is awaited.'
    case 'running':
      return kindOf(preview) === 'ssh' ? 'It runs, and has nothing on HTTP: people come in.' : 'It answers.'
    case 'paused':
      if (preview.phase === 'waking') return 'It is being woken.'
      return preview.phase === 'draining'
        ? 'Nobody uses it, so it is about to be frozen.'
        : 'It is frozen, and wakes with the next visit.'
    case 'stopping':
      return startsAgain(preview) ? 'It is being stopped, and starts again after that.' : 'It is being stopped.'
    case 'stopped':
      if (preview.copy?.kept && preview.why === 'copied') return 'It is kept as it was, and starts with the next visit.'
      return preview.image ? 'It starts with the next visit.' : 'Its image was removed; the next visit pulls it again.'
    case 'removing':
      return startsAgain(preview) ? 'It is being removed, and starts anew after that.' : 'It is being removed.'
    case 'failed':
      return failureWords(tag, preview.reason).sentence
    case 'unknown':
      return 'There is no such preview.'
  }
}
