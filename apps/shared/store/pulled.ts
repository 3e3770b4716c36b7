/** The images that Lotan pulled and has not removed since: a part of the store. */
import type { Database } from 'better-sqlite3'

/** An image that Lotan pulled for a tag. */
export interface Pulled {
  tag: string
  id: string
  repository: string
  digest: string
}

export function pulledImages(db: Database) {
  const select = db.prepare<[], Pulled>('SELECT tag, id, repository, digest FROM pulled ORDER BY tag, rowid')
  const upsert = db.prepare(
    'INSERT OR REPLACE INTO pulled (tag, id, repository, digest) VALUES (@tag, @id, @repository, @digest)',
  )
  const remove = db.prepare('DELETE FROM pulled WHERE tag = ? AND id = ?')

  return {
    /** The images that Lotan pulled and has not removed since, current ones and what their tags have lost. */
    pulled: {
      list: (): Pulled[] => select.all(),
      note: (image: Pulled) => void upsert.run(image),
      forget: ({ tag, id }: Pulled) => void remove.run(tag, id),
    },
  }
}
