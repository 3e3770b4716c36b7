/** Gitea and Forgejo, which have the same API: https://docs.gitea.com/api/. They know no deployments. */
import { fieldsOf, idOf, isFields, listOf, shaOf, textOf, timeOf, webUrlOf } from './fields.ts'
import { ForgeError, type Forge, type ForgeChange } from './forge.ts'
import { commitsAfter, type Commit } from './history.ts'
import { openJsonApi } from './json-api.ts'
import { ifThere } from './missing.ts'
import { revisionOf } from './revision.ts'

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

export function openGiteaForge({ api, repository, token, deadline }: GiteaOptions): Forge {
  const gitea = openJsonApi({ api, token, scheme: 'token', deadline })
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

    async commitsBehind({ sha, number }, label) {
      const revision = revisionOf(label)
      if (revision === undefined) return null
      if (sha.startsWith(revision)) return 0
      const commits = await commitsOf(number)
      // Pushed to since: what is counted now would be of another head.
      if (!commits.some((commit) => commit.sha === sha)) return null
      const shown = commits.find((commit) => commit.sha.startsWith(revision)) ?? (await findCommit(revision))
      return shown?.sha.startsWith(revision) ? commitsAfter(commits, shown) : null
    },

    async findComment(number, mark) {
      // All at once: Gitea divides these into no pages, and gives no link to a next one.
      for await (const given of gitea.list(`${repo}/issues/${number}/comments`)) {
        const { id, body } = fieldsOf(given, 'a comment')
        if (typeof body === 'string' && body.startsWith(mark)) return String(idOf(id, 'a comment'))
      }
      return undefined
    },

    async addComment(number, text) {
      const comment = await gitea.post(`${repo}/issues/${number}/comments`, { body: text })
      return String(idOf(fieldsOf(comment, 'a comment').id, 'a comment'))
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
  const { sha, parents } = fieldsOf(given, 'a commit')
  const all = listOf(parents ?? [], 'the parents of a commit')
  return {
    sha: shaOf(sha, 'a commit'),
    parents: all.map((parent) => shaOf(fieldsOf(parent, 'a parent').sha, 'a parent')),
  }
}

/** Undefined where it has no commit: its branch is gone, and so is what Gitea had kept of it. */
function changeOf(given: unknown): ForgeChange | undefined {
  const what = 'a pull request'
  const fields = fieldsOf(given, what)
  const head = fieldsOf(fields.head, what)
  const base = fieldsOf(fields.base, what)
  if (head.sha === '') return undefined
  return {
    number: idOf(fields.number, what),
    title: textOf(fields.title, what),
    author: isFields(fields.user) ? textOf(fields.user.login, what) : 'ghost',
    branch: textOf(head.ref, what),
    base: textOf(base.ref, what),
    sha: shaOf(head.sha, what),
    // Gitea makes no commit of both to test them together.
    // -1 where the fork is gone. A push to refs/for/BRANCH (AGit) opens one without a label: it needs no right to push.
    fork: head.repo_id !== idOf(base.repo_id, what) || head.label === '',
    state: fields.merged === true ? 'merged' : stateOf(fields.state),
    url: webUrlOf(fields.html_url, what),
    updated: timeOf(fields.updated_at, what),
  }
}

function stateOf(state: unknown): 'open' | 'closed' {
  if (state === 'open' || state === 'closed') return state
  throw new ForgeError('down', 'the forge told of a state that pull requests do not have')
}
