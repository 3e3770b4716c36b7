import type { Database } from 'better-sqlite3'
import type { Preview, State } from '../preview/preview.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { EARLY_MS, FIRST, LONGEST_MS, rankOf } from '../preview/start-queue.ts'
import { columnNames, toGenerationRows, toPreview, toRow, type GenerationRow, type Row } from './rows.ts'

export const BY_KEY = 'repository = @repository AND tag = @tag'

export function previewRows(db: Database, label: (id: PreviewId) => string) {
  const selectOne = db.prepare<PreviewKey, Row>(`SELECT * FROM preview WHERE ${BY_KEY}`)
  const selectState = db.prepare<PreviewKey, State>(`SELECT state FROM preview WHERE ${BY_KEY}`).pluck()
  const selectAll = db.prepare<[], Row>('SELECT * FROM preview ORDER BY repository, tag')
  const names = ['label', ...columnNames]
  const upsert = db.prepare(`
    INSERT INTO preview (${names.join(', ')})
    VALUES (${names.map((name) => `@${name}`).join(', ')})
    ON CONFLICT (repository, tag) DO UPDATE SET
      ${names.map((name) => `${name} = excluded.${name}`).join(',\n      ')}
  `)
  const deletePreview = db.prepare(`DELETE FROM preview WHERE ${BY_KEY}`)

  const atSlots = `
    SELECT generation.*, coalesce(
      (
        SELECT slot FROM endpoint
        WHERE repository = generation.repository AND tag = generation.tag AND number = generation.number
      ),
      (SELECT slot FROM endpoint WHERE sandbox = generation.sandbox)
    ) AS slot
    FROM generation
  `
  const selectGenerations = db.prepare<PreviewKey, GenerationRow>(`${atSlots} WHERE ${BY_KEY} ORDER BY number DESC`)
  const selectAllGenerations = db.prepare<[], GenerationRow>(`${atSlots} ORDER BY number DESC`)
  const insertGeneration = db.prepare(`
    INSERT INTO generation (repository, tag, number, container, sandbox, image, digest, port, pairs, trusted,
      stack, role, since)
    VALUES (@repository, @tag, @number, @container, @sandbox, @image, @digest, @port, @pairs, @trusted,
      @stack, @role, @since)
  `)
  const deleteGenerations = db.prepare(`DELETE FROM generation WHERE ${BY_KEY}`)

  const countPlaces = db
    .prepare(`SELECT count(*) FROM preview WHERE state IN ('pulling', 'starting', 'running', 'paused', 'stopping')`)
    .pluck()
  // The order of startQueue(), which reads all rows: the pages of a hundred waiting visitors ask for this at each commit.
  const countAhead = db
    .prepare(
      `
      WITH line AS (
        SELECT since, repository, tag, CASE
          WHEN waiter ->> '$.until' NOT BETWEEN @now + 1 AND @now + ${LONGEST_MS} OR waiter IS NULL THEN 2
          ELSE iif(waiter ->> '$.who' = 'person', ${FIRST}, 1)
        END AS rank
        FROM preview
        WHERE state = 'queued' AND not_before NOT BETWEEN @now + ${EARLY_MS} + 1 AND @now + ${LONGEST_MS}
      )
      SELECT count(*) FROM line WHERE (rank, since, repository, tag) < (@rank, @since, @repository, @tag)
    `,
    )
    .pluck()

  const find = (id: PreviewId): Preview | undefined => {
    const key = splitId(id)
    const row = selectOne.get(key)
    return row && toPreview(row, selectGenerations.all(key))
  }
  // Between two reads another process may commit: a running preview without its generation.
  const get = db.transaction(find) as unknown as typeof find
  const list = db.transaction((): readonly Preview[] => {
    const generations = Map.groupBy(selectAllGenerations.all(), idOf)
    return selectAll.all().map((row) => toPreview(row, generations.get(idOf(row)) ?? []))
  }) as unknown as () => readonly Preview[]

  return {
    /** Inside a transaction of the caller. */
    find,

    get,

    /** For those who ask after every commit: `get` reads two tables. */
    stateOf: (id: PreviewId): State => selectState.get(splitId(id)) ?? 'unknown',

    list,

    /** In the transaction in which it was read. */
    put(preview: Preview): void {
      const { repository, tag } = preview
      deleteGenerations.run({ repository, tag })
      upsert.run({ label: label(idOf(preview)), ...toRow(preview) })
      for (const generation of toGenerationRows(preview)) insertGeneration.run(generation)
    },

    remove(id: PreviewId): void {
      deleteGenerations.run(splitId(id))
      deletePreview.run(splitId(id))
    },

    /** How many of the LOTAN_MAX_RUNNING places are taken. */
    places: (): number => countPlaces.get() as number,

    /** Queued previews that start before this one. */
    ahead(preview: Preview, now = Date.now()): number {
      const { repository, tag, since } = preview
      return countAhead.get({ repository, tag, since, rank: rankOf(preview, now), now }) as number
    },
  }
}
