import { shownTag } from '../../../shared/preview/copy-tag.ts'
import type { Explanation } from '../../../shared/api/explain.ts'
import type { Config } from '../../../shared/config/config.ts'
import type { Approval } from '../../../shared/forge/change.ts'
import type { Standing } from '../../../shared/forge/standing.ts'
import { findRepository } from '../../../shared/repository.ts'
import { idOf, NAMELESS, splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { limitsOf, type Limits } from '../../../shared/config/limits.ts'
import { MAX_CRASHES, generationOf, type Preview } from '../../../shared/preview/preview.ts'
import type { KnownChange } from '../../../shared/forge/change.ts'
import type { Lately } from '../../../shared/preview/start-times.ts'
import type { Timeouts } from '../../../shared/preview/timeouts.ts'
import type { SampleAt } from '../../../shared/store/samples.ts'
import type { Change, Share, ShellSession } from '../../../shared/store/store.ts'
import { changeWords } from '../../words/change-words.ts'
import { failureWords } from '../../../shared/words/failure-words.ts'
import { openSessionWords, viaWords } from '../../words/session-words.ts'
import { noticeOf } from '../../words/notice-words.ts'
import { beforeTag, shortNames } from '../../words/preview-names.ts'
import { limitsOfAll, type StackConfig } from '../../services/beside.ts'
import type { PartOfPreview } from '../../services/part.ts'
import type { StackRows } from '../../services/stack-rows.ts'
import { ago, count, limit, memory, zone } from '../format.ts'
import { chartsOf } from './charts.ts'
import { headActionsOf, standingOf } from './head.ts'
import { imageFactsOf } from './image-facts.ts'
import { LOG_LINES, logPanelOf } from './log-panel.ts'
import { stackPanelOf, whoseOf } from './stack-panel.ts'
import { startsOf, type Start } from './starts.ts'
import { when, withTimes } from './when.ts'
import { whyOf } from './why.ts'
import { sourceOfPreview } from '../image-source.ts'
import { pathOf, shellPathOf } from '../preview-path.ts'
import { percentOf } from '../list/row.ts'
import { actionFactsOf } from '../list/row-actions.ts'
import { changePanelOf } from './change-panel.ts'
import { keyOf } from '../list/repositories.ts'

export interface DetailFacts {
  config: Timeouts &
    StackConfig &
    Pick<
      Config,
      'domain' | 'publicUrl' | 'repositories' | 'limits' | 'ceilings' | 'maxRunning' | 'gate' | 'forge' | 'shell'
    >
  preview: Preview
  /** How its change lets it run. */
  standing: Standing
  /** Of its tag, where its change is not known. */
  approval: Approval | null
  ahead: number
  recentDurations: Lately
  /** Without a final slash. */
  address: string
  /** `10.83.0.27:80`; null without a slot. */
  slotAddress: string | null
  /** Bytes, by container. */
  figures: Record<string, { memory: number }>
  /** What runs beside it, and its data. */
  rows: StackRows
  /** Whose log is shown. */
  part: PartOfPreview
  samples: SampleAt[]
  history: Change[]
  explanation: Explanation
  /** That it shows; null where it is of none. */
  change: KnownChange | null
  inside: readonly ShellSession[]
  /** Links to it that are not over. */
  shares: Pick<Share, 'id' | 'until' | 'created' | 'by'>[]
  /** The link that was made just now. */
  made?: { url: string; until: number }
  /** The last lines with their times, oldest first; null without a container. */
  log: string[] | { unreadable: string } | null
  /** Looked for in the log. */
  q: string
  now: number
}

export type PreviewDetail = ReturnType<typeof previewDetailOf>

export function previewDetailOf(facts: DetailFacts) {
  const { config, preview, address, samples, explanation, now } = facts
  const { repository, tag, state } = preview
  const id = idOf(preview)
  const notice = noticeOf(preview)
  const generation = generationOf(preview)
  const { limits } = limitsOf(preview.image?.labels ?? {}, config)
  const used = facts.figures[generation?.container ?? '']
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0)
  return {
    repository: findRepository(id, config)?.reference ?? repository,
    id: shownTag(id),
    of: beforeTag(id),
    tag: shownTag(tag),
    path: pathOf(id),
    crumb: crumbOf(repository, config),
    address,
    url: `${address}/`,
    state,
    standing: standingOf({ ...facts, timeouts: config }),
    percent: percentOf(preview),
    actions: headActionsOf(preview, now, actionFactsOf(facts.standing)),
    panel: changePanelOf({ ...facts, id, forge: config.forge }),
    /** Of a terminal; null where nobody may look inside. */
    shell: config.shell === null ? null : shellPathOf(id),
    maxRunning: config.maxRunning,
    isOpen: config.gate.kind === 'off',
    change: facts.change && changeWords(facts.change, sourceOfPreview(preview).revision, config.forge?.kind),
    image: imageFactsOf(preview, now),
    lastSeen: preview.lastSeen === null ? 'never visited' : `last visited ${ago(now - preview.lastSeen)}`,
    asked: requests === 0 ? 'no request in the last hour' : `${count(requests, 'request')} in the last hour`,
    notice: notice && plain(notice),
    failure: preview.state === 'failed' ? failureOf(id, preview.reason) : null,
    stack: stackPanelOf(facts),
    log: logPanelOf(facts.log, facts),
    whose: whoseOf(facts.part, { id, services: facts.rows.services }),
    logLines: LOG_LINES,
    // Another container, or another start of it: what the script follows the log by.
    run: facts.part.container === null ? '' : `${facts.part.container} ${runOf(facts)}`,
    charts: chartsOf({ samples, limits: limitsOfAll(preview, config), now }).map((chart) => ({
      ...chart,
      at: chart.at === null ? null : when(chart.at, 'clock', now),
    })),
    starts: startsOf(tag, facts.history, now).map((start) => shownOf(start, now)),
    why: whyOf(explanation, now),
    engine: {
      container: generation?.container?.slice(0, 12) ?? null,
      generation: generation ? `${generation.number}, port ${generation.port}` : null,
      slot: generation?.slot ?? null,
      slotAddress: facts.slotAddress,
      sandbox: generation?.sandbox ?? null,
      limits: limitsInWords(limits),
      memory: used ? `uses ${memory(used.memory)}` : '',
      restarts: preview.crashes > 0 ? `${preview.crashes} of ${MAX_CRASHES} used` : '',
    },
    copyOf: copyOfWords(preview, now),
    inside: insideRows(facts.inside, now),
    shares: facts.shares.map(({ id, until, by }) => ({ id, until: when(until, 'moment', now), by: by.who })),
    made: facts.made ? { url: facts.made.url, until: when(facts.made.until, 'moment', now) } : null,
    zone: zone(now),
  }
}

