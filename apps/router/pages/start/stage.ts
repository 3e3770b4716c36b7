import type { In, Preview } from '../../../shared/preview/preview.ts'
import { awaitedIn, type Awaited, type Beside, type ServiceBeside } from '../../services/coming-up.ts'
import { bytes, elapsed } from '../format.ts'
import { needsPull } from './estimate.ts'

export const stages = ['queued', 'pulling', 'unpacking', 'starting'] as const

export type Stage = (typeof stages)[number]

/**
 * `gone`: no such tag in the registry. `renewed`: a newer image voids the failure before. `asks`, `barred`: its change
 * does not let it run, until an admin approves it or at all. The page reloads at all but `stopped`, where that would start
 * it again.
 */
export type StartEnd = 'running' | 'failed' | 'gone' | 'renewed' | 'asks' | 'barred' | 'stopped' | null

export interface StartStage {
  name: string
  mark: 'done' | 'current' | 'ahead'
  text: string
  /** Milliseconds from the start's request to this stage: the page counts on from there. */
  from: number | null
}

export function stageOf(preview: Preview): Stage {
  switch (preview.state) {
    case 'pulling':
      return isUnpacking(preview) ? 'unpacking' : 'pulling'
    case 'starting':
    case 'running':
    case 'paused':
      return 'starting'
    default:
      return 'queued'
  }
}

/** A preview that is stopping still has the stages of its last start. */
export function startedAt(preview: Preview): number {
  const coming = preview.state === 'queued' || preview.state === 'pulling' || preview.state === 'starting'
  return (coming ? preview.stages.queued : undefined) ?? preview.since
}

export function waitsForDiskSpace(preview: Preview): boolean {
  return preview.state === 'pulling' && preview.progress?.waitsFor === 'room'
}

const stageNames: Record<Stage, string> = {
  queued: 'Queued',
  pulling: 'Pulling the image',
  unpacking: 'Unpacking',
  starting: 'Starting, until the first answer',
}

/** The plan of a start. Services come up after the pull, and before the application. */
export function startStagesOf(preview: Preview, current: Stage, beside: Beside): StartStage[] {
  const { services } = beside
  const own = stages.map((stage) => startStageOf(preview, stage, current))
  if (services.length === 0) return own
  const [queued, pulling, unpacking, starting] = own as [StartStage, StartStage, StartStage, StartStage]
  const awaited = awaitedIn(preview, beside)
  const application: StartStage = {
    ...starting,
    name: 'Starting the application, until its first answer',
    ...(awaited && ({ mark: 'ahead', from: null } as const)),
  }
  const ofImages = { ...pulling, name: 'Pulling the images', text: pulling.text.replace(/^is /, 'are ') }
  return [
    queued,
    ofImages,
    unpacking,
    ...services.map((service) => serviceStageOf(preview, service, awaited)),
    { ...application, from: application.from && Math.max(application.from, lastUp(preview, services)) },
  ]
}

function serviceStageOf(preview: Preview, service: ServiceBeside, awaited: Awaited | null): StartStage {
  const { name, state, since } = service
  const told = { name: `Starting ${name}`, text: '', from: null }
  if (awaited?.names.includes(name)) {
    const isNew = awaited.what === 'start' || awaited.what === 'again'
    return { ...told, mark: 'current', from: isNew ? null : sinceStart(preview, since) }
  }
  if (state === 'restarting' && awaited) return { ...told, mark: 'current', text: 'ended, starts again' }
  const isUp = state === 'running' || state === 'done'
  if (preview.state !== 'starting' || !isUp) return { ...told, mark: preview.state === 'running' ? 'done' : 'ahead' }
  const took = since - stageBegan(preview, 'starting')
  const is = state === 'done' ? 'finished' : 'up'
  return { ...told, mark: 'done', text: took < 0 ? `is ${is} already` : `${is} after ${elapsed(took)}` }
}

/** When the application’s turn came, milliseconds after the start’s request. */
function lastUp(preview: Preview, services: Beside['services']): number {
  return sinceStart(preview, Math.max(...services.map(({ since }) => since)))
}

function sinceStart(preview: Preview, at: number): number {
  return Math.max(0, at - startedAt(preview))
}

function startStageOf(preview: Preview, stage: Stage, current: Stage): StartStage {
  const place = stages.indexOf(stage) - stages.indexOf(current)
  const mark = place < 0 ? 'done' : place === 0 ? 'current' : 'ahead'
  const told = { name: stageNames[stage], mark, text: '', from: null } as const
  const isOfImage = stage === 'pulling' || stage === 'unpacking'
  if (isOfImage && mark !== 'current' && !needsPull(preview)) return { ...told, text: 'is here already' }
  if (mark === 'ahead') return told
  // A preview that is being woken has the times of an old start.
  if (mark === 'done') return { ...told, text: preview.state === 'paused' ? '' : stageDuration(preview, stage) }
  if (stage === 'pulling' && preview.state === 'pulling') return { ...told, text: pulledText(preview.progress) }
  return { ...told, from: stage === 'queued' ? 0 : Math.max(0, stageBegan(preview, stage) - startedAt(preview)) }
}

/** Milliseconds since 1970. */
export function stageBegan(preview: Preview, stage: Stage): number {
  const unpacking = preview.state === 'pulling' ? preview.progress?.unpackingSince : undefined
  return (stage === 'unpacking' ? unpacking : undefined) ?? preview.stages[stage] ?? preview.since
}

/** `31.4 of 50.6 MB` */
export function pulledText(progress: In<'pulling'>['progress']): string {
  if (!isSized(progress)) return ''
  const [done, total] = [bytes(progress.bytes), bytes(progress.total)]
  const unit = total.slice(total.indexOf('\u00a0'))
  return `${done.endsWith(unit) ? done.slice(0, -unit.length) : done} of ${total}`
}

/** Whether it is known what there is to fetch, and fetching has begun. */
export function isSized(progress: In<'pulling'>['progress']): progress is NonNullable<typeof progress> {
  return progress !== null && progress.total > 0 && !progress.waitsFor
}

function isUnpacking({ progress }: In<'pulling'>): boolean {
  return progress?.phase === 'unpacking' && !progress.waitsFor
}

function stageDuration(preview: Preview, stage: Stage): string {
  const began = { ...preview.stages, unpacking: unpackingOf(preview) }
  const from = began[stage]
  const later = [...stages.slice(stages.indexOf(stage) + 1), 'running' as const]
  const until = later.map((next) => began[next]).find((at) => at !== undefined)
  return from === undefined || until === undefined ? '' : elapsed(until - from)
}

function unpackingOf(preview: Preview): number | undefined {
  return preview.state === 'pulling' ? preview.progress?.unpackingSince : preview.stages.unpacking
}
