/** What GitLab answers with: its entities, as far as Lotan reads them. */
import type { StandInChange, StandInComment } from '../forge.ts'
import type { ForgeState } from '../state.ts'

export const PROJECT_ID = 41
/** The token's own account. */
export const OWN = 'project_41_bot'

export type Shapes = ReturnType<typeof gitlabShapes>

export function gitlabShapes(state: ForgeState, origin: string, repository: string) {
  const people = new Map<string, number>()
  /** Being merged right now. */
  const locked = new Set<number>()

  function account(username: string) {
    if (!people.has(username)) people.set(username, 900 + people.size)
    return { id: people.get(username)!, username, name: username, state: 'active', web_url: `${origin}/${username}` }
  }

  function stateOf({ number, state: is }: StandInChange): string {
    return locked.has(number) ? 'locked' : is === 'open' ? 'opened' : is
  }

  const time = (at: number) => new Date(at).toISOString()

  return {
    locked,
    account,
    stateOf,

    mergeRequest(change: StandInChange, isWhole = false) {
      const isMerged = change.state === 'merged'
      const start = state.headOf(change.base)
      return {
        id: 70_000 + change.number,
        iid: change.number,
        project_id: PROJECT_ID,
        title: change.title,
        description: null,
        state: stateOf(change),
        created_at: time(change.created),
        updated_at: time(change.updated),
        target_branch: change.base,
        source_branch: change.branch,
        author: account(change.author),
        source_project_id: sourceOf(change),
        target_project_id: PROJECT_ID,
        draft: false,
        sha: change.sha,
        merge_commit_sha: isMerged ? change.mergeSha : null,
        squash_commit_sha: null,
        web_url: `${origin}/${repository}/-/merge_requests/${change.number}`,
        ...(isWhole && { diff_refs: { base_sha: start, head_sha: change.sha, start_sha: start } }),
      }
    },

    /** One without an author is GitLab's own. */
    note(number: number, { id, author, text, created, updated }: StandInComment) {
      return {
        id: Number(id),
        type: null,
        body: text,
        author: account(author || 'anna'),
        created_at: time(created),
        updated_at: time(updated),
        system: author === '',
        noteable_type: 'MergeRequest',
        noteable_iid: number,
      }
    },

    commit: (sha: string) => ({
      id: sha,
      short_id: sha.slice(0, 8),
      parent_ids: state.commits.parentsOf(sha),
      title: 'A commit',
      author_name: 'anna',
    }),
  }
}

/** Null where the fork is gone. */
export function sourceOf({ fork }: StandInChange): number | null {
  return fork === 'deleted' ? null : fork ? PROJECT_ID + 1 : PROJECT_ID
}
