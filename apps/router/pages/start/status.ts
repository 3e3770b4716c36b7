/** Renders the waiting page, and goes to it as JSON: words are made here only, its script puts them in place. */
import { shownTag } from '../../../shared/preview/copy-tag.ts'
import type { Standing } from '../../../shared/forge/standing.ts'
import { median } from '../../../shared/median.ts'
import { asVisitorsSee, fresh, startsAgain, type In, type Preview } from '../../../shared/preview/preview.ts'
import type { Lately } from '../../../shared/preview/start-times.ts'
import { needsPull, startEstimateOf } from './estimate.ts'
import {
  type Stage,
  type StartEnd,
  type StartStage,
  stageOf,
  startStagesOf,
  startedAt,
  waitsForDiskSpace,
} from './stage.ts'
import { aboutOf, asideOf, headingOf, lineOf, slowWords, statusOf, stepOf, titleOf } from './status-text.ts'
import { wayOf, type Way } from './way.ts'
import { awaitedIn, type Beside } from '../../services/coming-up.ts'
import type { Full } from '../../words/full-words.ts'
import { spokenName } from '../../words/preview-names.ts'
import { idOf, splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'

export interface StartStatus extends Way {
  repository: string
  tag: string
  /** In a sentence: `pr-7 of api`. */
  name: string
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
  stages: StartStage[]
  /** Which of them is the current one, or the first of these. */
  at: number
  step: string
  /** The tab's, where neither the bar nor the slowness says it. */
  title: string
  /** What stands before and behind the tag. */
  heading: [before: string, behind: string]
  status: string
  /** Beside the bar: `Pulling`; `aside` stands smaller beside it. */
  line: string
  aside: string
  /** From so many milliseconds after the click on it is slower than usual; null: it is not yet known what is usual. */
  slowAt: number | null
  slow: string
  /** Its image need not be fetched: the stages pass before one could read them. */
  isQuick: boolean
  about: string
}

export interface StartFacts {
  id: PreviewId
  /** How many queued previews start before this one. */
  ahead: number
  full: Full | null
  missing: boolean
  standing: Standing['is']
  recentDurations: Lately
  /** What runs beside its application. */
  beside: Beside
  now: number
}

/** Times what is usual. */
const SLOWER = 2
/** A start that is usually done at once is not slow before anybody could notice. */
const SOONEST_SLOW_MS = 2_000

export function startStatusOf(row: Preview | undefined, facts: StartFacts): StartStatus {
  const preview = asVisitorsSee(row) ?? removedPreview(facts)
  const { repository, tag, state } = preview
  const stage = stageOf(preview)
  const over = facts.standing === 'free' ? overOf(preview) : facts.standing === 'asks' ? 'asks' : 'barred'
  const progress = preview.state === 'pulling' && !waitsForDiskSpace(preview) ? preview.progress : null
  const sized = progress && progress.total > 0 ? progress : null
  const position = preview.state === 'queued' && preview.notBefore <= facts.now ? facts.ahead + 1 : null
  const estimate = startEstimateOf(preview, facts.recentDurations)
  const awaited = awaitedIn(preview, facts.beside)
  const text = {
    stage,
    over,
    position,
    full: facts.full,
    estimate,
    awaited,
    hasServices: facts.beside.services.length > 0,
  }
  const planned = startStagesOf(preview, stage, facts.beside)
  const at = planned.findIndex(({ mark }) => mark === 'current')
  const line = lineOf(preview, text)
  return {
    repository,
    tag: shownTag(tag),
    name: spokenName(idOf(preview)),
    state,
    stage,
    over,
    position,
    // When it was woken is not noted: that takes a moment.
    soFar: state === 'paused' ? 0 : Math.max(0, facts.now - startedAt(preview)),
    usual: estimate,
    percent: sized ? Math.floor(sized.percent) : null,
    bytes: sized && sized.bytes,
    total: sized && sized.total,
    layers: progress && progress.layers,
    layersDone: progress && progress.layersDone,
    ...wayOf(preview, stage, preview.took.start ?? median(facts.recentDurations.start) ?? null),
    stages: planned,
    at,
    step: stepOf(planned, at),
    title: titleOf(preview, line, text),
    heading: headingOf(preview, over, line),
    status: statusOf(preview, text),
    line,
    aside: asideOf(preview, stage),
    slowAt: slowAtOf(preview, estimate),
    slow: slowWords(preview, text),
    isQuick: !needsPull(preview),
    about: aboutOf(preview, over),
  }
}

/** Who waits in line is not slow yet. */
function slowAtOf(preview: Preview, estimate: number | null): number | null {
  const isUnderWay = (preview.state === 'pulling' && !waitsForDiskSpace(preview)) || preview.state === 'starting'
  if (!isUnderWay || estimate === null) return null
  const { queued, pulling, starting } = preview.stages
  const began = pulling ?? starting ?? preview.since
  return Math.max(0, began - (queued ?? began)) + Math.max(SLOWER * estimate, SOONEST_SLOW_MS)
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
      return preview.why === 'renewed' ? 'renewed' : 'stopped'
    case 'stopping':
    case 'removing':
      return startsAgain(preview) ? null : 'stopped'
    default:
      return null
  }
}
