/** Pure. In which order the list stands: what wants a person first. */
import type { Preview, State } from '../../../shared/preview/preview.ts'

export const columns = ['tag', 'state', 'change', 'visit', 'memory', 'next'] as const
export type Column = (typeof columns)[number]

/** `-visit`: the other way round. Null: the default order. */
export interface Sort {
  by: Column
  isReversed: boolean
}

export interface Sortable {
  preview: Preview
  /** What stands in the column Change. */
  change: string
  /** Bytes; null where it takes none, or that is not known. */
  memory: number | null
  /** When Lotan does something with it by itself, milliseconds since 1970; null for never. */
  nextAt: number | null
}

const groups: Record<State, number> = {
  failed: 0,
  queued: 1,
  pulling: 1,
  starting: 1,
  stopping: 1,
  removing: 1,
  running: 2,
  paused: 3,
  stopped: 3,
  unknown: 4,
}

/** @param given a query's parameter; what means nothing is the default order */
export function sortOf(given: unknown): Sort | null {
  const [, minus, name] = typeof given === 'string' ? (/^(-?)(\w+)$/.exec(given) ?? []) : []
  const by = columns.find((column) => column === name)
  return by ? { by, isReversed: minus === '-' } : null
}

export function sortText({ by, isReversed }: Sort): string {
  return `${isReversed ? '-' : ''}${by}`
}

/** Previews of which a column knows nothing stand last, in either direction. */
export function inOrder<T extends Sortable>(rows: readonly T[], sort: Sort | null): T[] {
  const compare = sort ? byColumn(sort) : byDefault
  return rows.toSorted((a, b) => compare(a, b) || byTag(a, b))
}

/** Failed, changing, running by last visit, asleep. */
function byDefault(a: Sortable, b: Sortable): number {
  const [one, other] = [a.preview, b.preview]
  return groups[one.state] - groups[other.state] || seenAt(other) - seenAt(one)
}

function byColumn({ by, isReversed }: Sort): (a: Sortable, b: Sortable) => number {
  const direction = isReversed ? -1 : 1
  const ways: Record<Column, (a: Sortable, b: Sortable) => number> = {
    tag: (a, b) => direction * byTag(a, b),
    state: (a, b) => direction * byDefault(a, b),
    change: (a, b) => withLast(a.change || null, b.change || null, (x, y) => direction * names.compare(x, y)),
    // As a person reads the column: what was visited last comes first.
    visit: (a, b) => withLast(a.preview.lastSeen, b.preview.lastSeen, (x, y) => direction * (y - x)),
    memory: (a, b) => withLast(a.memory, b.memory, (x, y) => direction * (y - x)),
    next: (a, b) => withLast(a.nextAt, b.nextAt, (x, y) => direction * (x - y)),
  }
  return ways[by]
}

function withLast<T>(a: T | null, b: T | null, compare: (a: T, b: T) => number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return compare(a, b)
}

function seenAt({ state, since, lastSeen }: Preview): number {
  return state === 'failed' ? since : (lastSeen ?? 0)
}

/** The same tag of several repositories stands together. */
function byTag(a: Sortable, b: Sortable): number {
  const [one, other] = [a.preview, b.preview]
  return names.compare(one.tag, other.tag) || names.compare(one.repository, other.repository)
}

/** As people count: `pr-9` before `pr-10`. */
const names = new Intl.Collator('en', { numeric: true })
