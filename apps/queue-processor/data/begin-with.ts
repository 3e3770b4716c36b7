/** Which snapshot a preview may begin with. Pure. */
import type { Standing } from '../../shared/forge/standing.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Snapshot } from '../../shared/store/store.ts'

/** @returns why not, behind `snapshot golden`; undefined where it may */
export function whyNotBegin(
  snapshot: Snapshot | undefined,
  { id, standing }: { id: PreviewId; standing: Standing },
): string | undefined {
  if (!snapshot) return 'does not exist'
  if (snapshot.state !== 'ready') return 'is not ready'
  if (snapshot.preview === id) return undefined
  if (!snapshot.published) return 'is of another preview, and not published'
  const isTrusted = standing.is === 'free' && standing.isTrusted
  return isTrusted ? undefined : "is of another preview, and a fork's preview gets none of those"
}
