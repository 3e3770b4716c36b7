import { fresh, generationOf, type In, type Preview, type State } from '../preview/preview.ts'
import type { Generation } from '../preview/generation.ts'
import type { Pairs } from '../preview/pair.ts'
import type { PreviewKey } from '../preview/preview-id.ts'

type Value = string | number | null
type Stored = Exclude<State, 'unknown'>
/** What only some states know is null in the others. */
export type Row = Record<string, Value> & PreviewKey & { state: Stored }

type KeysOf<P> = P extends unknown ? keyof P : never
type Field = Exclude<KeysOf<Preview>, 'retiring' | 'generation' | 'pending'>

interface Column {
  name: string
  write: (value: unknown) => Value
  read: (row: Row) => unknown
}

const plain = (name: string): Column => ({
  name,
  write: (value) => (value as Value | undefined) ?? null,
  read: (row) => row[name],
})

const json = (name: string): Column => ({
  name,
  write: (value) => (value ? JSON.stringify(value) : null),
  read: (row) => (row[name] ? (JSON.parse(String(row[name])) as unknown) : null),
})

const columns: Record<Field, Column> = {
  repository: plain('repository'),
  tag: plain('tag'),
  state: plain('state'),
  since: plain('since'),
  change: plain('change'),
  lastSeen: plain('last_seen'),
  image: json('image'),
  generations: plain('generations'),
  stages: json('stages'),
  took: json('took'),
  crashes: plain('crashes'),
  notices: {
    name: 'notices',
    write: (notices) => ((notices as unknown[]).length > 0 ? JSON.stringify(notices) : null),
    read: ({ notices }) => (notices ? (JSON.parse(String(notices)) as unknown) : []),
  },
  rejectedImage: plain('rejected_image'),
  update: json('image_update'),
  refreshes: plain('refreshes'),
  waiter: json('waiter'),
  reason: json('reason'),
  retryAt: plain('retry_at'),
  why: plain('why'),
  by: plain('asked_by'),
  notBefore: plain('not_before'),
  readyAt: plain('ready_at'),
  progress: json('progress'),
  phase: plain('phase'),
  pin: json('pin'),
  removeAt: plain('remove_at'),
  request: plain('request'),
  copy: json('copy'),
}

/** Beside `commonFields`. */
const fieldsOf: {
  [S in Stored]: Exclude<Extract<keyof In<S>, Field>, keyof typeof fresh | keyof PreviewKey | 'since'>[]
} = {
  queued: ['state', 'phase', 'notBefore', 'by', 'reason'],
  pulling: ['state', 'progress', 'by'],
  starting: ['state'],
  running: ['state', 'readyAt'],
  paused: ['state', 'phase', 'readyAt'],
  stopping: ['state', 'phase', 'why'],
  stopped: ['state', 'why'],
  removing: ['state', 'phase'],
  failed: ['state', 'reason', 'retryAt'],
}
const withoutGeneration: Stored[] = ['pulling', 'failed']
const withoutRoute: Stored[] = ['queued', 'stopped']
const commonFields = ['repository', 'tag', 'since', ...Object.keys(fresh)].filter(
  (name) => name !== 'retiring',
) as Field[]

export const columnNames = Object.values(columns).map(({ name }) => name)

export function toRow(preview: Preview): Row {
  const known = preview as Partial<Record<Field, unknown>>
  const cells = Object.entries(columns).map(([field, { name, write }]) => [name, write(known[field as Field])])
  return Object.fromEntries(cells) as Row
}

/** @param generations its own, newest first */
export function toPreview(row: Row, generations: GenerationRow[]): Preview {
  const of = (role: GenerationRow['role']) => generations.filter((generation) => generation.role === role)
  const fields = [...commonFields, ...fieldsOf[row.state]].map((field) => [field, columns[field].read(row)] as const)
  const serving = of('serving').map(toGeneration)[0] ?? null
  // The sandbox of a container that does not run may hold a slot; the container has none.
  const generation = serving && withoutRoute.includes(row.state) ? { ...serving, slot: null } : serving
  return {
    ...Object.fromEntries(fields),
    retiring: of('retiring').map((retiring) => ({ ...toGeneration(retiring), since: retiring.since ?? 0 })),
    ...(!withoutGeneration.includes(row.state) && { generation }),
    ...(row.state === 'running' && { pending: of('pending').map(toGeneration)[0] ?? null }),
  } as unknown as Preview
}

export type GenerationRow = Omit<Generation, 'pairs' | 'trusted' | 'stack'> &
  PreviewKey & {
    /** JSON. */
    pairs: string | null
    trusted: 0 | 1 | null
    stack: string | null
    role: 'serving' | 'pending' | 'retiring'
    /** When a retiring one's route went. */
    since: number | null
  }

export function toGenerationRows(preview: Preview): GenerationRow[] {
  const { repository, tag, retiring } = preview
  const of = (generation: Generation) => {
    const pairs = generation.pairs ? JSON.stringify(generation.pairs) : null
    const trusted = generation.trusted === undefined ? null : (Number(generation.trusted) as 0 | 1)
    return { ...generation, repository, tag, pairs, trusted, stack: generation.stack ?? null }
  }
  const serving = generationOf(preview)
  const pending = preview.state === 'running' ? preview.pending : null
  return [
    ...(serving ? [{ ...of(serving), role: 'serving' as const, since: null }] : []),
    ...(pending ? [{ ...of(pending), role: 'pending' as const, since: null }] : []),
    ...retiring.map((generation) => ({ ...of(generation), role: 'retiring' as const, since: generation.since })),
  ]
}

function toGeneration(row: GenerationRow): Generation {
  const { number, container, slot, sandbox, image, digest, port } = row
  const pairs = row.pairs === null ? undefined : (JSON.parse(row.pairs) as Pairs)
  const trusted = row.trusted === null ? {} : { trusted: row.trusted === 1 }
  const stack = row.stack === null ? {} : { stack: row.stack }
  return { number, container, slot, sandbox, image, digest, port, ...(pairs && { pairs }), ...trusted, ...stack }
}
