/** Who is logged in: a row a session. A lost database ends them all. */
import type { Database } from 'better-sqlite3'
import type { Scope } from '../scope.ts'
import { lastUses } from './last-use.ts'

/** A script may log in each time: the sessions that were used longest ago go. */
const MOST_OF_USER = 50
/** All who know the gate's password are one user. */
const MOST_BY_PASSWORD = 2_000

export interface Session {
  /** Names it, and opens nothing. */
  id: string
  /** `admin` by the admin token, else the name or address by which the login knows this person. */
  user: string
  via: 'link' | 'header' | 'oidc' | 'password'
  can: Scope
  /** Where it was begun. */
  address: string | null
  userAgent: string | null
  /** Milliseconds since 1970, here and below. */
  created: number
  lastUsed: number
  until: number
}

export interface NewSession extends Omit<Session, 'lastUsed'> {
  /** What finds it again: the hash of its secret. */
  key: string
  /** Tells what let its user in: another admin token has another one. */
  madeBy: string
}

const COLUMNS = `
  id, user, via, can, address, user_agent AS userAgent, created, last_used AS lastUsed, until
`

export function sessionRows(db: Database) {
  const insert = db.prepare(`
    INSERT INTO session (id, key, user, via, can, made_by, address, user_agent, created, last_used, until)
    VALUES (@id, @key, @user, @via, @can, @madeBy, @address, @userAgent, @created, @created, @until)
  `)
  const select = db.prepare<{ key: string; madeBy: string; now: number }, Session>(`
    SELECT ${COLUMNS}
    FROM session
    WHERE key = @key AND made_by IN (SELECT value FROM json_each(@madeBy)) AND until > @now
  `)
  const selectAll = db.prepare<{ now: number }, Session>(`
    SELECT ${COLUMNS}
    FROM session
    WHERE until > @now
    ORDER BY last_used DESC, id
  `)
  const remove = db.prepare<[string], Session>(`DELETE FROM session WHERE id = ? RETURNING ${COLUMNS}`)
  const removeOver = db.prepare('DELETE FROM session WHERE until <= ?')
  const removeKey = db.prepare('DELETE FROM session WHERE key = ?')
  const removeOldest = db.prepare<{ user: string; most: number }>(`
    DELETE FROM session
    WHERE id IN (SELECT id FROM session WHERE user = @user ORDER BY last_used DESC, created DESC LIMIT -1 OFFSET @most)
  `)
  const selectMadeBy = db.prepare<[], string>('SELECT DISTINCT made_by FROM session').pluck()
  const removeMadeBy = db.prepare('DELETE FROM session WHERE made_by = ?')
  const noteUse = lastUses(db.prepare('UPDATE session SET last_used = @now WHERE id = @of'))

  const begin = db.transaction((session: NewSession) => {
    removeOver.run(session.created)
    removeKey.run(session.key)
    insert.run(session)
    removeOldest.run({ user: session.user, most: session.via === 'password' ? MOST_BY_PASSWORD : MOST_OF_USER })
  })

  return {
    begin: (session: NewSession): void => begin.immediate(session),

    find: (key: string, madeBy: readonly string[], now: number): Session | undefined =>
      select.get({ key, madeBy: JSON.stringify(madeBy), now }),

    /** The last used first. */
    list: (now: number): Session[] => selectAll.all({ now }),

    /** @returns the one that was ended; undefined where there is none */
    end: (id: string): Session | undefined => remove.get(id),

    /** Ends those that something else has let in. @returns how many */
    endOthers(madeBy: readonly string[]): number {
      // A write wakes all who wait for a change: only where there is something to end.
      const others = selectMadeBy.all().filter((one) => !madeBy.includes(one))
      return others.reduce((sum, one) => sum + removeMadeBy.run(one).changes, 0)
    },

    noteUse: ({ id, lastUsed }: Pick<Session, 'id' | 'lastUsed'>, now: number): void => noteUse(id, lastUsed, now),
  }
}
