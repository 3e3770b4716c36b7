import type { Config } from '../../shared/config/config.ts'
import { MAX_CRASHES, generationOf, isPinned, type Image, type Preview } from '../../shared/preview/preview.ts'
import type { Lately } from '../../shared/preview/start-times.ts'
import { failureWords } from '../words/failure-words.ts'
import { noticeOf } from '../words/notice-words.ts'
import type { Change } from '../../shared/store/store.ts'
import { nextDue, type Timeouts } from '../../shared/preview/timeouts.ts'
import { limitsOf, type Limits } from '../../shared/config/limits.ts'
import { builtAt, sourceOf, shortRevision } from './image-source.ts'
import { pinnedText } from './next-words.ts'
import { pathOf, percentOf, shortDigest, whatOf } from './preview-row.ts'
import { actionOf } from './row-actions.ts'
import { historyOf } from './history.ts'
import { age, ago, bytes, clock, duration, limit, memory, elapsed, zone } from './format.ts'

export const LOG_LINES = 200

export interface DetailFacts {
  config: Timeouts & Pick<Config, 'repository' | 'limits' | 'ceilings'>
  preview: Preview
  ahead: number
  recentDurations: Lately
  /** Without a final slash. */
  address: string
  /** `10.83.0.27:80`; null without a slot. */
  slotAddress: string | null
  /** Bytes. */
  figures?: { memory: number }
  history: Change[]
  /** The last lines, oldest first; null without a container. */
  log: string[] | { unreadable: string } | null
  now: number
}

export type PreviewDetail = ReturnType<typeof previewDetailOf>

export function previewDetailOf(facts: DetailFacts) {
  const { config, preview, address, now } = facts
  const { tag, state, image } = preview
  const notice = noticeOf(preview)
  const generation = generationOf(preview)
  return {
    repository: config.repository,
    tag,
    path: pathOf(tag),
    address,
    url: `${address}/`,
    state,
    standing: statusText(facts),
    percent: percentOf(preview),
    action: actionOf(preview),
    restartable: state === 'running' || state === 'paused',
    pinned: isPinned(preview, now),
    image: image && imageOf(image, now),
    // A newer image is coming up beside it, or failed.
    outdated: Boolean(generation && image && generation.image !== image.id) && shortDigest(preview),
    lastSeen: preview.lastSeen === null ? 'never' : ago(now - preview.lastSeen),
    container: generation?.container?.slice(0, 12) ?? null,
    generation: generation && `generation ${generation.number}, port ${generation.port}`,
    slot: generation?.slot ?? null,
    slotAddress: facts.slotAddress,
    limits: limitsInWords(limitsOf(image?.labels ?? {}, config).limits),
    restarts: preview.crashes > 0 ? `${preview.crashes} of ${MAX_CRASHES} restarts used` : '',
    memory: facts.figures ? `uses ${memory(facts.figures.memory)}` : '',
    notice: notice && plain(notice),
    failure: preview.state === 'failed' ? failureOf(preview.tag, preview.reason) : null,
    coldStart: coldStartOf(preview),
    history: historyOf(tag, facts.history, now).map((entry) => ({ ...entry, why: plain(entry.why) })),
    log: logOf(facts.log),
    asOf: clock(now, true),
    zone: zone(now),
  }
}

function statusText(facts: DetailFacts): string {
  const pinned = pinnedText(facts.preview, facts.now).toLowerCase()
  return [unpinnedText(facts), ...(pinned ? [pinned] : [])].join(', ')
}

function unpinnedText({ config, preview, ahead, recentDurations: recentDurations, now }: DetailFacts): string {
  const due = nextDue(preview, config, now)
  const left = due && (due.at > now ? `in ${duration(due.at - now)}` : 'now')
  switch (preview.state) {
    case 'running':
    case 'paused': {
      const unless = due?.why === 'lifetime' ? 'even if it is in use: its lifetime is over then' : 'if nobody comes'
      const will = due?.what === 'pause' ? 'is paused' : 'stops'
      return `for ${age(now - preview.since)}${left ? `, ${will} ${left} ${unless}` : ''}`
    }
    case 'stopped': {
      const gone = preview.image ? '' : ', its image is removed: a visit pulls it again'
      return `for ${age(now - preview.since)}${left ? `, its image goes ${left}${due.why === 'disk' ? ': the disk needs its room' : ' if nobody comes'}` : gone}`
    }
    case 'failed': {
      const { retryAt } = preview
      const again = retryAt === null ? 'the next visit tries again' : `tries again by itself at ${clock(retryAt, true)}`
      return `at ${clock(preview.since, true)}, ${again}`
    }
    default:
      return whatOf(preview, { ahead, lately: recentDurations, now })
  }
}

/** With the engine's and the application's own words too, since only the admin sees them. */
function failureOf(tag: string, reason: Extract<Preview, { state: 'failed' }>['reason']) {
  const { heading, sentence, advice } = failureWords(tag, reason)
  // The first advice is for the person who can fix it; the others are for visitors.
  const [mend] = advice.map(({ what }) => what.replace('on the admin page', 'below'))
  return {
    heading,
    sentence,
    advice: mend ? mend[0]!.toUpperCase() + mend.slice(1) : '',
    code: reason.code,
    detail: plain(reason.detail),
    output: (reason.output ?? []).map(plain),
  }
}

function imageOf(image: Image, now: number) {
  const source = sourceOf(image)
  const at = builtAt(source, now)
  const day = { day: 'numeric', month: 'short', year: 'numeric' } as const
  const built = at === undefined ? '' : `built ${new Date(at).toLocaleDateString('en-GB', day)}, ${ago(now - at)}`
  const digest = image.digest ?? image.id
  return {
    digest,
    short: digest.slice(0, 'sha256:'.length + 10),
    about: [bytes(image.bytes), built, image.pulled ? '' : 'was here before Lotan'].filter(Boolean).join(', '),
    revision: source.revision,
    shortRevision: shortRevision(source),
  }
}

function limitsInWords({ memory, cpus, pids }: Limits): string {
  return `${limit(memory)}, ${cpus} CPU${cpus === 1 ? '' : 's'}, ${pids} pids`
}

function coldStartOf(preview: Preview) {
  const { stages } = preview
  if (preview.state !== 'running' || stages.queued === undefined || stages.running === undefined) return null
  const total = stages.running - stages.queued
  const marks = [
    { name: 'Queued', colour: 'c1', at: stages.queued },
    { name: 'Pulled', colour: 'c2', at: stages.pulling },
    { name: 'Started', colour: 'c3', at: stages.starting },
    { name: 'First answer', colour: 'c4', at: stages.waiting },
  ].filter((mark): mark is typeof mark & { at: number } => mark.at !== undefined)
  if (total <= 0) return null
  return {
    total: elapsed(total),
    parts: marks.map(({ name, colour, at }, i) => {
      const until = marks[i + 1]?.at ?? stages.running!
      const x = Math.round(((at - marks[0]!.at) / total) * 1_000)
      const width = Math.max(0, Math.round(((until - at) / total) * 1_000) - 3)
      return { name, colour, took: elapsed(until - at), x, width }
    }),
  }
}

function logOf(log: DetailFacts['log']) {
  if (log === null) return null
  if ('unreadable' in log) return { lines: [], most: LOG_LINES, unreadable: log.unreadable }
  return { lines: log.map(plain), most: LOG_LINES, unreadable: null }
}

/** Without the codes that colour terminals and move their cursors. */
export function plain(text: string): string {
  return text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|[\x00-\x08\x0b-\x1f\x7f]/g, '')
}
