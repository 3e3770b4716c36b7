/** Gitea's and Forgejo's: https://docs.gitea.com/usage/repository/webhooks. Pure. */
import { addressAt, at, commitAt, numberAt, textAt, timeAt } from './fields.ts'
import { wholeOf, type Told, type ToldChange } from './told.ts'

/** @param event the header X-Gitea-Event @returns undefined where nothing is to be looked at */
export function toldByGitea(event: string, payload: unknown): Told | undefined {
  const path = textAt(payload, 'repository', 'full_name')
  if (path === null) return undefined
  // pull_request_sync, pull_request_label and others; a review or a comment has no facts of its own.
  const pull = at(payload, 'pull_request')
  if (/^pull_request(_|$)/.test(event) && pull !== null && !/review|comment/.test(event))
    return { path, number: numberAt(pull, 'number'), change: changeIn(pull) }
  const isToBranch = event === 'push' && (textAt(payload, 'ref') ?? '').startsWith('refs/heads/')
  return isToBranch ? { path, number: null, change: null } : undefined
}

function changeIn(pull: unknown): ToldChange | null {
  const [own, target] = [repositoryOf(pull, 'head'), repositoryOf(pull, 'base')]
  return wholeOf({
    number: numberAt(pull, 'number'),
    title: textAt(pull, 'title'),
    author: textAt(pull, 'user', 'login'),
    branch: textAt(pull, 'head', 'ref'),
    base: textAt(pull, 'base', 'ref'),
    sha: commitAt(pull, 'head', 'sha'),
    // A push to refs/for/BRANCH (AGit) opens one without a label, of the repository itself: it needs no right to push.
    fork: own === null || own !== target || at(pull, 'head', 'label') === '',
    state: stateIn(pull),
    url: addressAt(pull, 'html_url'),
    updated: timeAt(pull, 'updated_at'),
  })
}

function repositoryOf(pull: unknown, end: 'head' | 'base'): number | null {
  return numberAt(pull, end, 'repo_id') ?? numberAt(pull, end, 'repo', 'id')
}

function stateIn(pull: unknown): ToldChange['state'] | null {
  if (at(pull, 'merged') === true) return 'merged'
  const state = textAt(pull, 'state')
  return state === 'open' || state === 'closed' ? state : null
}
