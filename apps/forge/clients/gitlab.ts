/** GitLab: merge requests by its REST API, https://docs.gitlab.com/api/rest/. */
import type { ChangeState } from '../../shared/forge/change.ts'
import { fieldsOf, isSha, isShaOrItsBeginning, type Fields } from './answer-fields.ts'
import { ForgeError, type Forge, type ForgeChange, type StatusState } from './forge.ts'
import { gitlabDeployments } from './gitlab-deployments.ts'
import { openJsonApi } from './json-api.ts'
import { ifThere } from './missing.ts'

const PER_PAGE = 100
/** Of a status's address, which GitLab refuses to be longer. */
const LONGEST_ADDRESS = 255

const stateNames: Record<StatusState, string> = { pending: 'pending', success: 'success', failure: 'failed' }

export interface GitLabOptions {
  api: string
  /** `group/subgroup/name` */
  repository: string
  token: string
  /** Milliseconds a call, for tests. */
  deadline?: number
}

export function gitlabForge({ api, repository, token, deadline }: GitLabOptions): Forge {
  const gitlab = openJsonApi({ api, authorization: `Bearer ${token}`, deadline })
  const project = `projects/${encodeURIComponent(repository)}`
  const there = <T>(call: Promise<T>) => ifThere(call, () => gitlab.get(project))
  let ownId: number | undefined

  async function readOwnId(): Promise<number> {
    return (ownId ??= fieldsOf(await gitlab.get('user'), 'the account').id('id'))
  }

  return {
    async openChanges() {
      const changes = new Map<number, ForgeChange>()
      const query = { state: 'opened', order_by: 'created_at', sort: 'asc', per_page: PER_PAGE }
      for await (const given of gitlab.list(`${project}/merge_requests`, query)) {
        const change = changeOf(given)
        if (change) changes.set(change.number, change)
      }
      return [...changes.values()]
    },

    async change(number) {
      const given = await there(gitlab.get(`${project}/merge_requests/${number}`))
      return given === undefined ? undefined : changeOf(given)
    },

    async commitsBehind({ sha }, revision) {
      if (revision === sha) return 0
      if (!isShaOrItsBeginning(revision)) return null
      const given = await there(gitlab.get(`${project}/repository/commits/${revision}`, { stats: false }))
      if (given === undefined) return null
      const commit = fieldsOf(given, 'a commit')
      const shown = commit.sha('id')
      // A branch may have a name that looks like a commit.
      if (!shown.startsWith(revision)) return null
      // GitLab merges the head into the target for refs/merge-requests/N/merge: the target is the first parent.
      const merged = commit.list('parent_ids')[1]
      if (shown === sha || merged === sha) return 0
      const base = await there(gitlab.get(`${project}/repository/merge_base`, { 'refs[]': [shown, sha] }))
      if (base === undefined) return null
      const common = fieldsOf(base, 'a merge base').sha('id')
      if (common !== shown && common !== merged) return null
      const compared = await there(gitlab.get(`${project}/repository/compare`, { from: shown, to: sha }))
      const newer = compared === undefined ? 0 : fieldsOf(compared, 'a comparison').list('commits').length
      // None is not possible here: then GitLab has not counted.
      return newer === 0 ? null : newer
    },

    async findComment(number, mark) {
      const own = await readOwnId()
      const query = { sort: 'asc', order_by: 'created_at', activity_filter: 'only_comments', per_page: PER_PAGE }
      for await (const given of gitlab.list(`${project}/merge_requests/${number}/notes`, query)) {
        const note = fieldsOf(given, 'a note')
        // Another's note that begins so could not be edited.
        if (note.raw('system') === true || note.fields('author').id('id') !== own) continue
        if (note.text('body').startsWith(mark)) return String(note.id('id'))
      }
      return undefined
    },

    async addComment(number, text) {
      const note = await gitlab.post(`${project}/merge_requests/${number}/notes`, { body: text })
      return String(fieldsOf(note, 'a note').id('id'))
    },

    async editComment(number, id, text) {
      const path = `${project}/merge_requests/${number}/notes/${encodeURIComponent(id)}`
      return (await there(gitlab.put(path, { body: text }).then(() => true))) ?? false
    },

    async setStatus(sha, { state, description, url }) {
      const target = url !== null && url.length <= LONGEST_ADDRESS ? { target_url: url } : {}
      const status = { state: stateNames[state], name: 'lotan/preview', description, ...target }
      await gitlab.post(`${project}/statuses/${sha}`, status).catch((error: unknown) => {
        if (!(state === 'pending' && isAlreadyPending(error))) throw error
      })
    },

    deployments: gitlabDeployments(gitlab, project),
  }
}

/** GitLab takes `pending` once a status, and refuses it for one that is pending. */
function isAlreadyPending(error: unknown): boolean {
  return error instanceof ForgeError && error.code === 'rejected' && error.message.includes(':enqueue from :pending')
}

/** Undefined where it has no commit. */
function changeOf(given: unknown): ForgeChange | undefined {
  const mr = fieldsOf(given, 'a merge request')
  const sha = mr.raw('sha') ?? (mr.has('diff_refs') ? mr.fields('diff_refs').raw('head_sha') : null)
  if (sha === null || sha === undefined) return undefined
  return {
    number: mr.id('iid'),
    title: mr.text('title'),
    author: mr.fields('author').text('username'),
    branch: mr.text('source_branch'),
    base: mr.text('target_branch'),
    sha: isSha(sha) ? sha : mr.sha('sha'),
    mergeSha: mergeShaOf(mr),
    // Null where the fork is gone.
    fork: mr.raw('source_project_id') !== mr.id('target_project_id'),
    state: stateOf(mr.text('state')),
    url: mr.webAddress('web_url'),
    updated: mr.time('updated_at'),
  }
}

/** Of a merged one. GitLab does not tell the commit that tests both together, and a squashed head is not its second parent. */
function mergeShaOf(mr: Fields): string | null {
  if (!mr.has('merge_commit_sha') || mr.has('squash_commit_sha')) return null
  return mr.sha('merge_commit_sha')
}

/** `locked`: GitLab is merging it right now, which may fail. */
function stateOf(state: string): ChangeState {
  if (state === 'opened' || state === 'locked') return 'open'
  if (state === 'closed' || state === 'merged') return state
  throw new ForgeError('down', `the forge's answer cannot be read: state of a merge request`)
}
