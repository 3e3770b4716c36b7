/**
 * A tag that is not in the registry's list may have been pushed a moment ago, so the registry is asked; but clients can
 * invent hundreds of hosts a second. Past the limit the list is read again, which finds every tag that exists.
 */
import { isMissing, isUnproven, type Preview } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

const LOOKUPS_AT_ONCE = 20
const MORE_LOOKUPS_A_SECOND = 2
const MAX_GUESSES = 50
const ASK_FOR_LIST_MS = 1_000

export type UnknownTagLimit = ReturnType<typeof limitUnknownTags>

interface Needs {
  store: Pick<Store, 'isOffered' | 'wantList'>
  previews: () => readonly Preview[]
}

export function limitUnknownTags({ store, previews }: Needs, clock = () => Date.now()) {
  let left = LOOKUPS_AT_ONCE
  let countedAt = clock()
  let askedAt = 0

  function takeToken(now: number): boolean {
    left = Math.min(LOOKUPS_AT_ONCE, left + (Math.max(0, now - countedAt) / 1_000) * MORE_LOOKUPS_A_SECOND)
    countedAt = now
    if (left < 1 || previews().filter(isGuess).length >= MAX_GUESSES) return false
    left--
    return true
  }

  return {
    /** For a tag without a preview. Past the limit it asks for the registry's list. */
    mayLookFor(id: PreviewId): boolean {
      if (store.isOffered(id)) return true
      const now = clock()
      if (takeToken(now)) return true
      if (now - askedAt >= ASK_FOR_LIST_MS) {
        askedAt = now
        store.wantList(splitId(id).repository, now)
      }
      return false
    },
  }
}

/** Not one that only the API or the admin page asked for, nor one that the registry was found to have. */
function isGuess(preview: Preview): boolean {
  return isUnproven(preview) && !isMissing(preview) && preview.lastSeen !== null && preview.state !== 'pulling'
}
