/** GitHub, and GitHub Enterprise Server. */
import { openCommits } from './github/commits.ts'
import { fieldsOf, idOf, isFields, shaOf, textOf, timeOf, webUrlOf, type Fields } from './fields.ts'
import { ForgeError, type Forge, type ForgeChange } from './forge.ts'
import { openDeployments } from './github/deployments.ts'
import { openSession, type SessionOptions } from './github/session.ts'

const READ = { does: 'read pull requests', right: '"Pull requests: read"' }
const WHO = { does: 'read whose token it is', right: 'nothing more' }
const READ_COMMENTS = { does: 'read comments', right: '"Pull requests: read"' }
const COMMENT = { does: 'write a comment', right: '"Pull requests: write"' }
const STATUS = { does: 'set a commit status', right: '"Commit statuses: write"' }

export function openGitHubForge(options: SessionOptions): Forge {
  const session = openSession(options)
  /** The account that the token is of; null for an app's, which has none. */
  let me: number | null | undefined

  /** What is not there, in a repository that is. GitHub answers 404 for one that the token does not see, too. */
  async function unless404<T, U>(asked: Promise<T>, otherwise: U): Promise<T | U> {
    try {
      return await asked
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code !== 'missing') throw error
      await session.ask(READ, (octokit, given) =>
        octokit.request('GET /repos/{owner}/{repo}/pulls', { ...given, per_page: 1 }),
      )
      return otherwise
    }
  }

  async function whoAmI(): Promise<number | null> {
    if (me !== undefined) return me
    try {
      const { data } = await session.ask(WHO, (octokit, { request }) => octokit.request('GET /user', { request }))
      return (me = idOf(fieldsOf(data, 'the account').id, 'the account'))
    } catch (error) {
      if (error instanceof ForgeError && error.code === 'refused' && !/does not take/.test(error.message))
        return (me = null)
      throw error
    }
  }

  return {
    async openChanges() {
      const found = new Map<number, ForgeChange>()
      const pulls = session.pages(READ, (octokit, given) =>
        octokit.request('GET /repos/{owner}/{repo}/pulls', { ...given, state: 'open' }),
      )
      // One that is opened meanwhile moves others to the next page: they come twice.
      for await (const pull of pulls) {
        const change = changeOf(pull)
        found.set(change.number, change)
      }
      return [...found.values()]
    },

    async change(number) {
      const asked = session.ask(READ, (octokit, given) =>
        octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', { ...given, pull_number: number }),
      )
      const answered = await unless404(asked, undefined)
      return answered && changeOf(answered.data)
    },

    commitsBehind: openCommits(session, unless404),

    async findComment(number, mark) {
      const mine = await whoAmI()
      const comments = session.pages(READ_COMMENTS, (octokit, given) =>
        octokit.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...given, issue_number: number }),
      )
      for await (const one of comments) {
        if (!isFields(one) || typeof one.body !== 'string' || !one.body.startsWith(mark)) continue
        // Anybody can write the mark into a comment of their own.
        const author: Fields = isFields(one.user) ? one.user : {}
        if (mine === null ? author.type === 'Bot' : author.id === mine) return String(idOf(one.id, 'a comment'))
      }
      return undefined
    },

    async addComment(number, text) {
      const { data } = await session.write(COMMENT, (octokit, given) =>
        octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
          ...given,
          issue_number: number,
          body: text,
        }),
      )
      return String(idOf(fieldsOf(data, 'a comment').id, 'a comment'))
    },

    async editComment(_number, id, text) {
      const written = session.write(COMMENT, (octokit, given) =>
        octokit.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
          ...given,
          comment_id: Number(id),
          body: text,
        }),
      )
      return (await unless404(written, false)) !== false
    },

    async setStatus(sha, { state, description, url }) {
      await session.write(STATUS, (octokit, given) =>
        octokit.request('POST /repos/{owner}/{repo}/statuses/{sha}', {
          ...given,
          ...{ sha, state, description, target_url: url, context: 'lotan/preview' },
        }),
      )
    },

    deployments: openDeployments(session),
  }
}

export function changeOf(pull: unknown): ForgeChange {
  const what = 'a pull request'
  const fields = fieldsOf(pull, what)
  const head = fieldsOf(fields.head, what)
  const base = fieldsOf(fields.base, what)
  return {
    number: idOf(fields.number, what),
    title: textOf(fields.title, what),
    // GitHub has no account for one that is deleted, and shows this name.
    author: isFields(fields.user) ? textOf(fields.user.login, what) : 'ghost',
    branch: textOf(head.ref, what),
    base: textOf(base.ref, what),
    sha: shaOf(head.sha, what),
    fork: !isSameRepository(head.repo, base.repo),
    state: fields.state === 'open' ? 'open' : typeof fields.merged_at === 'string' ? 'merged' : 'closed',
    url: webUrlOf(fields.html_url, what),
    updated: timeOf(fields.updated_at, what),
  }
}

/** Names can be the same for two. A fork that is deleted has none. */
function isSameRepository(head: unknown, base: unknown): boolean {
  return isFields(head) && isFields(base) && Number.isSafeInteger(base.id) && head.id === base.id
}
