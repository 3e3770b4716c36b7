/** Tags that the registry does not have, as it said a short while ago: a part of the store. */
import type { Database } from 'better-sqlite3'

/** How long "the registry has no such tag" is remembered. */
export const MISSING_MS = 15_000

export function missingTags(db: Database) {
  const insert = db.prepare('INSERT OR REPLACE INTO missing (tag, until) VALUES (?, ?)')
  const remove = db.prepare('DELETE FROM missing WHERE tag = ? OR until <= ?')
  const select = db.prepare<[string], number>('SELECT until FROM missing WHERE tag = ?').pluck()

  return {
    /** Remembers that the registry does not have a tag. */
    noteMissing: (tag: string, now: number): void => void insert.run(tag, now + MISSING_MS),

    /** Forgets that of a tag, which is asked for once more, and of those of which it was long enough ago. */
    forgetMissing: (tag: string, now: number): void => void remove.run(tag, now),

    /** Until when a tag is remembered as one the registry does not have; undefined when it is not. */
    missing(tag: string, now = Date.now()): number | undefined {
      const until = select.get(tag)
      // What is further ahead was noted before the clock stepped back.
      return until !== undefined && until > now && until <= now + MISSING_MS ? until : undefined
    },
  }
}
