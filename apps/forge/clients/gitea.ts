/** Gitea and Forgejo, which have the same API: https://docs.gitea.com/api/. They know no deployments. */
import { fieldsOf, isShaOrItsBeginning } from './answer-fields.ts'
import { type Forge, type ForgeChange } from './forge.ts'
import { commitsAfter, type Commit } from './history.ts'
import { openJsonApi } from './json-api.ts'
import { ifThere } from './missing.ts'

/** MAX_RESPONSE_ITEMS, where its admin has not set another. */
const PER_PAGE = 50
/** Gitea then reads no signature and no list of files for each commit. */
const COMMITS_ONLY = { verification: false, files: false }

export interface GiteaOptions {
  api: string
  /** `owner/name` */
  repository: string
  token: string
  /** Milliseconds a call, for tests. */
  deadline?: number
}

export function giteaForge({ api, repository, token, deadline }: GiteaOptions): Forge {
  const gitea = openJsonApi({ api, authorization: `token ${token}`, deadline })
  const repo = `repos/${repository.split('/').map(encodeURIComponent).join('/')}`
  const there = <T>(call: Promise<T>) => ifThere(call, () => gitea.get(repo))

  async function commitsOf(number: number): Promise<Commit[]> {
    const commits: Commit[] = []
    for await (const given of gitea.list(`${repo}/pulls/${number}/commits`, { limit: PER_PAGE, ...COMMITS_ONLY }))
      commits.push(commitOf(given))
    return commits
  }

  async function findCommit(revision: string): Promise<Commit | undefined> {
    const given = await there(gitea.get(`${repo}/git/commits/${revision}`, { stat: false, ...COMMITS_ONLY }))
    return given === undefined ? undefined : commitOf(given)
  }

  return {
    async openChanges() {
      const changes = new Map<number, ForgeChange>()
      for await (const given of gitea.list(`${repo}/pulls`, { state: 'open', sort: 'oldest', limit: PER_PAGE })) {
        const change = changeOf(given)
        if (change) changes.set(change.number, change)
      }
      return [...changes.values()]
    },

    async change(number) {
      const given = await there(gitea.get(`${repo}/pulls/${number}`))
      return given === undefined ? undefined : changeOf(given)
    },

    async commitsBehind({ sha, number }, revision) {
      if (revision === sha) return 0
      if (!isShaOrItsBeginning(revision)) return null
      const commits = await commitsOf(number)
      // Pushed to since: what is counted now would be of another head.
      if (!commits.some((commit) => commit.sha === sha)) return null
      const shown = commits.find((commit) => commit.sha.startsWith(revision)) ?? (await findCommit(revision))
      return shown?.sha.startsWith(revision) ? commitsAfter(commits, shown) : null
    },

    async findComment(number, mark) {
      // All at once: Gitea divides these into no pages, and gives no link to a next one.
      for await (const given of gitea.list(`${repo}/issues/${number}/comments`)) {
        const comment = fieldsOf(given, 'a comment')
        if (comment.text('body').startsWith(mark)) return String(comment.id('id'))
      }
      return undefined
    },

    async addComment(number, text) {
      const comment = await gitea.post(`${repo}/issues/${number}/comments`, { body: text })
      return String(fieldsOf(comment, 'a comment').id('id'))
    },

    async editComment(_number, id, text) {
      const path = `${repo}/issues/comments/${encodeURIComponent(id)}`
      return (await there(gitea.patch(path, { body: text }).then(() => true))) ?? false
    },

    async setStatus(sha, { state, description, url }) {
      const target = url === null ? {} : { target_url: url }
      await gitea.post(`${repo}/statuses/${sha}`, { state, context: 'lotan/preview', description, ...target })
    },
  }
}

function commitOf(given: unknown): Commit {
  const commit = fieldsOf(given, 'a commit')
  const parents = commit.has('parents') ? commit.list('parents') : []
  return { sha: commit.sha('sha'), parents: parents.map((parent) => fieldsOf(parent, 'a parent').sha('sha')) }
}

/** Undefined where it has no commit: its branch is gone, and so is what Gitea had kept of it. */
function changeOf(given: unknown): ForgeChange | undefined {
  const pull = fieldsOf(given, 'a pull request')
  const head = pull.fields('head')
  const base = pull.fields('base')
  if (head.raw('sha') === '') return undefined
  return {
    number: pull.id('number'),
    title: pull.text('title'),
    author: pull.fields('user').text('login'),
    branch: head.text('ref'),
    base: base.text('ref'),
    sha: head.sha('sha'),
    // Gitea makes no commit of both to test them together.
    mergeSha: null,
    // -1 where the fork is gone. A push to refs/for/BRANCH (AGit) opens one without a branch: that needs no right to push.
    fork: head.raw('repo_id') !== base.id('repo_id') || head.raw('label') === '',
    state: pull.raw('merged') === true ? 'merged' : stateOf(pull.text('state')),
    url: pull.webAddress('html_url'),
    updated: pull.time('updated_at'),
  }
}

function stateOf(state: string): 'open' | 'closed' {
  return state === 'open' ? 'open' : 'closed'
}
