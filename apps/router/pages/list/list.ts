import { createHash } from 'node:crypto'
import type { KnownChange } from '../../../shared/forge/change.ts'
import { generationOf, isPinned, type Preview } from '../../../shared/preview/preview.ts'
import { nextActions, type NextAction } from '../../../shared/preview/next-actions.ts'
import { idOf, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { textsOf } from '../../changes/found.ts'
import { failureWords } from '../../../shared/words/failure-words.ts'
import { changeLine, changeWords } from '../../words/change-words.ts'
import { fullWords } from '../../words/full-words.ts'
import { pathOf } from '../preview-path.ts'
import { sourceOfPreview } from '../image-source.ts'
import { columns, inOrder, sortText, type Column, type Sort } from './order.ts'
import { nextOf } from './next-words.ts'
import { addablesOf, chosenOf, keyOf, repositoryChips } from './repositories.ts'
import { summaryOf } from './summary.ts'
import { clock, count, zone } from '../format.ts'
import { changeCellOf } from './change-cell.ts'
import { memoryOf, rowOf, type ListFacts } from './row.ts'

export type PreviewList = ReturnType<typeof previewListOf>

/** More rows than a browser shows without a wait; what is looked for is found among all. */
const MOST_ROWS = 1_000

interface Group {
  name: string
  key: string
  has: (preview: Preview, now: number) => boolean
}

const inState =
  (...states: Preview['state'][]): Group['has'] =>
  ({ state }) =>
    states.includes(state)

const groups: Group[] = [
  { name: 'Failed', key: 'failed', has: inState('failed') },
  { name: 'Changing', key: 'busy', has: inState('queued', 'pulling', 'starting', 'stopping', 'removing') },
  { name: 'Running', key: 'running', has: inState('running') },
  { name: 'Asleep', key: 'asleep', has: inState('paused', 'stopped') },
  { name: 'Pinned', key: 'pinned', has: isPinned },
]

const titles: Record<Column, string> = {
  tag: 'Tag',
  state: 'State',
  change: 'Commit',
  visit: 'Last visit',
  memory: 'Memory',
  next: 'Next',
}

/** Where there is no forge, commits alone are known. */
function titleOf(by: Column, { forge }: ListFacts['config']): string {
  return by === 'change' && forge ? 'Change' : titles[by]
}

export function previewListOf(facts: ListFacts) {
  const { config, previews, q, sort, now } = facts
  const actions = actionsOf(facts)
  const roomAt = roomTimesIn(actions)
  const chosen = groups.find(({ key }) => key === facts.state)
  const state = chosen?.key ?? ''
  const found = previews.filter((preview) => isFound(preview, q, facts.changeOf(idOf(preview))))
  const only = chosenOf(facts.of, config.repositories)
  const of = only === undefined ? '' : keyOf(only)
  const ofRepository = found.filter(({ repository }) => only === undefined || repository === only)
  const isInState = (preview: Preview) => !chosen || chosen.has(preview, now)
  const addables = addablesOf(config.repositories, {
    suggested: facts.suggested,
    selected: facts.problem?.repository ?? only,
  })
  const { repository, tags } = addables.find(({ selected }) => selected)!
  const shown = inOrder(
    ofRepository.filter(isInState).map((preview) => ({
      preview,
      change: changeCellOf(preview, facts.changeOf(idOf(preview)), config.forge?.kind, now).text,
      memory: memoryOf(preview, facts),
      nextAt: nextOf(preview, config, now, roomAt.get(idOf(preview)))?.at ?? null,
    })),
    sort,
  )
  return {
    repository: config.repositories.map(({ reference }) => reference).join(', '),
    welcome: config.adminWelcome,
    info: config.adminInfo,
    self: hrefOf({ q, state, of, sort }),
    example: `${facts.address(idOf({ repository, tag: tags[0] ?? 'pr-1' }))}/`,
    strip: summaryOf(facts, actions),
    full: fullText(facts),
    asking: askingText(facts),
    chips: [
      { name: 'All', key: '', count: ofRepository.length, href: hrefOf({ q, state: '', of, sort }), current: !chosen },
      ...groups.map(({ name, key, has }) => ({
        name,
        key,
        count: ofRepository.filter((preview) => has(preview, now)).length,
        href: hrefOf({ q, state: key, of, sort }),
        current: key === state && state !== '',
      })),
    ],
    repositoryChips: repositoryChips(config.repositories, {
      previews: found.filter(isInState),
      chosen: only,
      hrefOf: (of) => hrefOf({ q, state, of, sort }),
    }),
    columns: columns.map((by) => ({ by, title: titleOf(by, config), ...orderOf(by, { q, state, of, sort }) })),
    addables,
    finds: config.forge ? 'Find: tag, title, author' : 'Find: tag, state, commit',
    q,
    state,
    of,
    sort: sort ? sortText(sort) : '',
    problem: facts.problem ?? null,
    asOf: `${clock(now, true)} ${zone(now)}`,
    total: previews.length,
    all: shown.length,
    rows: shown.slice(0, MOST_ROWS).map(({ preview }) => versioned(rowOf(preview, { ...facts, roomAt }))),
  }
}

function actionsOf({ previews, config, full, now }: ListFacts): NextAction[] {
  const memoryFull = full?.of === 'memory'
  return nextActions(previews, { timeouts: config, maxRunning: config.maxRunning, memoryFull, open: null }, now)
}

function roomTimesIn(actions: readonly NextAction[]): ReadonlyMap<PreviewId, number> {
  return new Map(actions.filter(({ why }) => why === 'room').map(({ preview, at }) => [idOf(preview), at]))
}

/** @returns the row, and a version that is another one where it would be written in another way */
function versioned<T extends object>(row: T): T & { version: string } {
  return { ...row, version: createHash('sha1').update(JSON.stringify(row)).digest('base64url').slice(0, 8) }
}

const MOST_ASKING = 5

function askingText({ asking, config }: ListFacts): {
  shown: { id: PreviewId; path: string; line: string }[]
  more: number
} {
  const shown = asking.slice(0, MOST_ASKING).map(({ id, change }) => {
    return { id, path: pathOf(id), line: changeLine(changeWords(change, null, config.forge?.kind)) }
  })
  return { shown, more: asking.length - shown.length }
}

/** Only while somebody waits for it. */
function fullText({ full, previews }: ListFacts): { why: string; waiting: string } | null {
  const waiting = previews.filter(({ state }) => state === 'queued').length
  if (!full || waiting === 0) return null
  return { why: fullWords(full), waiting: `${count(waiting, 'preview')} ${waiting === 1 ? 'waits' : 'wait'}.` }
}

/** By repository and tag, state, digest, revision, reason, or the change that it shows. */
export function isFound(preview: Preview, q: string, change: KnownChange | null): boolean {
  const reason = 'reason' in preview ? preview.reason : null
  const texts = [
    idOf(preview),
    preview.state,
    preview.image?.digest ?? '',
    generationOf(preview)?.digest ?? '',
    sourceOfPreview(preview).revision ?? '',
    ...(change ? textsOf(change) : []),
    ...(reason ? [reason.code, failureWords(preview.tag, reason).heading] : []),
  ]
  const wanted = q.trim().toLowerCase()
  return texts.some((text) => text.toLowerCase().includes(wanted))
}

interface Shown {
  q: string
  state: string
  of: string
  sort: Sort | null
}

/** A click sorts by a column; one more turns that round. Without a choice the list stands in the order of State. */
function orderOf(by: Column, shown: Shown): { href: string; order: 'ascending' | 'descending' | null } {
  const now = shown.sort ?? { by: 'state', isReversed: false }
  const isChosen = now.by === by
  const href = hrefOf({ ...shown, sort: { by, isReversed: isChosen && !now.isReversed } })
  return { href, order: isChosen ? (now.isReversed ? 'descending' : 'ascending') : null }
}

function hrefOf({ q, state, of, sort }: Shown): string {
  const query = new URLSearchParams({
    ...(q && { q }),
    ...(state && { state }),
    ...(of && { of }),
    ...(sort && { sort: sortText(sort) }),
  }).toString()
  return `/${query && `?${query}`}`
}
