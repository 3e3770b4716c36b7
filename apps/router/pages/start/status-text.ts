import { idOf } from '../../../shared/preview/preview-id.ts'
import { MAX_CRASHES, waitsForEngine, type In, type Preview } from '../../../shared/preview/preview.ts'
import { failureWords } from '../../../shared/words/failure-words.ts'
import { behindTag, spokenName } from '../../words/preview-names.ts'
import { fullWords, soonWords, type Full } from '../../words/full-words.ts'
import { elsewhereWords } from '../../words/notice-words.ts'
import { endedWords } from '../../words/stop-words.ts'
import { bytes, ordinal, roughly } from '../format.ts'
import { awaitedLine, awaitedSlowWords, type Awaited } from '../../services/coming-up.ts'
import { needsPull } from './estimate.ts'
import { isSized, pulledText, waitsForDiskSpace, type Stage, type StartEnd, type StartStage } from './stage.ts'

export interface TextFacts {
  stage: Stage
  over: StartEnd
  /** From 1; null when it is not its turn that it waits for. */
  position: number | null
  full: Full | null
  /** Milliseconds; null before anything is known. */
  estimate: number | null
  /** The services whose turn it is; null where it is the application's. */
  awaited: Awaited | null
  hasServices: boolean
}

/** Beside the bar. */
export function lineOf(preview: Preview, { stage, over, position, full, awaited, hasServices }: TextFacts): string {
  if (over === 'stopped') return preview.state === 'removing' || preview.state === 'unknown' ? 'Removed' : 'Stopped'
  if (preview.state === 'stopping' || preview.state === 'removing') return 'Stopping first'
  switch (stage) {
    case 'queued':
      if (waitsForEngine(preview)) return 'Waiting for the container engine'
      if (position === null) return 'Trying again'
      if (full) return 'Waiting for room'
      return position === 1 ? 'Next' : 'In line'
    case 'pulling':
      return waitsForDiskSpace(preview) ? 'Waiting for room' : 'Pulling'
    case 'unpacking':
      return 'Unpacking'
    case 'starting':
      if (awaited) return awaitedLine(awaited)
      if (isAwaitingAnswer(preview)) return 'Waiting for the first answer'
      return hasServices ? 'Starting the application' : 'Starting'
  }
}

/** Smaller, beside that: `31.4 of 50.6 MB`. */
export function asideOf(preview: Preview, stage: Stage): string {
  if (preview.state !== 'pulling' || !isSized(preview.progress)) return ''
  return stage === 'unpacking' ? `${bytes(preview.progress.total)} are here` : pulledText(preview.progress)
}

/** Of the browser's tab, where no bar says how far it is. */
export function titleOf(preview: Preview, line: string, { over, position, full }: TextFacts): string {
  if (preview.state === 'running') return 'Running'
  if (over !== null || preview.state !== 'queued') return line
  if (full) return 'roomIn' in full && full.roomIn !== null ? `Full, room ${soonWords(full.roomIn)}` : 'Full'
  return position !== null && position > 1 ? `In line, ${position - 1} before you` : line
}

/** What stands before and behind the tag. */
export function headingOf(preview: Preview, over: StartEnd, line: string): [string, string] {
  const of = behindTag(idOf(preview))
  if (preview.state === 'running') return ['', `${of} is running`]
  if (over === 'stopped') return ['', `${of} was ${line.toLowerCase()}`]
  return needsPull(preview) ? ['Getting ', `${of} ready`] : ['Waking ', of]
}

export function statusOf(preview: Preview, facts: TextFacts): string {
  const { over, position, full, estimate } = facts
  if (over === 'stopped') return endedWords(preview)
  const opens = `It opens here by itself${usually(estimate)}.`
  switch (preview.state) {
    case 'queued':
      if (preview.reason) return retryText(preview, preview.reason)
      return position === null ? opens : `${full ? `${fullWords(full)} ` : ''}${placeText(position)}`
    case 'running':
      // Shown only where the application's page has not replaced this one.
      return 'It was asked for this address, and its page opens here as soon as it answers. If your browser has saved a file instead, or there is nothing to show, you can close this page.'
    case 'stopping':
    case 'removing':
      return 'It is being stopped first, then it starts and opens here by itself.'
    case 'pulling':
      return waitsForDiskSpace(preview)
        ? 'There is no room for its image on the disk yet. It is pulled as soon as there is, and opens here by itself.'
        : opens
  }
  if (preview.crashes > 0)
    return 'It stopped by itself before; this is another try, and opens here with its first answer.'
  return elsewhereWords(preview) ?? opens
}

/** What stands behind "Slower than usual."; empty where nothing is known of what is usual. */
export function slowWords(preview: Preview, { stage, estimate, awaited }: TextFacts): string {
  if (estimate === null || stage === 'queued') return ''
  const usually = `It usually takes ${estimate < 1_000 ? 'less than 1\u00a0s' : roughly(estimate)}.`
  if (awaited) return `${usually} ${awaitedSlowWords(awaited)}`
  const doing = isAwaitingAnswer(preview)
    ? 'Its container runs, and its application has not answered yet.'
    : { pulling: 'Its image is still on the way.', unpacking: 'Its image is here, and is still unpacked.', starting: 'Its container is still being started.' }[stage] // prettier-ignore
  return `${usually} ${doing}`
}

/** `Step 4 of 6: starting db` */
export function stepOf(planned: readonly StartStage[], at: number): string {
  const [name = ''] = (planned[at]?.name ?? '').split(',')
  return `Step ${at + 1} of ${planned.length}: ${name.charAt(0).toLowerCase()}${name.slice(1)}`
}

export function aboutOf(preview: Preview, over: StartEnd): string {
  const { image, crashes } = preview
  const name = spokenName(idOf(preview))
  if (over === 'stopped') return ''
  if (crashes > 0) return `${name} stopped by itself; Lotan starts it again.`
  if (preview.state === 'queued' && preview.phase === 'checkUpdate')
    return `There may be a newer image of ${name}: it is looked for first.`
  if (needsPull(preview) && !image) return `${name} was not here yet; your click fetches and starts it.`
  return needsPull(preview)
    ? `Your click fetches and starts ${name}.`
    : `Nobody was using ${name}, so it was asleep; your click wakes it.`
}

function usually(estimate: number | null): string {
  if (estimate === null) return ''
  return estimate < 1_000 ? ', usually in less than 1\u00a0s' : `, usually within ${roughly(estimate)}`
}

function placeText(position: number): string {
  if (position === 1) return 'You are next. It opens here by itself.'
  const before = position === 2 ? '1 is before you.' : `${position - 1} are before you.`
  return `${before} It opens here by itself; keep this page open to keep your place.`
}

function isAwaitingAnswer(preview: Preview): boolean {
  return preview.state === 'starting' && preview.stages.waiting !== undefined
}

function retryText(preview: In<'queued'>, reason: NonNullable<In<'queued'>['reason']>): string {
  const { crashes, by } = preview
  const name = spokenName(idOf(preview))
  if (by === 'reaper') return 'It stopped by itself; it starts again, and opens here.'
  if (reason.code === 'exited' && crashes > 0)
    return `It stopped while starting; trying again, ${ordinal(crashes + 1)} of ${MAX_CRASHES}.`
  if (reason.code === 'engine-down')
    return 'The container engine does not answer just now. It starts when that is back, and opens here by itself.'
  const { heading } = failureWords(name, reason)
  return `The last try failed: ${heading.startsWith(name) ? heading : heading[0]!.toLowerCase() + heading.slice(1)}. Trying again.`
}
