/** The host labels kept beside every tag, so that a host finds its tag again: a part of the store. */
import type { Database } from 'better-sqlite3'

/** @param label a tag's host label */
export function hostLabels(db: Database, label: (tag: string) => string) {
  const tagsAt = db
    .prepare<{ label: string }, string>(
      `
      SELECT tag FROM preview WHERE label = @label
      UNION
      SELECT tag FROM offered WHERE label = @label
      LIMIT 2
    `,
    )
    .pluck()
  const otherwise = (table: string) =>
    db
      .prepare<[], { tag: string; label: string }>(`SELECT tag, label FROM ${table}`)
      .all()
      .filter((row) => row.label !== label(row.tag))
  const write = db.transaction(() => {
    for (const table of ['preview', 'offered']) {
      const update = db.prepare(`UPDATE ${table} SET label = ? WHERE tag = ?`)
      for (const { tag } of otherwise(table)) update.run(label(tag), tag)
    }
  })

  return {
    /** The known tag that lives at a host label: undefined where none does, null where two would, since it is neither's. */
    tagAt(label: string): string | null | undefined {
      const [tag, ...others] = tagsAt.all({ label })
      return others.length > 0 ? null : tag
    },

    /** Writes every label anew that another naming, or another version of Lotan, has written otherwise. */
    relabel(): void {
      if (['preview', 'offered'].some((table) => otherwise(table).length > 0)) write.immediate()
    },
  }
}
