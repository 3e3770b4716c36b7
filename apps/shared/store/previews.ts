/** The previews' rows, and those of their generations: a part of the store. */
import type { Database } from 'better-sqlite3'
import type { Preview } from '../preview/preview.ts'
import { toGenerationRows, toPreview, toRow, type GenerationRow, type Row } from './rows.ts'

/** @param label a tag's host label, kept beside it so that a host finds its tag again */
export function previewRows(db: Database, label: (tag: string) => string) {
  const selectOne = db.prepare<[string], Row>('SELECT * FROM preview WHERE tag = ?')
  const selectAll = db.prepare<[], Row>('SELECT * FROM preview ORDER BY tag')
  const upsert = db.prepare(`
    INSERT INTO preview (
      tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice,
      reason, retry_at, why, asked_by, not_before, draining, then_start, ready_at, progress, unfit, newer,
      refreshes
    ) VALUES (
      @tag, @label, @state, @since, @change, @last_seen, @image, @generations, @stages, @took, @crashes, @notice,
      @reason, @retry_at, @why, @asked_by, @not_before, @draining, @then_start, @ready_at, @progress, @unfit, @newer,
      @refreshes
    )
    ON CONFLICT (tag) DO UPDATE SET
      label = excluded.label,
      state = excluded.state,
      since = excluded.since,
      change = excluded.change,
      last_seen = excluded.last_seen,
      image = excluded.image,
      generations = excluded.generations,
      stages = excluded.stages,
      took = excluded.took,
      crashes = excluded.crashes,
      notice = excluded.notice,
      reason = excluded.reason,
      retry_at = excluded.retry_at,
      why = excluded.why,
      asked_by = excluded.asked_by,
      not_before = excluded.not_before,
      draining = excluded.draining,
      then_start = excluded.then_start,
      ready_at = excluded.ready_at,
      progress = excluded.progress,
      unfit = excluded.unfit,
      newer = excluded.newer,
      refreshes = excluded.refreshes
  `)
  const deletePreview = db.prepare('DELETE FROM preview WHERE tag = ?')

  const selectGenerations = db.prepare<[string], GenerationRow>(
    'SELECT * FROM generation WHERE tag = ? ORDER BY number DESC',
  )
  const selectAllGenerations = db.prepare<[], GenerationRow>('SELECT * FROM generation ORDER BY number DESC')
  const insertGeneration = db.prepare(`
    INSERT INTO generation (tag, number, container, slot, image, digest, port, role, since)
    VALUES (@tag, @number, @container, @slot, @image, @digest, @port, @role, @since)
  `)
  const deleteGenerations = db.prepare('DELETE FROM generation WHERE tag = ?')

  const countPlaces = db
    .prepare(`SELECT count(*) FROM preview WHERE state IN ('pulling', 'starting', 'running', 'paused', 'stopping')`)
    .pluck()
  const countAhead = db
    .prepare(
      `SELECT count(*) FROM preview WHERE state = 'queued' AND (since < @since OR (since = @since AND tag < @tag))`,
    )
    .pluck()

  const find = (tag: string): Preview | undefined => {
    const row = selectOne.get(tag)
    return row && toPreview(row, selectGenerations.all(tag))
  }
  // In a transaction, since between two reads another process may commit: a running preview without its generation.
  const get = db.transaction(find) as unknown as typeof find
  const list = db.transaction((): Preview[] => {
    const generations = Map.groupBy(selectAllGenerations.all(), ({ tag }) => tag)
    return selectAll.all().map((row) => toPreview(row, generations.get(row.tag) ?? []))
  }) as unknown as () => Preview[]

  return {
    /** The preview of a tag, for whoever is in a transaction already. */
    find,

    /** The preview of a tag, or undefined for a tag without a row. */
    get,

    /** Every preview, by tag. */
    list,

    /** Writes a preview and its generations, in the transaction in which it was read. */
    put(preview: Preview): void {
      deleteGenerations.run(preview.tag)
      upsert.run(toRow(preview, label(preview.tag)))
      for (const generation of toGenerationRows(preview)) insertGeneration.run(generation)
    },

    /** Removes a preview and its generations, in such a transaction too. */
    remove(tag: string): void {
      deleteGenerations.run(tag)
      deletePreview.run(tag)
    },

    /** How many previews hold one of the LOTAN_MAX_RUNNING places. */
    places: (): number => countPlaces.get() as number,

    /** How many queued previews stand before this one. */
    ahead: (preview: { tag: string; since: number }): number =>
      countAhead.get({ tag: preview.tag, since: preview.since }) as number,
  }
}
