import type { PreviewChangeJson } from '../../shared/api/preview-change.ts'
import { commitsBehind } from '../../shared/forge/behind.ts'
import type { KnownChange } from '../../shared/forge/change.ts'

/** @param revision of the image */
export function changeJson(change: KnownChange, revision: string | null): PreviewChangeJson {
  const { number, title, author, branch, sha, fork, state, url } = change
  return { number, title, author, branch, sha, fork, state, url, behind: commitsBehind(revision, change) }
}
