import type { Database } from 'better-sqlite3'
import type { PreviewKey } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

export interface Pulled extends PreviewKey {
  id: string
  /** `HOST/NAME`. */
  reference: string
  digest: string
}

export function pulledImages(db: Database) {
  const select = db.prepare<[], Pulled>(
    'SELECT repository, tag, id, reference, digest FROM pulled ORDER BY repository, tag, rowid',
  )
  const upsert = db.prepare(
    'INSERT OR REPLACE INTO pulled (repository, tag, id, reference, digest) VALUES (@repository, @tag, @id, @reference, @digest)',
  )
  const remove = db.prepare(`DELETE FROM pulled WHERE ${BY_KEY} AND id = @id`)

  return {
    /** What Lotan has not removed since: current images, and those that their tags have lost. */
    pulled: {
      list: (): Pulled[] => select.all(),
      note: (image: Pulled) => void upsert.run(image),
      forget: ({ repository, tag, id }: Pulled) => void remove.run({ repository, tag, id }),
    },
  }
}
