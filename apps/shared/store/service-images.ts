/** Images of services that Lotan pulled and has not removed since, by no preview: many of them may have one. */
import type { Database } from 'better-sqlite3'

export interface ServiceImage {
  id: string
  /** As the engine names it: `postgres:16`. */
  image: string
  digest: string | null
}

export function serviceImageRows(db: Database) {
  const select = db.prepare<[], ServiceImage>('SELECT id, image, digest FROM service_image ORDER BY image, rowid')
  const upsert = db.prepare('INSERT OR REPLACE INTO service_image (id, image, digest) VALUES (@id, @image, @digest)')
  const remove = db.prepare('DELETE FROM service_image WHERE id = @id AND image = @image')

  return {
    /** Also those that lost their name to a later pull. */
    list: (): ServiceImage[] => select.all(),
    note: ({ id, image, digest }: ServiceImage): void => void upsert.run({ id, image, digest }),
    forget: ({ id, image }: ServiceImage): void => void remove.run({ id, image }),
  }
}
