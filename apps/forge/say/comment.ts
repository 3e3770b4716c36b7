/** One comment a change: found again before it is made, edited and never repeated. */
import type { KnownChange } from '../../shared/forge/change.ts'
import type { Said } from '../../shared/store/store.ts'
import type { Forge } from '../clients/forge.ts'

type Comment = NonNullable<Said['comment']>

/** Whether what stands is what is wanted. */
export function isCommentSaid(said: Comment | undefined, text: string, { sha, state }: KnownChange): boolean {
  if (!said) return false
  if (said.id !== null) return said.text === text
  return said.deletedAt === sha || state !== 'open'
}

/** @returns what stands now */
export async function sayComment(
  forge: Forge,
  { number, sha, state }: KnownChange,
  said: Comment | undefined,
  { mark, comment: text }: { mark: string; comment: string },
): Promise<Comment> {
  const stands = (id: string): Comment => ({ id, text, sha, deletedAt: null })
  const deleted: Comment = { id: null, text, sha, deletedAt: sha }
  if (said?.id) {
    if (await forge.editComment(number, said.id, text)) return stands(said.id)
    // Deleted before the last push, which is the one that makes it again.
    if (said.sha === sha || state !== 'open') return deleted
  }
  // An earlier run may have written it, and ended before it could note that.
  const found = await forge.findComment(number, mark)
  if (found !== undefined && (await forge.editComment(number, found, text))) return stands(found)
  // A pull request without a comment needs none that it is over.
  if (state !== 'open') return deleted
  return stands(await forge.addComment(number, text))
}
