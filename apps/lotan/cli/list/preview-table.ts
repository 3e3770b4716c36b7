import type { PreviewJson } from '../../../shared/api/preview.ts'
import { nameOf } from '../preview-name.ts'
import type { Tone } from '../output.ts'
import { age } from '../table/age.ts'
import { tableOf, type Column } from '../table/table.ts'

/** What the table reads: of an older or newer Lotan the rest may be missing. */
export type Row = Pick<PreviewJson, 'tag' | 'url' | 'state' | 'since'> &
  Partial<
    Pick<
      PreviewJson,
      'repository' | 'lastSeen' | 'reason' | 'detail' | 'progress' | 'position' | 'notice' | 'digest' | 'revision'
    >
  > & {
    pinned?: object | null
    services?: { name?: unknown; state?: unknown }[] | null
    change?: { number?: number; title?: string; author?: string; branch?: string } | null
  }

const tones: Partial<Record<string, Tone>> = {
  running: 'good',
  failed: 'bad',
  queued: 'busy',
  pulling: 'busy',
  starting: 'busy',
  stopping: 'busy',
  removing: 'busy',
  paused: 'quiet',
  stopped: 'quiet',
}

export function isRow(json: unknown): json is Row {
  const { tag, url, state, since } = (json ?? {}) as Partial<Record<keyof Row, unknown>>
  return [tag, url, state, since].every((text) => typeof text === 'string')
}

/** As the API's own `q`: a text in any case. */
export function holds(text: string, ...fields: (string | null | undefined)[]): boolean {
  return fields.some((field) => typeof field === 'string' && field.toLowerCase().includes(text.toLowerCase()))
}

export function toneOf(state: string): Tone | undefined {
  return tones[state]
}

export function previewTable(
  rows: readonly Row[],
  now: number,
  screen: { width: number; paint: (text: string, tone: Tone | undefined) => string },
): string[] {
  return tableOf(columnsAt(now), rows, screen)
}

function columnsAt(now: number): Column<Row>[] {
  const since = (time: string | null | undefined) => (time ? age(now - Date.parse(time)) : '–')
  return [
    { head: 'TAG', cell: nameOf, least: 24 },
    { head: 'STATE', cell: ({ state }) => state, tone: ({ state }) => toneOf(state) },
    { head: 'FOR', cell: ({ since: time }) => since(time), rank: 3 },
    { head: 'VISITED', cell: ({ lastSeen }) => since(lastSeen), rank: 2 },
    { head: 'ADDRESS', cell: ({ url }) => url, rank: 1 },
    { head: 'NOTE', cell: noteOf, least: 16, rank: 4 },
  ]
}

/** What the state alone does not say. */
export function noteOf(row: Row): string {
  const { state, reason, detail, progress, position, pinned, notice } = row
  switch (state) {
    case 'queued':
      return typeof position === 'number' ? `number ${position} in line` : reason ? `again, after ${reason}` : ''
    case 'pulling':
      if (progress?.waitsFor) return `waits for ${progress.waitsFor} on the disk`
      if (progress?.phase === 'unpacking') return 'unpacking'
      return progress && progress.total > 0 ? `${Math.floor(progress.percent)} %` : ''
    case 'failed':
      return [reason, detail].filter(Boolean).join(': ')
    default:
      return [pinned && 'pinned', notice, besideOf(row)].filter(Boolean).join('; ')
  }
}

/** `+ db, mail`, or which of them is not as it should be. */
function besideOf({ services }: Row): string {
  const named = (Array.isArray(services) ? services : []).filter((one) => typeof one?.name === 'string')
  const failing = named.filter(({ state }) => state === 'restarting' || state === 'failed')
  if (failing.length > 0) return failing.map(({ name, state }) => `${String(name)} is ${String(state)}`).join(', ')
  return named.length > 0 ? `+ ${named.map(({ name }) => name).join(', ')}` : ''
}
