import type { Database } from 'better-sqlite3'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

export const MISSING_MS = 15_000

export function missingTags(db: Database) {
  const insert = db.prepare(
    'INSERT OR REPLACE INTO missing (repository, tag, until) VALUES (@repository, @tag, @until)',
  )
  const remove = db.prepare(`DELETE FROM missing WHERE (${BY_KEY}) OR until <= @now`)
  const select = db.prepare<PreviewKey, number>(`SELECT until FROM missing WHERE ${BY_KEY}`).pluck()

  return {
    noteMissing: (id: PreviewId, now: number): void => void insert.run({ ...splitId(id), until: now + MISSING_MS }),

    /** Forgets those whose time is over, too. */
    forgetMissing: (id: PreviewId, now: number): void => void remove.run({ ...splitId(id), now }),

    /** Until when, milliseconds since 1970. */
    missing(id: PreviewId, now = Date.now()): number | undefined {
      const until = select.get(splitId(id))
      // A time further ahead predates a clock reset.
      return until !== undefined && until > now && until <= now + MISSING_MS ? until : undefined
    },
  }
}
