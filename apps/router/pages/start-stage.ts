import type { In, Preview } from '../../shared/preview/preview.ts'
import { bytes, elapsed } from './format.ts'
import { needsPull } from './start-estimate.ts'

export const stages = ['queued', 'pulling', 'starting', 'waiting'] as const

export type Stage = (typeof stages)[number]

/** `gone`: no such tag in the registry. The page reloads at all but `stopped`, where that would start it again. */
export type StartEnd = 'running' | 'failed' | 'gone' | 'stopped' | null

export interface StartStage {
  stage: Stage
  name: string
  mark: 'done' | 'current' | 'ahead'
  text: string
  /** Milliseconds from the start's request to this stage: the page counts on from there. */
  from: number | null
}

export function stageOf(preview: Preview): Stage {
  switch (preview.state) {
    case 'pulling':
      return 'pulling'
    case 'starting':
      return preview.stages.waiting === undefined ? 'starting' : 'waiting'
    case 'running':
    case 'paused':
      return 'waiting'
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

const names: Record<Stage, string> = {
  queued: 'Queued',
  pulling: 'Pulling the image',
  starting: 'Starting the container',
  waiting: 'Waiting for the first answer',
}

export function startStageOf(preview: Preview, stage: Stage, current: Stage): StartStage {
  const place = stages.indexOf(stage) - stages.indexOf(current)
  const mark = place < 0 ? 'done' : place === 0 ? 'current' : 'ahead'
  const told = { stage, name: names[stage], mark, text: '', from: null } as const
  if (stage === 'pulling' && mark !== 'current' && !needsPull(preview)) return { ...told, text: 'is here already' }
  if (mark === 'ahead') return told
  // A preview that is being woken has the times of an old start.
  if (mark === 'done') return { ...told, text: preview.state === 'paused' ? '' : stageDuration(preview, stage) }
  if (preview.state === 'pulling') return { ...told, text: pulledText(preview.progress) }
  return {
    ...told,
    from: stage === 'queued' ? 0 : Math.max(0, (preview.stages[stage] ?? preview.since) - startedAt(preview)),
  }
}

function stageDuration(preview: Preview, stage: Stage): string {
  const from = preview.stages[stage]
  const later = [...stages.slice(stages.indexOf(stage) + 1), 'running' as const]
  const until = later.map((next) => preview.stages[next]).find((at) => at !== undefined)
  return from === undefined || until === undefined ? '' : elapsed(until - from)
}

function pulledText(progress: In<'pulling'>['progress']): string {
  if (!progress || progress.total === 0 || progress.waitsFor) return ''
  const [done, total] = [bytes(progress.bytes), bytes(progress.total)]
  const unit = total.slice(total.indexOf('\u00a0'))
  return `${done.endsWith(unit) ? done.slice(0, -unit.length) : done} of ${total}`
}
