/** The networks of previews with a stack. A number is a subnet of Lotan's pool, and names the network's bridge. */
import type { Database } from 'better-sqlite3'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'

/** A number that was given back rests so long: no cached route, and no connection, leads there any more. */
export const NETWORK_REST_MS = 60_000

export interface StackNetwork {
  number: number
  /** Null for one that rests. */
  preview: PreviewId | null
}

type Row = { number: number; freed_at: number | null } & { [K in keyof PreviewKey]: PreviewKey[K] | null }

export function stackNetworkRows(db: Database) {
  const selectOf = db
    .prepare<PreviewKey, number>('SELECT number FROM stack_network WHERE repository = @repository AND tag = @tag')
    .pluck()
  const selectAll = db.prepare<[], Row>('SELECT * FROM stack_network ORDER BY number')
  const selectNext = db
    .prepare<{ most: number; before: number; last: number }, number>(
      `
      WITH RECURSIVE pool (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM pool WHERE n < @most)
      SELECT n FROM pool
      WHERE n NOT IN (SELECT number FROM stack_network WHERE freed_at IS NULL OR freed_at > @before)
      ORDER BY n <= @last, n
      LIMIT 1
    `,
    )
    .pluck()
  const selectLast = db.prepare<[], number>('SELECT coalesce(max(number), 0) FROM stack_network').pluck()
  const take = db.prepare<PreviewKey & { number: number }>(
    'INSERT OR REPLACE INTO stack_network (number, repository, tag, freed_at) VALUES (@number, @repository, @tag, NULL)',
  )
  const free = db.prepare<PreviewKey & { now: number }>(`
    UPDATE stack_network SET repository = NULL, tag = NULL, freed_at = @now
    WHERE repository = @repository AND tag = @tag
  `)
  const restFromNow = db.prepare('UPDATE stack_network SET freed_at = @now WHERE freed_at > @now')

  const numberFor = db.transaction((id: PreviewId, most: number, now: number): number | undefined => {
    const own = selectOf.get(splitId(id))
    if (own !== undefined && own <= most) return own
    if (own !== undefined) free.run({ ...splitId(id), now })
    // The clock was set back since.
    restFromNow.run({ now })
    const number = selectNext.get({ most, before: now - NETWORK_REST_MS, last: selectLast.get() ?? 0 })
    if (number !== undefined) take.run({ ...splitId(id), number })
    return number
  })

  return {
    of: (id: PreviewId): number | undefined => selectOf.get(splitId(id)),

    list: (): StackNetwork[] =>
      selectAll.all().map(({ number, repository, tag }) => ({
        number,
        preview: repository === null || tag === null ? null : idOf({ repository, tag }),
      })),

    /**
     * The preview's number, which it keeps until it is freed; undefined where all are taken or rest.
     * @param most how many subnets the pool has
     */
    take: (id: PreviewId, most: number, now = Date.now()): number | undefined => numberFor.immediate(id, most, now),

    /** The network is gone. */
    free: (id: PreviewId, now = Date.now()): void => void free.run({ ...splitId(id), now }),

    /** A number that the engine has a network of, after a lost database. */
    adopt: (id: PreviewId, number: number): void => void take.run({ ...splitId(id), number }),
  }
}
