import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { failureWords } from '../words/failure-words.ts'
import { sourceOfPreview } from './image-source.ts'
import { summaryOf } from './summary.ts'
import { clock, zone } from './format.ts'
import { rowOf, type ListFacts } from './preview-row.ts'

export type PreviewList = ReturnType<typeof previewListOf>

const groups: { name: string; key: string; states: Preview['state'][] }[] = [
  { name: 'Running', key: 'running', states: ['running'] },
  { name: 'Changing', key: 'busy', states: ['queued', 'pulling', 'starting', 'stopping', 'removing'] },
  { name: 'Asleep', key: 'asleep', states: ['paused', 'stopped'] },
  { name: 'Failed', key: 'failed', states: ['failed'] },
]

/** Rows stand in the order of their tags: none moves while a person aims at it. */
export function previewListOf(facts: ListFacts) {
  const { config, previews, q, now } = facts
  const chosen = groups.find(({ key }) => key === facts.state)
  const shown = previews
    .filter((preview) => !chosen || chosen.states.includes(preview.state))
    .filter((preview) => isFound(preview, q))
    .toSorted((a, b) => byName.compare(a.tag, b.tag))
  return {
    repository: config.repository,
    welcome: config.adminWelcome,
    info: config.adminInfo,
    self: hrefOf(chosen?.key ?? '', q),
    example: facts.address('TAG'),
    strip: summaryOf(previews, config, now),
    chips: [
      { name: 'All', key: '', count: previews.length, href: hrefOf('', q), current: !chosen },
      ...groups.map(({ name, key, states }) => ({
        name,
        key,
        count: previews.filter(({ state }) => states.includes(state)).length,
        href: hrefOf(key, q),
        current: key === chosen?.key,
      })),
    ],
    suggested: facts.suggested,
    q,
    state: chosen?.key ?? '',
    problem: facts.problem ?? null,
    asOf: `${clock(now, true)} ${zone(now)}`,
    total: previews.length,
    rows: shown.map((preview) => rowOf(preview, facts)),
  }
}

/** By tag, digest, revision or reason. */
export function isFound(preview: Preview, q: string): boolean {
  const reason = 'reason' in preview ? preview.reason : null
  const texts = [
    preview.tag,
    preview.image?.digest ?? '',
    generationOf(preview)?.digest ?? '',
    sourceOfPreview(preview).revision ?? '',
    ...(reason ? [reason.code, failureWords(preview.tag, reason).heading] : []),
  ]
  const wanted = q.trim().toLowerCase()
  return texts.some((text) => text.toLowerCase().includes(wanted))
}

function hrefOf(state: string, q: string): string {
  const query = new URLSearchParams({ ...(q && { q }), ...(state && { state }) }).toString()
  return `/${query && `?${query}`}`
}

const byName = new Intl.Collator('en', { numeric: true })
