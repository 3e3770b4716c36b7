/** What lets a browser into one preview, where there is a gate: a row each, which ends with the session it was given for. */
import type { Database } from 'better-sqlite3'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'

/** A browser that loses its cookies comes for new ones. */
const MOST_OF_SESSION_AND_PREVIEW = 20

export interface Pass {
  session: string
  /** As the login knows its person. */
  user: string
  /** When the session was last used. Milliseconds since 1970, as below. */
  lastUsed: number
}

export interface NewPass {
  /** The hash of its secret. */
  key: string
  preview: PreviewId
  session: string
  created: number
}

export function passRows(db: Database) {
  const insert = db
    .prepare<Omit<NewPass, 'preview'> & PreviewKey, number>(
      `
      INSERT INTO pass (key, repository, tag, session, created, until)
      SELECT @key, @repository, @tag, id, @created, until
      FROM session
      WHERE id = @session AND until > @created
      RETURNING until
      `,
    )
    .pluck()
  const select = db.prepare<{ key: string; repository: string; tag: string; now: number }, Pass>(`
    SELECT session.id AS session, user, last_used AS lastUsed
    FROM pass JOIN session ON session.id = pass.session
    WHERE pass.key = @key AND repository = @repository AND tag = @tag AND pass.until > @now AND session.until > @now
  `)
  const removeOver = db.prepare('DELETE FROM pass WHERE until <= ?')
  const removeOldest = db.prepare(`
    DELETE FROM pass
    WHERE key IN (
      SELECT key FROM pass
      WHERE session = @session AND repository = @repository AND tag = @tag
      ORDER BY created DESC
      LIMIT -1 OFFSET ${MOST_OF_SESSION_AND_PREVIEW}
    )
  `)
  const remove = db.prepare('DELETE FROM pass WHERE key = @key AND repository = @repository AND tag = @tag')
  const removeAll = db.prepare('DELETE FROM pass')
  const hasAny = db.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM pass)').pluck()

  const give = db.transaction(({ preview, ...pass }: NewPass) => {
    const of = splitId(preview)
    removeOver.run(pass.created)
    const until = insert.get({ ...pass, ...of })
    removeOldest.run({ session: pass.session, ...of })
    return until
  })

  return {
    /** @returns its end, milliseconds since 1970; undefined where the session has ended meanwhile */
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
