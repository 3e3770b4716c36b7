/** Changes as lists show them: one question for all, however many previews there are. */
import type { Database } from 'better-sqlite3'
import type { ChangeState, KnownChange } from '../forge/change.ts'
import { idOf, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { Tag } from '../tag.ts'
import { changeColumns, changeOf, type ChangeRow } from './change-rows.ts'

export interface TagOfChange {
  tag: Tag
  /** What is known of an image of it, without a pull; null where nothing is. */
  image: { revision: string | null } | null
}

export interface ChangeOfTag {
  change: KnownChange
  /** Whether other changes go into a branch of the tag's name. */
  isBase: boolean
}

export function shownChanges(db: Database) {
  const columns = changeColumns.map((name) => `change.${name}`).join(', ')
  const selectByTag = db.prepare<[], ChangeRow & { tag: Tag; is_base: number }>(`
    SELECT
      ${columns},
      change_tag.tag,
      EXISTS (
        SELECT 1 FROM change AS other WHERE other.repository = change.repository AND other.base = change_tag.tag
      ) AS is_base
    FROM change_tag JOIN change USING (repository, number)
  `)
  const selectWithTags = db.prepare<[], ChangeRow & { tag: Tag | null; has_image: number; revision: string | null }>(`
    SELECT
      ${columns},
      change_tag.tag,
      tag_image.revision,
      tag_image.tag IS NOT NULL OR offered.tag IS NOT NULL AS has_image
    FROM change
      LEFT JOIN change_tag USING (repository, number)
      LEFT JOIN tag_image ON tag_image.repository = change.repository AND tag_image.tag = change_tag.tag
      LEFT JOIN offered ON offered.repository = change.repository AND offered.tag = change_tag.tag AND NOT artifact
    ORDER BY change.repository, change.number, place
  `)

  const countStates = db.prepare<[], { state: ChangeState; changes: number }>(
    'SELECT state, count(*) AS changes FROM change GROUP BY state',
  )

  return {
    /** Those of which there is none are left out. */
    counts: (): Partial<Record<ChangeState, number>> =>
      Object.fromEntries(countStates.all().map(({ state, changes }) => [state, changes])),

    /** By the previews whose tags their templates give. */
    byPreview(): Map<PreviewId, ChangeOfTag[]> {
      const found = new Map<PreviewId, ChangeOfTag[]>()
      for (const row of selectByTag.all()) {
        const id = idOf(row satisfies PreviewKey)
        const one = { change: changeOf(row), isBase: row.is_base === 1 }
        const others = found.get(id)
        if (others) others.push(one)
        else found.set(id, [one])
      }
      return found
    },

    /** All of them, each with its tags, the first choice first. */
    withTags(): { change: KnownChange; tags: TagOfChange[] }[] {
      const rows = Map.groupBy(selectWithTags.all(), ({ repository, number }) => `${repository}#${number}`)
      return Array.from(rows.values(), (of) => ({
        change: changeOf(of[0]!),
        tags: of.flatMap(({ tag, has_image, revision }) =>
          tag === null ? [] : [{ tag, image: has_image ? { revision } : null }],
        ),
      }))
    },
  }
}
