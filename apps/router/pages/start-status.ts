/** Renders the waiting page, and goes to it as JSON: words are made here only, its script puts them in place. */
import { asVisitorsSee, fresh, startsAgain, type In, type Preview } from '../../shared/preview/preview.ts'
import type { Lately } from '../../shared/preview/start-times.ts'
import { count, roughly } from './format.ts'
import { startEstimateOf } from './start-estimate.ts'
import { lineOf, stoppedLine, titleOf, headingOf, statusOf, aboutOf } from './start-status-text.ts'
import {
  type Stage,
  type StartEnd,
  type StartStage,
  stages,
  stageOf,
  startStageOf,
  startedAt,
  waitsForDiskSpace,
} from './start-stage.ts'
import type { Full } from '../words/full-words.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

export interface StartStatus {
  tag: string
  state: Preview['state']
  stage: Stage
  over: StartEnd
  /** From 1; null when not queued. */
  position: number | null
  /** Milliseconds since the start was asked for. */
  soFar: number
  /** Milliseconds; null before anything is known. */
  usual: number | null
  percent: number | null
  bytes: number | null
  total: number | null
  layers: number | null
  layersDone: number | null
  /** 0 to 100; null for a bar that only shows activity. */
  bar: number | null
  stages: StartStage[]
  title: string
  heading: string
  status: string
  /** Beside the bar, `62 %`; `aside` stands smaller beside it. */
  line: string
  aside: string
  usually: string
  about: string
}

export interface StartFacts {
  id: PreviewId
  /** How many queued previews start before this one. */
  ahead: number
  full: Full | null
  missing: boolean
  recentDurations: Lately
  now: number
}

export function startStatusOf(row: Preview | undefined, facts: StartFacts): StartStatus {
  const preview = asVisitorsSee(row) ?? removedPreview(facts)
  const { tag, state } = preview
  const stage = stageOf(preview)
  const over = overOf(preview)
  const progress = preview.state === 'pulling' && !waitsForDiskSpace(preview) ? preview.progress : null
  const sized = progress && progress.total > 0 ? progress : null
  const position = preview.state === 'queued' && preview.notBefore <= facts.now ? facts.ahead + 1 : null
  const estimate = startEstimateOf(preview, facts.recentDurations)
  const percent = sized ? Math.floor(sized.percent) : null
  const line = over === 'stopped' ? stoppedLine(preview) : lineOf(preview, stage, position, percent)
  return {
    tag,
    state,
    stage,
    over,
    position,
    soFar: Math.max(0, facts.now - startedAt(preview)),
    usual: estimate,
    percent,
    bytes: sized && sized.bytes,
    total: sized && sized.total,
    layers: progress && progress.layers,
    layersDone: progress && progress.layersDone,
    // A retry must not look like starting from nothing.
    bar: stage === 'queued' && !isAnotherTry(preview) ? 0 : percent,
    stages: stages.map((name) => startStageOf(preview, name, stage)),
    title: `${titleOf(preview, stage, over, line)} · ${tag}`,
    heading: headingOf(preview, over, line),
    status: statusOf(preview, { stage, over, estimate, ahead: facts.ahead, full: facts.full }),
    line,
    aside: progress && progress.layers > 0 ? `${progress.layersDone} of ${count(progress.layers, 'layer')}` : '',
    usually: estimate === null ? '' : `usually ${roughly(estimate)}`,
    about: aboutOf(preview),
  }
}

function removedPreview({ id, missing, now }: StartFacts): In<'unknown'> {
  return { ...fresh, ...splitId(id), since: now, state: 'unknown', why: missing ? 'missing' : 'removed' }
}

function overOf(preview: Preview): StartEnd {
  switch (preview.state) {
    case 'running':
    case 'failed':
      return preview.state
    case 'unknown':
      return preview.why === 'missing' ? 'gone' : 'stopped'
    case 'paused':
      // Reloading the page wakes it.
      return startsAgain(preview) ? null : 'running'
    case 'stopped':
      return 'stopped'
    case 'stopping':
    case 'removing':
      return startsAgain(preview) ? null : 'stopped'
    default:
      return null
  }
}

function isAnotherTry(preview: Preview): boolean {
  return preview.state === 'queued' && (preview.by === 'retry' || preview.reason !== null)
}
