/** The previews' rows, and those of their generations: a part of the store. */
import type { Database } from 'better-sqlite3'
import type { Preview } from '../preview/preview.ts'
import { columnNames, toGenerationRows, toPreview, toRow, type GenerationRow, type Row } from './rows.ts'

/** @param label a tag's host label, kept beside it so that a host finds its tag again */
export function previewRows(db: Database, label: (tag: string) => string) {
  const selectOne = db.prepare<[string], Row>('SELECT * FROM preview WHERE tag = ?')
  const selectAll = db.prepare<[], Row>('SELECT * FROM preview ORDER BY tag')
  const names = ['label', ...columnNames]
  const upsert = db.prepare(`
    INSERT INTO preview (${names.join(', ')})
    VALUES (${names.map((name) => `@${name}`).join(', ')})
    ON CONFLICT (tag) DO UPDATE SET
      ${names.map((name) => `${name} = excluded.${name}`).join(',\n      ')}
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
      upsert.run({ label: label(preview.tag), ...toRow(preview) })
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
