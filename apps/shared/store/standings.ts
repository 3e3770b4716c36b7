/** How changes let previews run: of one at a time, and of all that have a row. */
import type { Database } from 'better-sqlite3'
import type { Approval } from '../forge/change.ts'
import { FREE, standingOf, standingOfCopy, type Barred, type Standing, type StandingFacts } from '../forge/standing.ts'
import { baseTag, isCopy } from '../preview/copy-tag.ts'
import { baseId } from '../preview/copy.ts'
import { isPinned, type Preview } from '../preview/preview.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { changeColumns, changeOf, type ChangeRow } from './change-rows.ts'
import type { changeRows } from './changes.ts'
import { untilNextCommit } from './until-next-commit.ts'

type OfOne = (base: PreviewId) => Pick<StandingFacts, 'changes' | 'approval' | 'isBase'>

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

  /** Of a copy: that of its base, which it outlives. */
  function standingOfRow(id: PreviewId, preview: Preview | undefined, now: number, facts: OfOne): Standing {
    const { forks, templates, fallback } = forge!
    const copy = preview?.copy ?? null
    const standing = standingOf({
      ...facts(baseId(id)),
      forks,
      templates,
      fallback,
      tag: baseTag(splitId(id).tag),
      // The pin of a copy is how long it is kept, and no approval.
      isPinned: copy === null && preview !== undefined && isPinned(preview, now),
    })
    return copy ? standingOfCopy(standing, copy) : standing
  }

  return {
    /** Inside a transaction, or where one preview is meant. */
    standing(id: PreviewId, preview: Preview | undefined, now: number): Standing {
      if (!forge) return FREE
      return standingOfRow(id, preview, now, (base) => ({
        changes: changes.ofPreview(base),
        approval: changes.approvalOfTag(base),
        isBase: changes.isBase(base),
      }))
    },

    /** Of those previews that may not run. Few questions between two commits, however many previews there are. */
    barred(previews: readonly Preview[], now: number): ReadonlyMap<PreviewId, Barred> {
      const barred = new Map<PreviewId, Barred>()
      if (!forge) return barred
      const all = known()
      for (const preview of previews) {
        const standing = standingOfRow(idOf(preview), preview, now, (base) => ({
          // Of a base that has no row of its own any more its change is not among those.
          changes: all.changes.get(base)?.map(changeOf) ?? (isCopy(preview.tag) ? changes.ofPreview(base) : []),
          approval: all.approvals.get(base) ?? null,
          isBase: all.bases.has(base),
        }))
        if (standing.is !== 'free') barred.set(idOf(preview), standing)
      }
      return barred
    },
  }
}
