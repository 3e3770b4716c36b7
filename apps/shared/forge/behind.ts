/** How the commit of an image lies to its change. Pure. */
import type { KnownChange } from './change.ts'

/** Labels may hold a short one; git prints 7 characters at least. */
const COMMIT = /^[0-9a-f]{7,64}$/i

/**
 * @param revision label org.opencontainers.image.revision
 * @returns 0: it shows the head, or a merge commit that the forge has told is of it; null: not known, which is never told as "behind"
 */
export function commitsBehind(
  revision: string | null,
  { sha, behind }: Pick<KnownChange, 'sha' | 'behind'>,
): number | null {
  if (revision === null || !COMMIT.test(revision)) return null
  if (sha.startsWith(revision.toLowerCase())) return 0
  return behind?.revision === revision && behind.sha === sha ? behind.commits : null
}
