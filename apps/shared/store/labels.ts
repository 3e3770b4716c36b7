/** Host labels are kept beside every preview and offered tag, so that a host finds its preview again. */
import type { Database } from 'better-sqlite3'
import { idOf, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

export function hostLabels(db: Database, label: (id: PreviewId) => string) {
  const previewsAt = db.prepare<{ label: string }, PreviewKey>(`
    SELECT repository, tag FROM preview WHERE label = @label
    UNION
    SELECT repository, tag FROM offered WHERE label = @label
    LIMIT 2
  `)
  const otherwise = (table: string) =>
    db
      .prepare<[], PreviewKey & { label: string }>(`SELECT repository, tag, label FROM ${table}`)
      .all()
      .filter((row) => row.label !== label(idOf(row)))
  const write = db.transaction(() => {
    for (const table of ['preview', 'offered']) {
      const update = db.prepare(`UPDATE ${table} SET label = @label WHERE ${BY_KEY}`)
      for (const row of otherwise(table)) update.run({ ...row, label: label(idOf(row)) })
    }
  })

  return {
    /** In any repository: undefined where none lives at a label, null where two would, since it is neither's. */
    previewAt(label: string): PreviewId | null | undefined {
      const [first, ...others] = previewsAt.all({ label })
      if (others.length > 0) return null
      return first && idOf(first)
    },

    /** Labels change with another naming, or another version of Lotan. */
    relabel(): void {
      if (['preview', 'offered'].some((table) => otherwise(table).length > 0)) write.immediate()
    },
  }
}
