/** The images that Lotan pulled and has not removed since: a part of the store. */
import type { Database } from 'better-sqlite3'
import type { PreviewKey } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

/** An image that Lotan pulled for a preview. */
export interface Pulled extends PreviewKey {
  /** The engine's id of the image. */
  id: string
  /** Where it was pulled from, `HOST/NAME`. */
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
    /** The images that Lotan pulled and has not removed since, current ones and what their tags have lost. */
    pulled: {
      list: (): Pulled[] => select.all(),
      note: (image: Pulled) => void upsert.run(image),
      forget: ({ repository, tag, id }: Pulled) => void remove.run({ repository, tag, id }),
    },
  }
}
