/** What Gitea answers with, as far as Lotan reads it: services/convert of its sources. */
import type { StandInChange, StandInComment } from '../forge.ts'
import type { ForgeState } from '../state.ts'

export const REPOSITORY_ID = 41
/** The token's own account. */
export const OWN = 'lotan-bot'

export type Shapes = ReturnType<typeof giteaShapes>

export function giteaShapes(state: ForgeState, origin: string, repository: string) {
  /** Pushed to refs/for/main; those whose branch is gone, and what Gitea had kept of it. */
  const withoutBranch = new Set<number>()
  const withoutCommit = new Set<number>()

  function account(login: string) {
    return { id: 900 + login.length, login, full_name: '', html_url: `${origin}/${login}` }
  }

  /** Gitea tells times in seconds. */
  function time(at: number): string {
    return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
  }

  return {
    withoutBranch,
    withoutCommit,

    pull(change: StandInChange) {
      const { number, fork, branch, base } = change
      const isMerged = change.state === 'merged'
      const isAgit = withoutBranch.has(number)
      const headRepository = fork === 'deleted' ? -1 : fork ? REPOSITORY_ID + 1 : REPOSITORY_ID
      return {
        id: 70_000 + number,
        number,
        title: change.title,
        body: '',
        user: account(change.author),
        state: change.state === 'open' ? 'open' : 'closed',
        html_url: `${origin}/${repository}/pulls/${number}`,
        merged: isMerged,
        merged_at: isMerged ? time(change.updated) : null,
        merge_commit_sha: isMerged ? change.mergeSha : null,
        base: { label: base, ref: base, sha: state.headOf(base), repo_id: REPOSITORY_ID, repo: { id: REPOSITORY_ID } },
        head: {
          label: isAgit ? '' : branch,
          ref: isAgit || fork === 'deleted' ? `refs/pull/${number}/head` : branch,
          sha: withoutCommit.has(number) ? '' : change.sha,
          repo_id: headRepository,
          repo: fork === 'deleted' ? null : { id: headRepository },
        },
        created_at: time(change.created),
        updated_at: time(change.updated),
      }
    },

    comment: ({ id, author, text, created, updated }: StandInComment) => ({
      id: Number(id),
      user: account(author),
      body: text,
      created_at: time(created),
      updated_at: time(updated),
    }),

    commit: (sha: string) => ({
      sha,
      parents: state.commits.parentsOf(sha).map((parent) => ({ sha: parent })),
      commit: { message: 'A commit' },
    }),
  }
}
