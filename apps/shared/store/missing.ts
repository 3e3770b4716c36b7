/** Tags that the registry does not have, as it said a short while ago: a part of the store. */
import type { Database } from 'better-sqlite3'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

/** How long "the registry has no such tag" is remembered. */
export const MISSING_MS = 15_000

export function missingTags(db: Database) {
  const insert = db.prepare(
    'INSERT OR REPLACE INTO missing (repository, tag, until) VALUES (@repository, @tag, @until)',
  )
  const remove = db.prepare(`DELETE FROM missing WHERE (${BY_KEY}) OR until <= @now`)
  const select = db.prepare<PreviewKey, number>(`SELECT until FROM missing WHERE ${BY_KEY}`).pluck()

  return {
    /** Remembers that the registry does not have a tag. */
    noteMissing: (id: PreviewId, now: number): void => void insert.run({ ...splitId(id), until: now + MISSING_MS }),

    /** Forgets that of a tag, which is asked for once more, and of those of which it was long enough ago. */
    forgetMissing: (id: PreviewId, now: number): void => void remove.run({ ...splitId(id), now }),

    /** Until when a tag is remembered as one the registry does not have; undefined when it is not. */
    missing(id: PreviewId, now = Date.now()): number | undefined {
      const until = select.get(splitId(id))
      // What is further ahead was noted before the clock stepped back.
      return until !== undefined && until > now && until <= now + MISSING_MS ? until : undefined
    },
  }
}
