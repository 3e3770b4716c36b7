/** The tokens of programs: a row each. The secret itself was shown once, and is stored nowhere. */
import type { Database } from 'better-sqlite3'
import type { Scope } from '../scope.ts'
import { lastUses } from './last-use.ts'

export interface Token {
  name: string
  can: Scope
  /** A Lua pattern: the tags it is for. Null: all. */
  match: string | null
  /** Milliseconds since 1970, here and below; null: it has no end. */
  until: number | null
  created: number
  /** To within a minute; null: never. */
  lastUsed: number | null
}

const COLUMNS = 'name, can, pattern AS match, until, created, last_used AS lastUsed'

export function tokenRows(db: Database) {
  const insert = db.prepare(`
    INSERT INTO token (name, key, can, pattern, until, created, created_by)
    VALUES (@name, @key, @can, @match, @until, @created, @createdBy)
    ON CONFLICT (name) DO NOTHING
  `)
  const select = db.prepare<{ key: string; now: number }, Token>(`
    SELECT ${COLUMNS}
    FROM token
    WHERE key = @key AND (until IS NULL OR until > @now)
  `)
  const selectAll = db.prepare<[], Token>(`SELECT ${COLUMNS} FROM token ORDER BY name`)
  const remove = db.prepare('DELETE FROM token WHERE name = ?')
  const noteUse = lastUses(db.prepare('UPDATE token SET last_used = @now WHERE name = @of'))

  return {
    /** @param token.key the hash of its secret @returns false where there is one of that name */
    add: (token: Omit<Token, 'lastUsed'> & { key: string; createdBy: string }): boolean =>
      insert.run(token).changes > 0,

    /** Undefined also for one that has ended. */
    find: (key: string, now: number): Token | undefined => select.get({ key, now }),

    /** By name, those that have ended too. */
    list: (): Token[] => selectAll.all(),

    /** @returns whether there was one */
    remove: (name: string): boolean => remove.run(name).changes > 0,

    noteUse: ({ name, lastUsed }: Pick<Token, 'name' | 'lastUsed'>, now: number): void => noteUse(name, lastUsed, now),
  }
}
