/** Pure. Whether a change is one that a reader looks for. */
import type { Change } from '../../shared/forge/change.ts'

type Named = Pick<Change, 'number' | 'title' | 'author' | 'branch'>

/** Texts of a change that are looked in: GitLab's people write !3001. */
export function textsOf({ number, title, author, branch }: Named): string[] {
  return [`#${number}`, `!${number}`, title, author, branch]
}

export function isChangeFound(change: Named, q: string, tag: string): boolean {
  const wanted = q.trim().toLowerCase()
  return [...textsOf(change), tag].some((text) => text.toLowerCase().includes(wanted))
}
