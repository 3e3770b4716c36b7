/** What lets a browser into one preview, where there is a gate: a row each, which ends with what it was given for. */
import type { Database } from 'better-sqlite3'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'

/** A browser that loses its cookies comes for new ones, and a link may be opened by many. */
const MOST_OF_SESSION = 20
const MOST_OF_SHARE = 1_000

/** What a pass is given for. */
export type Grant = { session: string } | { share: string }

/** The session behind a pass, whose use is noted; null for a share link's. `until`: milliseconds since 1970. */
export type Pass = { until: number } & (
  { session: string; user: string; lastUsed: number } | { session: null; user: null; lastUsed: null }
)

export interface NewPass {
  /** The hash of its secret. */
  key: string
  preview: PreviewId
  grant: Grant
  /** Milliseconds since 1970, as the end that is returned. */
  created: number
}

type Row = PreviewKey & Pick<NewPass, 'key' | 'created'> & { grant: string }

export function passRows(db: Database) {
  const kinds = {
    session: kindOfPass(db, 'session', 'session.id = @grant', MOST_OF_SESSION),
    share: kindOfPass(db, 'share', 'share.id = @grant AND repository = @repository AND tag = @tag', MOST_OF_SHARE),
  }
  const select = db.prepare<PreviewKey & { key: string; now: number }, Pass>(`
    SELECT session.id AS session, user, last_used AS lastUsed, pass.until
    FROM pass LEFT JOIN session ON session.id = pass.session
    WHERE pass.key = @key AND repository = @repository AND tag = @tag AND pass.until > @now
  `)
  const removeOver = db.prepare('DELETE FROM pass WHERE until <= ?')
  const remove = db.prepare('DELETE FROM pass WHERE key = @key AND repository = @repository AND tag = @tag')
  const removeAll = db.prepare('DELETE FROM pass')
  const hasAny = db.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM pass)').pluck()

  const give = db.transaction(({ key, preview, grant, created }: NewPass) => {
    removeOver.run(created)
    const [kind, id] = 'session' in grant ? [kinds.session, grant.session] : [kinds.share, grant.share]
    const row = { key, created, grant: id, ...splitId(preview) }
    const until = kind.insert.get(row)
    kind.removeOldest.run(row)
    return until
  })

  return {
    /** @returns its end; undefined where what it is for has ended meanwhile, or is for another preview */
    give: (pass: NewPass): number | undefined => give.immediate(pass),

    /** Undefined also for one of another preview, and for one that is over. */
    find: (key: string, preview: PreviewId, now: number): Pass | undefined =>
      select.get({ key, ...splitId(preview), now }),

    /** @returns whether there was one */
    end: (key: string, preview: PreviewId): boolean => remove.run({ key, ...splitId(preview) }).changes > 0,

    /** Where there is no gate, a cookie that is left over goes on to the application: nothing may be behind it. */
    endAll(): void {
      // A write wakes all who wait for a change.
      if (hasAny.get()) removeAll.run()
    },
  }
}

function kindOfPass(db: Database, table: 'session' | 'share', isMeant: string, most: number) {
  return {
    insert: db
      .prepare<Row, number>(
        `
        INSERT INTO pass (key, repository, tag, ${table}, created, until)
        SELECT @key, @repository, @tag, id, @created, until
        FROM ${table}
        WHERE ${isMeant} AND until > @created
        RETURNING until
        `,
      )
      .pluck(),
    removeOldest: db.prepare<Row>(`
      DELETE FROM pass
      WHERE key IN (
        SELECT key FROM pass
        WHERE ${table} = @grant AND repository = @repository AND tag = @tag
        ORDER BY created DESC
        LIMIT -1 OFFSET ${most}
      )
    `),
  }
}
