/** A pull or merge request, as its forge tells it. Pure. */
import type { Tag } from '../tag.ts'

/** `repository` is the name that Lotan knows the images' repository by, as in a PreviewKey. */
export interface ChangeKey {
  repository: string
  number: number
}

export type ChangeState = 'open' | 'closed' | 'merged'

export interface Change extends ChangeKey {
  title: string
  /** The account's name at the forge, without `@`. */
  author: string
  /** Where its commits are, and where they are to go. */
  branch: string
  base: string
  /** The head commit. */
  sha: string
  /** Told by the ids of both repositories, not by names: its branch lies in another one. */
  fork: boolean
  state: ChangeState
  /** Its page at the forge. */
  url: string
  /** When the forge last changed it, milliseconds since 1970: an earlier report never wins. */
  updated: number
}

/** What is known of a change beside what the forge tells. Times are milliseconds since 1970. */
export interface KnownChange extends Change {
  /** When Lotan learnt that it is closed; null while it is open. */
  closedAt: number | null
  /** Which admin lets a fork's change run; null where none has. */
  approval: Approval | null
  behind: Behind | null
}

export interface Approval {
  who: string
  at: number
}

/**
 * How the commit of an image lies to the head of its change. `commits`: 0 where the image shows the head itself, or the
 * merge commit whose second parent is the head; null where the commit is not in the change's history.
 */
export interface Behind {
  /** Of the image: label org.opencontainers.image.revision, as it is. */
  revision: string
  /** Of the change, then. */
  sha: string
  commits: number | null
}

/** What a tag's image says of itself, read from the registry without pulling it. */
export interface TagImage {
  tag: Tag
  digest: string
  /** Label org.opencontainers.image.revision; null where it has none. */
  revision: string | null
  /** Packed; null where the registry does not tell. */
  bytes: number | null
  /** ISO 8601, as its builder wrote it. */
  created: string | null
}

export function isOpen({ state }: Pick<Change, 'state'>): boolean {
  return state === 'open'
}

/** `3001`, or `api#3001` with several repositories: for logs. */
export function changeFields({ repository, number }: ChangeKey): { repository?: string; number: number } {
  return repository === '' ? { number } : { repository, number }
}
