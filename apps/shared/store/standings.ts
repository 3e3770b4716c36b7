/** How changes let previews run: of one at a time, and of all that have a row. */
import type { Database } from 'better-sqlite3'
import type { Approval } from '../forge/change.ts'
import { FREE, standingOf, type Barred, type Standing, type StandingFacts } from '../forge/standing.ts'
import { isPinned, type Preview } from '../preview/preview.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { changeColumns, changeOf, type ChangeRow } from './change-rows.ts'
import type { changeRows } from './changes.ts'
import { untilNextCommit } from './until-next-commit.ts'

export type ForgeRules = Pick<StandingFacts, 'templates' | 'forks' | 'fallback'>

export function standings(
  db: Database,
  {
    forge,
    changes,
    version,
  }: {
    /** Null where no forge is configured: then nothing is asked. */
    forge: ForgeRules | null
    changes: Pick<ReturnType<typeof changeRows>, 'ofPreview' | 'approvalOfTag' | 'isBase'>
    version: () => number
  },
) {
  const selectChanges = db.prepare<[], ChangeRow & { tag: string }>(`
    SELECT ${changeColumns.map((name) => `change.${name}`).join(', ')}, change_tag.tag
    FROM preview
    JOIN change_tag USING (repository, tag)
    JOIN change USING (repository, number)
  `)
  const selectApprovals = db.prepare<[], PreviewKey & { approval: string }>('SELECT * FROM approved_tag')
  const selectBases = db.prepare<[], PreviewKey>('SELECT DISTINCT repository, base AS tag FROM change')

  const known = untilNextCommit(version, () => ({
    changes: Map.groupBy(selectChanges.all(), idOf),
    approvals: new Map(selectApprovals.all().map((row) => [idOf(row), JSON.parse(row.approval) as Approval])),
    bases: new Set(selectBases.all().map(idOf)),
  }))

  return {
    /** Inside a transaction, or where one preview is meant. */
    standing(id: PreviewId, preview: Preview | undefined, now: number): Standing {
      if (!forge) return FREE
      return standingOf({
        ...forge,
        tag: splitId(id).tag,
        changes: changes.ofPreview(id),
        approval: changes.approvalOfTag(id),
        isPinned: preview !== undefined && isPinned(preview, now),
        isBase: changes.isBase(id),
      })
    },

    /** Of those previews that may not run. Three questions between two commits, however many previews there are. */
    barred(previews: readonly Preview[], now: number): ReadonlyMap<PreviewId, Barred> {
      const barred = new Map<PreviewId, Barred>()
      if (!forge) return barred
      const { changes, approvals, bases } = known()
      for (const preview of previews) {
        const id = idOf(preview)
        const standing = standingOf({
          ...forge,
          tag: preview.tag,
          changes: (changes.get(id) ?? []).map(changeOf),
          approval: approvals.get(id) ?? null,
          isPinned: isPinned(preview, now),
          isBase: bases.has(id),
        })
        if (standing.is !== 'free') barred.set(id, standing)
      }
      return barred
    },
  }
}
