/**
 * Tags that nobody knows: no preview, and not in the registry's list. One may have been pushed a moment ago, so the
 * registry is asked; but anybody may make up hosts, hundreds a second, so it is asked only so often. Whoever comes too
 * late is told so, and the list is read again: a tag that is really there is known with that, and nobody's guess.
 */
import { isUnproven, type Preview } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'

/** Looked up at once, and how many more each second. */
const BURST = 20
const PER_SECOND = 2
/** As many rows of tags may be there that have never come to anything. */
const MOST_ROWS = 50
/** How often the list is asked for, at most. */
const ASK_FOR_LIST_MS = 1_000

export type UnknownTagLimit = ReturnType<typeof limitUnknownTags>

interface Needs {
  store: Pick<Store, 'isOffered' | 'wantList'>
  previews: () => readonly Preview[]
}

/** @param clock milliseconds, for tests */
export function limitUnknownTags({ store, previews }: Needs, clock = () => Date.now()) {
  let left = BURST
  let countedAt = clock()
  let askedAt = 0

  /** Takes one of those that are left, which grow again with time. */
  function take(now: number): boolean {
    left = Math.min(BURST, left + (Math.max(0, now - countedAt) / 1_000) * PER_SECOND)
    countedAt = now
    if (left < 1 || previews().filter(isUnproven).length >= MOST_ROWS) return false
    left--
    return true
  }

  return {
    /**
     * Whether a tag without a preview may be looked for now. Where it may not, the registry's list is asked for.
     */
    mayLookFor(tag: string): boolean {
      if (store.isOffered(tag)) return true
      const now = clock()
      if (take(now)) return true
      if (now - askedAt >= ASK_FOR_LIST_MS) {
        askedAt = now
        store.wantList(now)
      }
      return false
    },
  }
}
