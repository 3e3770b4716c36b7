/** Previews as the rows of their tables, and back. */
import {
  generationOf,
  isDraining,
  startsAgain,
  type EndPhase,
  type Generation,
  type Image,
  type Newer,
  type PausedPhase,
  type Preview,
  type Progress,
  type StartedBy,
  type StoppedWhy,
} from '../preview/preview.ts'

/** A preview as its table has it: what only some states know is null in the others. */
export interface Row {
  tag: string
  state: Preview['state']
  since: number
  change: number
  last_seen: number | null
  image: string | null
  generations: number
  stages: string
  took: string
  crashes: number
  notice: string | null
  reason: string | null
  retry_at: number | null
  why: StoppedWhy | null
  asked_by: StartedBy | null
  not_before: number | null
  draining: number | null
  then_start: number | null
  ready_at: number | null
  progress: string | null
  unfit: string | null
  newer: string | null
  refreshes: number
}

export type GenerationRow = Generation & {
  tag: string
  role: 'serving' | 'coming' | 'leaving'
  /** When a leaving one's route went. */
  since: number | null
}

/** @param label its host's first labels, kept beside it */
export function toRow(preview: Preview, label: string): Row & { label: string } {
  const fields = preview as Partial<{
    reason: object | null
    retryAt: number | null
    why: StoppedWhy
    by: StartedBy
    notBefore: number
    readyAt: number
    progress: Progress | null
  }>
  return {
    tag: preview.tag,
    label,
    state: preview.state,
    since: preview.since,
    change: preview.change,
    last_seen: preview.lastSeen,
    image: preview.image && JSON.stringify(preview.image),
    generations: preview.generations,
    stages: JSON.stringify(preview.stages),
    took: JSON.stringify(preview.took),
    crashes: preview.crashes,
    notice: preview.notice,
    reason: fields.reason ? JSON.stringify(fields.reason) : null,
    retry_at: fields.retryAt ?? null,
    why: fields.why ?? null,
    asked_by: fields.by ?? null,
    not_before: fields.notBefore ?? null,
    draining: 'phase' in preview ? Number(isDraining(preview)) : null,
    then_start: 'phase' in preview ? Number(startsAgain(preview)) : null,
    ready_at: fields.readyAt ?? null,
    progress: fields.progress ? JSON.stringify(fields.progress) : null,
    unfit: preview.unfit,
    newer: preview.newer && JSON.stringify(preview.newer),
    refreshes: preview.refreshes,
  }
}

/** The rows of a preview's generations. */
export function toGenerationRows(preview: Preview): GenerationRow[] {
  const { tag, leaving } = preview
  const serving = generationOf(preview)
  const coming = preview.state === 'running' ? preview.coming : null
  return [
    ...(serving ? [{ ...serving, tag, role: 'serving' as const, since: null }] : []),
    ...(coming ? [{ ...coming, tag, role: 'coming' as const, since: null }] : []),
    ...leaving.map((generation) => ({ ...generation, tag, role: 'leaving' as const })),
  ]
}

/** @param generations those of its tag, newest first */
export function toPreview(row: Row, generations: GenerationRow[]): Preview {
  const of = (role: GenerationRow['role']) => generations.filter((generation) => generation.role === role)
  const generation = of('serving').map(bare)[0] ?? null
  const known = {
    tag: row.tag,
    since: row.since,
    change: row.change,
    lastSeen: row.last_seen,
    image: row.image ? (JSON.parse(row.image) as Image) : null,
    generations: row.generations,
    stages: JSON.parse(row.stages) as Preview['stages'],
    took: JSON.parse(row.took) as Preview['took'],
    crashes: row.crashes,
    notice: row.notice,
    leaving: of('leaving').map((row) => ({ ...bare(row), since: row.since ?? 0 })),
    unfit: row.unfit,
    newer: row.newer ? (JSON.parse(row.newer) as Newer) : null,
    refreshes: row.refreshes,
  }
  const rest: Record<string, unknown> = {
    queued: {
      generation,
      notBefore: row.not_before ?? 0,
      by: row.asked_by ?? 'api',
      reason: row.reason ? JSON.parse(row.reason) : null,
    },
    pulling: { progress: row.progress ? JSON.parse(row.progress) : null },
    starting: { generation },
    running: { generation, readyAt: row.ready_at ?? row.since, coming: of('coming').map(bare)[0] ?? null },
    paused: {
      generation,
      readyAt: row.ready_at ?? row.since,
      phase: pausedPhase(row),
    },
    stopping: { generation, why: row.why ?? 'asked', phase: endPhase(row) },
    stopped: { generation, why: row.why ?? 'asked' },
    removing: { generation, phase: endPhase(row) },
    failed: { reason: row.reason ? JSON.parse(row.reason) : null, retryAt: row.retry_at },
  }
  return { ...known, state: row.state, ...(rest[row.state] as object) } as Preview
}

function pausedPhase({ draining, then_start: startsAgain }: Row): PausedPhase {
  if (draining) return 'draining'
  return startsAgain ? 'waking' : 'frozen'
}

function endPhase({ draining, then_start: startsAgain }: Row): EndPhase {
  if (draining) return startsAgain ? 'drainingToRestart' : 'draining'
  return startsAgain ? 'endingToRestart' : 'ending'
}

function bare({ number, container, slot, image, digest, port }: GenerationRow): Generation {
  return { number, container, slot, image, digest, port }
}
