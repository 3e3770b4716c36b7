/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request. Pure. */
import { addressAt, at, commitAt, numberAt, textAt, timeAt } from './fields.ts'
import { wholeOf, type Told, type ToldChange } from './told.ts'

/** @param event the header X-GitHub-Event @returns undefined where nothing is to be looked at */
export function toldByGithub(event: string, payload: unknown): Told | undefined {
  const path = textAt(payload, 'repository', 'full_name')
  if (path === null) return undefined
  if (event === 'pull_request') {
    const change = changeIn(at(payload, 'pull_request'))
    return { path, number: numberAt(payload, 'pull_request', 'number'), change }
  }
  const isToBranch = event === 'push' && (textAt(payload, 'ref') ?? '').startsWith('refs/heads/')
  return isToBranch ? { path, number: null, change: null } : undefined
}

function changeIn(pull: unknown): ToldChange | null {
  const [own, target] = [numberAt(pull, 'head', 'repo', 'id'), numberAt(pull, 'base', 'repo', 'id')]
  return wholeOf({
    number: numberAt(pull, 'number'),
    title: textAt(pull, 'title'),
    author: textAt(pull, 'user', 'login'),
    branch: textAt(pull, 'head', 'ref'),
    base: textAt(pull, 'base', 'ref'),
    sha: commitAt(pull, 'head', 'sha'),
    // A fork that was deleted has no id.
    fork: own === null || own !== target,
    state: stateIn(pull),
    url: addressAt(pull, 'html_url'),
    updated: timeAt(pull, 'updated_at'),
  })
}

function stateIn(pull: unknown): ToldChange['state'] | null {
  if (at(pull, 'merged') === true || textAt(pull, 'merged_at') !== null) return 'merged'
  const state = textAt(pull, 'state')
  return state === 'open' || state === 'closed' ? state : null
}
