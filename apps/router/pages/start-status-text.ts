import { MAX_CRASHES, waitsForEngine, type In, type Preview } from '../../shared/preview/preview.ts'
import { failureWords } from '../words/failure-words.ts'
import { fullWords, type Full } from '../words/full-words.ts'
import { elsewhereWords } from '../words/notice-words.ts'
import { ordinal, roughly } from './format.ts'
import { needsPull } from './start-estimate.ts'
import { waitsForDiskSpace, type Stage, type StartEnd } from './start-stage.ts'

export function lineOf(preview: Preview, stage: Stage, position: number | null, percent: number | null): string {
  if (preview.state === 'stopping' || preview.state === 'removing') return 'Stopping first'
  switch (stage) {
    case 'queued':
      if (waitsForEngine(preview)) return 'Waiting'
      return position === null ? 'Trying again' : `${ordinal(position)} in line`
    case 'pulling':
      if (waitsForDiskSpace(preview)) return 'Waiting for room'
      return percent === null ? 'Pulling' : `${percent}\u00a0%`
    case 'starting':
      return 'Starting'
    case 'waiting':
      return 'Almost there'
  }
}

export function stoppedLine(preview: Preview): string {
  return preview.state === 'removing' || preview.state === 'unknown' ? 'Removed' : 'Stopped'
}

export function titleOf({ state }: Preview, stage: Stage, over: StartEnd, line: string): string {
  if (state === 'running') return 'Running'
  return stage === 'waiting' && !over ? 'Starting' : line
}

export function headingOf({ tag, state }: Preview, over: StartEnd, line: string): string {
  if (state === 'running') return `${tag} is running`
  return over === 'stopped' ? `${tag} was ${line.toLowerCase()}` : `Getting ${tag} ready`
}

export function statusOf(
  preview: Preview,
  facts: { stage: Stage; over: StartEnd; estimate: number | null; ahead: number; full: Full | null },
): string {
  const { stage, over, estimate, ahead, full } = facts
  if (over === 'stopped') return `It does not start by itself now. Open it again to start it.`
  switch (preview.state) {
    case 'queued':
      return preview.reason ? retryText(preview, preview.reason) : `It opens here by itself. ${queueText(ahead, full)}`
    case 'running':
      // Shown only where the application's page has not replaced this one.
      return 'It was asked for this address, and its page opens here as soon as it answers. If your browser has saved a file instead, or there is nothing to show, you can close this page.'
    case 'stopping':
    case 'removing':
      return 'It is being stopped first, then it starts and opens here by itself.'
    case 'pulling':
      if (waitsForDiskSpace(preview))
        return 'There is no room for its image on the disk yet. It is pulled as soon as there is, and opens here by itself.'
      return `It opens here by itself${estimate === null ? '' : `, usually ${estimate < 1_000 ? 'in' : 'within'} ${roughly(estimate)}`}.`
  }
  if (preview.state === 'paused') return 'It is being woken, and opens here by itself.'
  if (preview.crashes > 0)
    return 'It stopped by itself before; this is another try, and opens here with its first answer.'
  const elsewhere = elsewhereWords(preview)
  if (elsewhere) return elsewhere
  return stage === 'waiting'
    ? 'It runs, and opens here with its first answer.'
    : 'Its container starts, and it opens here by itself.'
}

export function aboutOf(preview: Preview): string {
  if (preview.crashes > 0) return 'It stopped by itself; Lotan starts it again.'
  if (needsPull(preview)) return 'It was not here yet; your click fetches and starts it.'
  return 'It was asleep because it was not in use; your click wakes it.'
}

function queueText(ahead: number, full: Full | null): string {
  return full ? `${aheadText(ahead)} ${fullWords(full)}` : aheadText(ahead)
}

function aheadText(ahead: number): string {
  if (ahead === 0) return 'It is next.'
  return ahead === 1 ? '1 preview starts before it.' : `${ahead} previews start before it.`
}

function retryText(preview: In<'queued'>, reason: NonNullable<In<'queued'>['reason']>): string {
  const { tag, crashes, by } = preview
  if (by === 'reaper') return 'It stopped by itself; it starts again, and opens here.'
  if (reason.code === 'exited' && crashes > 0)
    return `It stopped while starting; trying again, ${ordinal(crashes + 1)} of ${MAX_CRASHES}.`
  if (reason.code === 'engine-down')
    return 'The container engine does not answer just now. It starts when that is back, and opens here by itself.'
  const { heading } = failureWords(tag, reason)
  return `The last try failed: ${heading.startsWith(tag) ? heading : heading[0]!.toLowerCase() + heading.slice(1)}. Trying again.`
}
