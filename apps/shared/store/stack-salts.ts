/** What the secrets of a preview's stack are made of, beside the instance's own key: it lives as long as its volumes. */
import { randomBytes } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'

export type StackSalts = ReturnType<typeof stackSalts>

export function stackSalts(db: Database) {
  const select = db
    .prepare<PreviewKey, string>('SELECT salt FROM stack_salt WHERE repository = @repository AND tag = @tag')
    .pluck()
  const insert = db.prepare(
    'INSERT OR IGNORE INTO stack_salt (repository, tag, salt) VALUES (@repository, @tag, @salt)',
  )
  const replace = db.prepare(
    'INSERT OR REPLACE INTO stack_salt (repository, tag, salt) VALUES (@repository, @tag, @salt)',
  )
  const remove = db.prepare('DELETE FROM stack_salt WHERE repository = @repository AND tag = @tag')
  const UNUSED = `
    FROM stack_salt
    WHERE (repository, tag) NOT IN (SELECT repository, tag FROM volume WHERE snapshot IS NULL AND state <> 'old')
      AND (repository, tag) NOT IN (SELECT repository, tag FROM preview)
  `
  const countUnused = db.prepare<[], number>(`SELECT count(*) ${UNUSED}`).pluck()
  const removeUnused = db.prepare(`DELETE ${UNUSED}`)

  const saltOf = db.transaction((id: PreviewId): string => {
    const found = select.get(splitId(id))
    if (found !== undefined) return found
    insert.run({ ...splitId(id), salt: randomBytes(16).toString('hex') })
    return select.get(splitId(id))!
  })

  return {
    /** Made where there is none yet. */
    of: (id: PreviewId): string => saltOf.immediate(id),

    find: (id: PreviewId): string | undefined => select.get(splitId(id)),

    /** Data of a snapshot, or of another preview, come with theirs; so does what the engine still has. */
    set: (id: PreviewId, salt: string): void => void replace.run({ ...splitId(id), salt }),

    /** Of previews that have neither volumes nor a row. */
    forgetUnused: (): void => {
      if (countUnused.get()! > 0) removeUnused.run()
    },

    forget: (id: PreviewId): void => void remove.run(splitId(id)),
  }
}
