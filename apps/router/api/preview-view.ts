/** A preview as the API shows it. Programs rely on the names of its fields. */
import { urlOf, type Config } from '../../shared/config/config.ts'
import { generationOf, type Lately, type Preview, type Progress, type State } from '../../shared/preview/preview.ts'
import { words, type Reason } from '../../shared/preview/failure-reason.ts'
import { hostOf } from '../../shared/tag.ts'
import { sourceOfPreview } from '../pages/image-source.ts'
import { timingOf, type Timing } from '../start-timing.ts'
import { startEstimateWhilePending } from '../pages/start-estimate.ts'

export type Naming = Pick<Config, 'domain' | 'transliterate' | 'publicUrl'>

export interface View {
  tag: string
  host: string
  /** Without a final slash. */
  url: string
  state: State
  /** Why it failed, or why it is tried again: a reason's code. */
  reason: Reason['code'] | null
  /** When the state was entered. Times are ISO 8601 in UTC. */
  since: string
  lastSeen: string | null
  /** The engine's id of the image. */
  image: string | null
  digest: string | null
  container: string | null
  slot: number | null
  generation: number | null
  progress: Progress | null

  /** One sentence for people. */
  detail: string
  /** What the engine and the application said when it failed. May hold secrets: for the admin alone. */
  engine: { detail: string; output: string[] } | null
  /** Place in line, from 1. */
  position: number | null
  /** How long a start like this one usually takes from the click to the first answer, milliseconds; null unless it is on its way. */
  usual: number | null
  /** How long each stage of the last start took, and all of them, milliseconds; null for one that was not passed. */
  timing: Timing
  /** When the image was built and from what, as its builder says: ISO 8601, and its label for the revision. */
  created: string | null
  revision: string | null
  /** Something the admin should know of a preview that works all the same. */
  notice: string | null
}

/**
 * @param facts.ahead how many queued previews stand before this one
 * @param facts.lately how long the last pulls and starts of any preview took
 * @param facts.now milliseconds since 1970
 */
export function viewOf(
  preview: Preview,
  { ahead, lately, now, naming }: { ahead: number; lately: Lately; now: number; naming: Naming },
): View {
  const { tag, state, image, notice, lastSeen } = preview
  const host = hostOf(tag, naming)
  const generation = generationOf(preview)
  const reason = reasonOf(preview)
  const position = preview.state === 'queued' && preview.notBefore <= now ? ahead + 1 : null
  return {
    tag,
    host,
    url: urlOf(host, naming),
    state,
    reason: reason?.code ?? null,
    since: new Date(preview.since).toISOString(),
    lastSeen: lastSeen === null ? null : new Date(lastSeen).toISOString(),
    image: image?.id ?? generation?.image ?? null,
    digest: generation?.digest ?? image?.digest ?? null,
    container: generation?.container ?? null,
    slot: generation?.slot ?? null,
    generation: generation?.number ?? null,
    progress: preview.state === 'pulling' ? preview.progress : null,
    detail: sentence(preview, position),
    engine: reason && { detail: reason.detail, output: reason.output ?? [] },
    position,
    usual: startEstimateWhilePending(preview, lately),
    timing: timingOf(preview.stages),
    ...sourceOfPreview(preview),
    notice,
  }
}

/** Why it failed, or what the try before this one ended with. */
export function reasonOf(preview: Preview): Reason | null {
  return preview.state === 'failed' || preview.state === 'queued' ? preview.reason : null
}

function sentence(preview: Preview, position: number | null): string {
  const { tag } = preview
  switch (preview.state) {
    case 'queued': {
      const why = preview.reason ? `The last try failed: ${words(tag, preview.reason).sentence} ` : ''
      if (position === null) return `${why}It is tried again at ${new Date(preview.notBefore).toISOString()}.`
      return `${why}It is number ${position} in line.`
    }
    case 'pulling':
      return preview.progress?.waitsFor
        ? 'Its image is pulled as soon as there is room for it on the disk.'
        : 'Its image is being pulled.'
    case 'starting':
      return preview.stages.waiting === undefined
        ? 'Its container is being started.'
        : 'Its container runs; its first answer is awaited.'
    case 'running':
      return 'It answers.'
    case 'paused':
      if (preview.thenStart) return 'It is being woken.'
      return preview.draining
        ? 'Nobody uses it, so it is about to be frozen.'
        : 'It is frozen, and wakes with the next visit.'
    case 'stopping':
      return preview.thenStart ? 'It is being stopped, and starts again after that.' : 'It is being stopped.'
    case 'stopped':
      return preview.image ? 'It starts with the next visit.' : 'Its image was removed; the next visit pulls it again.'
    case 'removing':
      return preview.thenStart ? 'It is being removed, and starts anew after that.' : 'It is being removed.'
    case 'failed':
      return words(tag, preview.reason).sentence
    case 'unknown':
      return 'There is no such preview.'
  }
}
