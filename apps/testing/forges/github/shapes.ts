/** GitHub's own examples of each answer, with the fields of a stand-in's state put in. */
import type { Description } from '../openapi.ts'
import type { StandInChange, StandInComment, StandInDeployment, StandInStatus } from '../forge.ts'
import type { ForgeState } from '../state.ts'

type Json = Record<string, unknown>

const BASE_ID = 1_296_269

/** @param isApp the token is an app's: GitHub knows its account by another name, and does not tell it */
export function shapes({ components }: Description, repository: string, state: ForgeState, isApp: boolean) {
  const account = isApp ? 'lotan-previews[bot]' : 'lotan-previews'
  const example = <T = Json>(name: string) => structuredClone(components.examples![name]!.value) as T
  const [owner, name] = repository.split('/') as [string, string]
  const url = `https://github.com/${repository}`
  const api = `https://api.github.com/repos/${repository}`
  const idOf = (login: string) => [...login].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_000, 7)
  const user = (login: string) => ({
    ...example('simple-user'),
    login,
    id: idOf(login),
    html_url: `https://github.com/${login.replace(/^(.*)\[bot\]$/, 'apps/$1')}`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
  })
  const seconds = (ms: number) => new Date(ms).toISOString().replace(/\.\d+/, '')

  /** GitHub gives none for a fork that is gone. */
  function headRepository({ fork, author, number }: StandInChange, base: Json): Json | null {
    if (fork === 'deleted') return null
    if (!fork) return base
    return { ...base, id: 2_000_000 + number, full_name: `${author}/${name}`, owner: user(author), fork: true }
  }

  function pull(example: Json, change: StandInChange): Json {
    const { number, title, author, branch, base, sha, state: is, mergeSha, created, updated } = change
    const repo = {
      ...((example.base as Json).repo as Json),
      id: BASE_ID,
      name,
      full_name: repository,
      owner: user(owner),
    }
    const head = headRepository(change, repo)
    return {
      ...example,
      ...{ id: number * 10, number, title, user: user(author), state: is === 'open' ? 'open' : 'closed' },
      ...{ html_url: `${url}/pull/${number}`, url: `${api}/pulls/${number}`, body: null, draft: false },
      ...{ created_at: seconds(created), updated_at: seconds(updated) },
      closed_at: is === 'open' ? null : seconds(updated),
      merged_at: is === 'merged' ? seconds(updated) : null,
      merge_commit_sha: mergeSha,
      // GitHub's own example of a team is not as its description has it.
      requested_teams: [],
      head: {
        ...(example.head as Json),
        label: `${change.fork ? author : owner}:${branch}`,
        ref: branch,
        sha,
        repo: head,
        user: user(change.fork ? author : owner),
      },
      base: {
        ...(example.base as Json),
        label: `${owner}:${base}`,
        ref: base,
        sha: state.headOf(base),
        repo,
        user: user(owner),
      },
    }
  }

  function commit(sha: string): Json {
    const parents = state.commits
      .parentsOf(sha)
      .map((parent) => ({ sha: parent, url: `${api}/commits/${parent}`, html_url: `${url}/commit/${parent}` }))
    return { ...(example('commit-comparison').base_commit as Json), sha, parents, html_url: `${url}/commit/${sha}` }
  }

  return {
    account,
    isApp,
    /** Of a list, with fewer fields. */
    listed: (change: StandInChange) => pull(example<Json[]>('pull-request-simple-items')[0]!, change),
    pull: (change: StandInChange) => ({ ...pull(example('pull-request'), change), merged: change.state === 'merged' }),
    /** As hooks tell of one, by one of their own samples. */
    hooked: (sample: Json, change: StandInChange) => ({ ...pull(sample, change), merged: change.state === 'merged' }),
    repository: (sample: Json) => ({
      ...sample,
      id: BASE_ID,
      name,
      full_name: repository,
      owner: user(owner),
      html_url: url,
    }),
    user,
    me: () => ({
      ...example('private-user-response-with-public-profile-information'),
      login: account,
      id: idOf(account),
    }),

    comment: (number: number, { id, author, text, created, updated }: StandInComment) => ({
      ...example('issue-comment'),
      ...{ id: Number(id), user: user(author), body: text, created_at: seconds(created), updated_at: seconds(updated) },
      html_url: `${url}/pull/${number}#issuecomment-${id}`,
    }),

    status: (sha: string, { state: is, description, url: target, context }: StandInStatus) => ({
      ...example('status'),
      ...{ state: is, description, target_url: target, context, url: `${api}/statuses/${sha}`, creator: user(account) },
    }),

    deployment: ({ id, sha, task, environment, description, sent }: StandInDeployment) => ({
      ...example('deployment'),
      ...{
        id: Number(id),
        sha,
        ref: sent.ref,
        task,
        environment,
        original_environment: environment,
        description,
        creator: user(account),
      },
      ...{
        transient_environment: sent.transient_environment === true,
        production_environment: sent.production_environment === true,
      },
    }),

    deploymentStatus({ environment }: StandInDeployment, is: { state: string; url: string | null }): Json {
      const shaped = example('deployment-status')
      if (is.url === null) delete shaped.environment_url
      else shaped.environment_url = is.url
      return { ...shaped, state: is.state, environment, creator: user(account) }
    },

    /** @param page GitHub lists the files on the first alone */
    comparison(base: string, head: string, { page, size }: { page: number; size: number }) {
      const { commits } = state
      const ahead = commits.beyond(head, base)
      const behind = commits.beyond(base, head)
      const whole = example('commit-comparison')
      const { files, ...rest } = whole
      return {
        ...rest,
        base_commit: commit(base),
        merge_base_commit: commit(commits.mergeBase(base, head) ?? base),
        status:
          ahead.length === 0
            ? behind.length === 0
              ? 'identical'
              : 'behind'
            : behind.length === 0
              ? 'ahead'
              : 'diverged',
        ...{ ahead_by: ahead.length, behind_by: behind.length, total_commits: ahead.length },
        commits: ahead
          .reverse()
          .slice((page - 1) * size, page * size)
          .map(commit),
        ...(page === 1 && { files }),
      }
    },
  }
}

export type Shapes = ReturnType<typeof shapes>
