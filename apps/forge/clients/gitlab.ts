/** GitLab: merge requests by its REST API, https://docs.gitlab.com/api/rest/. */
import type { ChangeState } from '../../shared/forge/change.ts'
import { fieldsOf, idOf, isFields, listOf, shaOf, textOf, timeOf, webUrlOf } from './fields.ts'
import { ForgeError, type Forge, type ForgeChange, type StatusState } from './forge.ts'
import { gitlabDeployments } from './gitlab-deployments.ts'
import { openJsonApi } from './json-api.ts'
import { ifThere } from './missing.ts'
import { revisionOf } from './revision.ts'

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

export function openGitLabForge({ api, repository, token, deadline }: GitLabOptions): Forge {
  const gitlab = openJsonApi({ api, token, scheme: 'Bearer', deadline })
  const project = `projects/${encodeURIComponent(repository)}`
  const there = <T>(call: Promise<T>) => ifThere(call, () => gitlab.get(project))
  let ownId: number | undefined

  async function readOwnId(): Promise<number> {
    return (ownId ??= idIn(await gitlab.get('user'), 'the account'))
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

    async commitsBehind({ sha }, label) {
      const revision = revisionOf(label)
      if (revision === undefined) return null
      if (sha.startsWith(revision)) return 0
      const given = await there(gitlab.get(`${project}/repository/commits/${revision}`, { stats: false }))
      if (given === undefined) return null
      const commit = fieldsOf(given, 'a commit')
      const shown = shaOf(commit.id, 'a commit')
      // A branch may have a name that looks like a commit.
      if (!shown.startsWith(revision)) return null
      // GitLab merges the head into the target for refs/merge-requests/N/merge: the target is the first parent.
      const merged = listOf(commit.parent_ids, 'the parents of a commit')[1]
      if (merged === sha) return 0
      const base = await there(gitlab.get(`${project}/repository/merge_base`, { 'refs[]': [shown, sha] }))
      if (base === undefined) return null
      const common = shaOf(fieldsOf(base, 'a merge base').id, 'a merge base')
      if (common !== shown && common !== merged) return null
      const compared = await there(gitlab.get(`${project}/repository/compare`, { from: shown, to: sha }))
      if (compared === undefined) return null
      const newer = listOf(fieldsOf(compared, 'a comparison').commits, 'the commits of a comparison').length
      // None is not possible here: then GitLab has not counted.
      return newer === 0 ? null : newer
    },

    async findComment(number, mark) {
      const own = await readOwnId()
      const query = { sort: 'asc', order_by: 'created_at', activity_filter: 'only_comments', per_page: PER_PAGE }
      for await (const given of gitlab.list(`${project}/merge_requests/${number}/notes`, query)) {
        const { id, body, author } = fieldsOf(given, 'a note')
        if (typeof body !== 'string' || !body.startsWith(mark)) continue
        // Anybody can write the mark into a note of their own, which Lotan could not edit.
        if (isFields(author) && author.id === own) return String(idOf(id, 'a note'))
      }
      return undefined
    },

    async addComment(number, text) {
      const note = await gitlab.post(`${project}/merge_requests/${number}/notes`, { body: text })
      return String(idIn(note, 'a note'))
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
  const what = 'a merge request'
  const fields = fieldsOf(given, what)
  const sha = fields.sha ?? (isFields(fields.diff_refs) ? fields.diff_refs.head_sha : null)
  if (sha === null || sha === undefined) return undefined
  return {
    number: idOf(fields.iid, what),
    title: textOf(fields.title, what),
    author: isFields(fields.author) ? textOf(fields.author.username, what) : 'ghost',
    branch: textOf(fields.source_branch, what),
    base: textOf(fields.target_branch, what),
    sha: shaOf(sha, what),
    // Null where the fork is gone.
    fork: fields.source_project_id !== idOf(fields.target_project_id, what),
    state: stateOf(fields.state),
    url: webUrlOf(fields.web_url, what),
    updated: timeOf(fields.updated_at, what),
  }
}

/** `locked`: GitLab is merging it right now, which may fail. */
function stateOf(state: unknown): ChangeState {
  if (state === 'opened' || state === 'locked') return 'open'
  if (state === 'closed' || state === 'merged') return state
  throw new ForgeError('down', 'the forge told of a state that merge requests do not have')
}

function idIn(given: unknown, what: string): number {
  return idOf(fieldsOf(given, what).id, what)
}