function insideRows(sessions: readonly ShellSession[], now: number) {
  return sessions.map((session) => ({
    who: session.who,
    does: plain(openSessionWords(session)),
    via: viaWords[session.via],
    since: when(session.opened, 'moment', now),
  }))
}

/** Null for what is no copy. */
function copyOfWords({ repository, copy }: Preview, now: number) {
  if (!copy) return null
  const of = idOf({ repository, tag: copy.of })
  return {
    how: copy.kept ? 'Kept from' : 'A clone of',
    name: shownTag(of),
    path: pathOf(of),
    at: when(copy.at, 'moment', now),
  }
}

function runOf({ preview, part, rows }: Pick<DetailFacts, 'preview' | 'part' | 'rows'>): number {
  const service = rows.services.find(({ name }) => name === part.service)
  return service?.since ?? preview.stages.starting ?? preview.since
}

/** Where there are several: the list of its repository alone. */
function crumbOf(repository: string, { repositories }: Pick<Config, 'repositories'>) {
  const name = repositories.length > 1 ? shortNames(repositories).get(repository) : undefined
  return name === undefined ? null : { name, href: `/?of=${keyOf(repository)}` }
}

/** With the engine's and the application's own words too, since only the admin sees them. */
function failureOf(id: PreviewId, reason: Extract<Preview, { state: 'failed' }>['reason']) {
  const { heading, sentence, advice } = failureWords(id, reason)
  // The first advice is for the person who can fix it; the others are for visitors.
  const setting = splitId(id).repository === NAMELESS ? 'REPOSITORY' : 'LOTAN_REPOSITORIES'
  const [mend] = advice.map(({ what }) => what.replace('on the admin page', 'below').replace(/\bREPOSITORY\b/, setting))
  return {
    heading,
    sentence,
    advice: mend ? mend[0]!.toUpperCase() + mend.slice(1) : '',
    code: reason.code,
    detail: plain(reason.detail),
    service: reason.service ?? '',
    output: (reason.output ?? []).map(plain),
  }
}

function shownOf({ at, title, moments, ...start }: Start, now: number) {
  return {
    ...start,
    at: when(at, 'moment', now),
    title: withTimes(plain(title), now),
    moments: moments.map(({ at, words, took }) => ({
      at: when(at, 'second', now),
      words: withTimes(plain(words), now),
      took,
    })),
  }
}

function limitsInWords({ memory, cpus, pids }: Limits): string {
  return `${limit(memory)}, ${cpus} CPU${cpus === 1 ? '' : 's'}, ${pids} pids`
}

/** Without the codes that colour terminals and move their cursors. */
export function plain(text: string): string {
  return text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|[\x00-\x08\x0b-\x1f\x7f]/g, '')
}
