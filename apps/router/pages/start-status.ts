/**
 * The status of a start, in numbers and words. It renders the waiting page, and `/.lotan/events` sends it as JSON:
 * words are made here only, the page's script puts them in place.
 */
import { fresh, MAX_CRASHES, waitsForEngine, type In, type Lately, type Preview } from '../../shared/preview/preview.ts'
import { words } from '../../shared/preview/failure-reason.ts'
import { bytes, count, ordinal, roughly, elapsed } from './format.ts'
import { needsPull, startEstimateOf } from './start-estimate.ts'

const stages = ['queued', 'pulling', 'starting', 'waiting'] as const
export type Stage = (typeof stages)[number]

/**
 * A line of the list of stages. Where `from` is a number, the page shows how long the stage has lasted and counts on:
 * it began that many milliseconds after the start was asked for.
 */
export interface StartStage {
  stage: Stage
  name: string
  mark: 'done' | 'current' | 'ahead'
  text: string
  from: number | null
}

export interface StartStatus {
  tag: string
  state: Preview['state']
  stage: Stage
  /**
   * Why waiting is over. The page reloads at `running`, `failed` and `gone` (no such tag in the registry), but not at
   * `stopped`: that would start what a person has just stopped.
   */
  over: 'running' | 'failed' | 'gone' | 'stopped' | null
  /** From 1; null when not queued. */
  position: number | null
  /** Milliseconds since the start was asked for. */
  soFar: number
  /** Milliseconds this usually takes; null before anything is known. */
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
  /** Beside the bar, `62 %`, and what stands smaller beside it. */
  line: string
  aside: string
  /** `usually 12 s`, or empty. */
  usually: string
  /** Why the visitor has to wait at all. */
  about: string
}

export interface StartFacts {
  tag: string
  /** How many queued previews start before this one. */
  ahead: number
  /** Whether the registry said a moment ago that it has no such tag. */
  missing: boolean
  recentDurations: Lately
  /** Milliseconds since 1970. */
  now: number
}

/** @param known undefined when the preview has no row (any more) */
export function startStatusOf(known: Preview | undefined, facts: StartFacts): StartStatus {
  const preview = known ?? removedPreview(facts)
  const { tag, state } = preview
  const stage = stageOf(preview)
  const over = overOf(preview)
  const progress = preview.state === 'pulling' && !waitsForRoom(preview) ? preview.progress : null
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
    status: statusOf(preview, stage, over, estimate, facts.ahead),
    line,
    aside: progress && progress.layers > 0 ? `${progress.layersDone} of ${count(progress.layers, 'layer')}` : '',
    usually: estimate === null ? '' : `usually ${roughly(estimate)}`,
    about: aboutOf(preview),
  }
}

/** A preview without a row was removed, or its tag is not in the registry. */
function removedPreview({ tag, missing, now }: StartFacts): In<'unknown'> {
  return { ...fresh, tag, since: now, state: 'unknown', why: missing ? 'missing' : 'removed' }
}

