/** Pushes that are not signed, Docker Hub's for one: heard for known tags, and so often at most. */
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Store } from '../../shared/store/store.ts'

/** One look-up a tag. */
const EVERY_MS = 10_000
const MOST_TAGS = 2_000

/** @param hear what is called for each that is heard, the last one of a tag in any case */
export function openUnsigned(
  store: Pick<Store, 'get' | 'isOffered'> & { changes: Pick<Store['changes'], 'ofPreview'> },
  hear: (ids: PreviewId[]) => Promise<unknown>,
  everyMs = EVERY_MS,
) {
  /** Whether another came since the last one that was heard. */
  const lately = new Map<PreviewId, { again: boolean; timer: NodeJS.Timeout }>()

  const isKnown = (id: PreviewId) =>
    store.get(id) !== undefined || store.isOffered(id) || store.changes.ofPreview(id).length > 0

  /** Null where it is heard later, or not at all. */
  function asked(id: PreviewId): PreviewId | null {
    const last = lately.get(id)
    if (last) last.again = true
    if (last || lately.size >= MOST_TAGS || !isKnown(id)) return null
    lately.set(id, { again: false, timer: setTimeout(() => rest(id), everyMs).unref() })
    return id
  }

  function rest(id: PreviewId) {
    const { again } = lately.get(id)!
    lately.delete(id)
    if (again && asked(id) !== null) void hear([id])
  }

  return {
    async take(ids: readonly PreviewId[]): Promise<void> {
      const now = ids.map(asked).filter((id) => id !== null)
      if (now.length > 0) await hear(now)
    },
  }
}
