/** Host labels are kept beside every preview, offered tag and service, so that a host finds what it stands for again. */
import type { Database } from 'better-sqlite3'
import { idOf, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

export function hostLabels(db: Database, label: (id: PreviewId, service?: string) => string) {
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
  const otherServices = () =>
    db
      .prepare<[], PreviewKey & { name: string; label: string }>(
        'SELECT repository, tag, name, label FROM service WHERE label IS NOT NULL',
      )
      .all()
      .filter((row) => row.label !== label(idOf(row), row.name))
  const write = db.transaction(() => {
    const relabel = db.prepare(`UPDATE service SET label = @label WHERE ${BY_KEY} AND name = @name`)
    for (const row of otherServices()) relabel.run({ ...row, label: label(idOf(row), row.name) })
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
      const isOld = ['preview', 'offered'].some((table) => otherwise(table).length > 0) || otherServices().length > 0
      if (isOld) write.immediate()
    },
  }
}
