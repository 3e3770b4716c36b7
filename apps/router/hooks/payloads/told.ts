/** What a forge's delivery tells. Pure. */
import type { Change } from '../../../shared/forge/change.ts'

/** `author` is null where the delivery does not name it. */
export type ToldChange = Omit<Change, 'repository' | 'author'> & { author: string | null }

export interface Told {
  /** `owner/name` of the repository that the changes are made to. */
  path: string
  /** Null: of any. */
  number: number | null
  /** Null: its facts are to be read from the forge. */
  change: ToldChange | null
}

/** Null where one of them is missing. `author` and `fork` have no null that means that. */
type Found = {
  [K in keyof ToldChange]: K extends 'author' | 'fork' ? ToldChange[K] : ToldChange[K] | null
}

/** Null where a fact is missing that a change must have. */
export function wholeOf(found: Found): ToldChange | null {
  const { number, title, branch, base, sha, state, url, updated } = found
  if (number === null || branch === null || base === null || sha === null) return null
  if (state === null || url === null || updated === null) return null
  return { ...found, number, title: title ?? '', branch, base, sha, state, url, updated }
}
