/** Facts about this installation, kept beside the previews: a part of the store. */
import type { Database } from 'better-sqlite3'
import type { Lately } from '../preview/preview.ts'

/** From how many pulls and starts it is told how long the next one usually takes. */
const LATELY = 20

export type StoreFacts = ReturnType<typeof storeFacts>

export function storeFacts(db: Database) {
  const select = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck()
  const upsert = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')

  const lately = (): Lately => ({ pull: [], start: [], ...(JSON.parse(select.get('lately') ?? '{}') as object) })

  return {
    /** Facts about this installation, kept beside the previews. */
    meta: {
      get: (key: string): string | undefined => select.get(key),
      set: (key: string, value: string) => void upsert.run(key, value),
    },

    /** How long the last pulls and starts took, whatever became of their previews. */
    lately,

    /** Notes how long one more took, milliseconds, in the transaction of the change that tells it. */
    noteTook(what: keyof Lately, ms = 0): void {
      const known = lately()
      upsert.run('lately', JSON.stringify({ ...known, [what]: [...known[what], ms].slice(-LATELY) }))
    },
  }
}
