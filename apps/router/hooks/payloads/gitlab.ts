/** https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events. Pure. */
import { addressAt, at, commitAt, numberAt, textAt, timeAt } from './fields.ts'
import { wholeOf, type Told, type ToldChange } from './told.ts'

/** @returns undefined where nothing is to be looked at */
export function toldByGitlab(payload: unknown): Told | undefined {
  const path = textAt(payload, 'project', 'path_with_namespace')
  if (path === null) return undefined
  const kind = textAt(payload, 'object_kind')
  if (kind === 'merge_request') {
    const number = numberAt(payload, 'object_attributes', 'iid')
    return { path, number, change: changeIn(payload) }
  }
  return kind === 'push' ? { path, number: null, change: null } : undefined
}

function changeIn(payload: unknown): ToldChange | null {
  const merge = at(payload, 'object_attributes')
  const [own, target] = [numberAt(merge, 'source_project_id'), numberAt(merge, 'target_project_id')]
  return wholeOf({
    number: numberAt(merge, 'iid'),
    title: textAt(merge, 'title'),
    author: authorIn(payload),
    branch: textAt(merge, 'source_branch'),
    base: textAt(merge, 'target_branch'),
    sha: commitAt(merge, 'last_commit', 'id'),
    fork: own === null || own !== target,
    state: stateIn(merge),
    url: addressAt(merge, 'url'),
    updated: timeAt(merge, 'updated_at'),
  })
}

/** `user` is who has done what the delivery tells: its author, at times. */
function authorIn(payload: unknown): string | null {
  const author = numberAt(payload, 'object_attributes', 'author_id')
  return author !== null && author === numberAt(payload, 'user', 'id') ? textAt(payload, 'user', 'username') : null
}

/** `locked` is one that is being merged. */
function stateIn(merge: unknown): ToldChange['state'] | null {
  const state = textAt(merge, 'state')
  if (state === 'opened' || state === 'locked') return 'open'
  return state === 'closed' || state === 'merged' ? state : null
}