function stageOf(preview: Preview): Stage {
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

function overOf(preview: Preview): StartStatus['over'] {
  switch (preview.state) {
    case 'running':
    case 'failed':
      return preview.state
    case 'unknown':
      return preview.why === 'missing' ? 'gone' : 'stopped'
    case 'paused':
      // Reloading the page wakes it.
      return preview.thenStart ? null : 'running'
    case 'stopped':
      return 'stopped'
    case 'stopping':
    case 'removing':
      return preview.thenStart ? null : 'stopped'
    default:
      return null
  }
}

/** When this start was asked for. A preview that is stopping still has the stages of its last start. */
function startedAt(preview: Preview): number {
  const coming = preview.state === 'queued' || preview.state === 'pulling' || preview.state === 'starting'
  return (coming ? preview.stages.queued : undefined) ?? preview.since
}

function isAnotherTry(preview: Preview): boolean {
  return preview.state === 'queued' && (preview.by === 'retry' || preview.reason !== null)
}

/** Whether its pull waits for space on the disk. */
function waitsForRoom(preview: Preview): boolean {
  return preview.state === 'pulling' && preview.progress?.waitsFor === 'room'
}

function lineOf(preview: Preview, stage: Stage, position: number | null, percent: number | null): string {
  if (preview.state === 'stopping' || preview.state === 'removing') return 'Stopping first'
  switch (stage) {
    case 'queued':
      if (waitsForEngine(preview)) return 'Waiting'
      return position === null ? 'Trying again' : `${ordinal(position)} in line`
    case 'pulling':
      if (waitsForRoom(preview)) return 'Waiting for room'
      return percent === null ? 'Pulling' : `${percent}\u00a0%`
    case 'starting':
      return 'Starting'
    case 'waiting':
      return 'Almost there'
  }
}

function stoppedLine(preview: Preview): string {
  return preview.state === 'removing' || preview.state === 'unknown' ? 'Removed' : 'Stopped'
}

function titleOf({ state }: Preview, stage: Stage, over: StartStatus['over'], line: string): string {
  if (state === 'running') return 'Running'
  return stage === 'waiting' && !over ? 'Starting' : line
}

function headingOf({ tag, state }: Preview, over: StartStatus['over'], line: string): string {
  if (state === 'running') return `${tag} is running`
  return over === 'stopped' ? `${tag} was ${line.toLowerCase()}` : `Getting ${tag} ready`
}

function statusOf(
  preview: Preview,
  stage: Stage,
  over: StartStatus['over'],
  estimate: number | null,
  ahead: number,
): string {
  if (over === 'stopped') return `It does not start by itself now. Open it again to start it.`
  switch (preview.state) {
    case 'queued':
      return preview.reason ? retryText(preview, preview.reason) : `It opens here by itself. ${aheadText(ahead)}`
    case 'running':
      // Shown only where the application's page has not replaced this one.
      return 'It was asked for this address, and its page opens here as soon as it answers. If your browser has saved a file instead, or there is nothing to show, you can close this page.'
    case 'stopping':
    case 'removing':
      return 'It is being stopped first, then it starts and opens here by itself.'
    case 'pulling':
      if (waitsForRoom(preview))
        return 'There is no room for its image on the disk yet. It is pulled as soon as there is, and opens here by itself.'
      return `It opens here by itself${estimate === null ? '' : `, usually within ${roughly(estimate)}`}.`
  }
  if (preview.state === 'paused') return 'It is being woken, and opens here by itself.'
  if (preview.crashes > 0)
    return 'It stopped by itself before; this is another try, and opens here with its first answer.'
  return stage === 'waiting'
    ? 'It runs, and opens here with its first answer.'
    : 'Its container starts, and it opens here by itself.'
}

function aboutOf(preview: Preview): string {
  if (preview.crashes > 0) return 'It stopped by itself; Lotan starts it again.'
  if (needsPull(preview)) return 'It was not here yet; your click fetches and starts it.'
  return 'Nobody was using it, so it was asleep; your click wakes it.'
}

function aheadText(ahead: number): string {
  if (ahead === 0) return 'It is next.'
  return ahead === 1 ? '1 preview starts before it.' : `${ahead} previews start before it.`
}

/** Why there is another try after a failed one. */
function retryText(preview: In<'queued'>, reason: NonNullable<In<'queued'>['reason']>): string {
  const { tag, crashes, by } = preview
  if (by === 'reaper') return 'It stopped by itself; it starts again, and opens here.'
  if (reason.code === 'exited' && crashes > 0)
    return `It stopped while starting; trying again, ${ordinal(crashes + 1)} of ${MAX_CRASHES}.`
  if (reason.code === 'engine-down')
    return 'The container engine does not answer just now. It starts when that is back, and opens here by itself.'
  const { heading } = words(tag, reason)
  return `The last try failed: ${heading.startsWith(tag) ? heading : heading[0]!.toLowerCase() + heading.slice(1)}. Trying again.`
}

const names: Record<Stage, string> = {
  queued: 'Queued',
  pulling: 'Pulling the image',
  starting: 'Starting the container',
  waiting: 'Waiting for the first answer',
}

function startStageOf(preview: Preview, stage: Stage, current: Stage): StartStage {
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

/** Until the next stage that was reached. */
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
