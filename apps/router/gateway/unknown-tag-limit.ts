/**
 * Limits lookups of unknown tags (no preview, not in the registry's list). Such a tag may have been pushed a moment
 * ago, so the registry is asked; but clients can invent hundreds of hosts a second. Past the limit the list is read
 * again instead, which finds every tag that exists.
 */
import { isUnproven, type Preview } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

/** Lookups at once, and how many more each second. */
const BURST = 20
const PER_SECOND = 2
/** Rows of tags that have never been found in the registry. */
const MOST_ROWS = 50
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

  /** A token bucket. */
  function take(now: number): boolean {
    left = Math.min(BURST, left + (Math.max(0, now - countedAt) / 1_000) * PER_SECOND)
    countedAt = now
    if (left < 1 || previews().filter(isUnproven).length >= MOST_ROWS) return false
    left--
    return true
  }

  return {
    /** Whether to look up a tag without a preview now; otherwise asks for the registry's list. */
    mayLookFor(id: PreviewId): boolean {
      if (store.isOffered(id)) return true
      const now = clock()
      if (take(now)) return true
      if (now - askedAt >= ASK_FOR_LIST_MS) {
        askedAt = now
        store.wantList(splitId(id).repository, now)
      }
      return false
    },
  }
}
