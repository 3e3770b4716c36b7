/**
 * The API of Gitea and Forgejo, as far as Lotan speaks it. Its rules are written by hand from Gitea's sources
 * (routers/api/v1, services/convert) and its description (templates/swagger/v1_json.tmpl).
 */
import { randomUUID } from 'node:crypto'
import type { StandInChange, StandInForge, StandInOptions } from './forge.ts'
import { giteaHook } from './gitea/hook.ts'
import { routes } from './gitea/parameters.ts'
import { notFound, refused, repositoryRoutes } from './gitea/routes.ts'
import { giteaShapes } from './gitea/shapes.ts'
import { unknownIn } from './parameters.ts'
import { openServer, type Answer, type Asked } from './server.ts'
import { forgeState } from './state.ts'
import type { Trouble } from './troubles.ts'

const ROOT = '/api/v1/'

export interface StandInGitea extends StandInForge {
  /** A push to refs/for/main: everybody who may read can do it, and it has no branch. */
  openWithoutBranch: () => StandInChange
  /** Its branch is gone, and so is what Gitea had kept of it. */
  loseCommit: (number: number) => void
  /** Main, with a new commit, is merged into its branch. @returns the new head */
  mergeMainInto: (number: number) => string
}

/** @param isForgejo sends hooks as Forgejo does. Rights: `repository` and `issue`, the scopes of the token. */
export async function openGitea(options: StandInOptions & { isForgejo?: boolean }): Promise<StandInGitea> {
  const { token, hookSecret, repository = 'team/app', mostPerPage = 50, isForgejo = false } = options
  const state = forgeState()
  const rights: StandInForge['rights'] = { repository: 'write', issue: 'write' }
  const violations: string[] = []
  const server = await openServer({ answer, refusal }, violations)
  const { origin } = server
  const shapes = giteaShapes(state, origin, repository)
  const ofRepository = repositoryRoutes(state, shapes, { origin, repository, mostPerPage })

  function answer(asked: Asked): Answer {
    if (asked.headers.authorization !== `token ${token}`) return refused(401, 'invalid username, password or token')
    const [what, owner, name, ...path] = asked.path.slice(ROOT.length).split('/').map(decodeURIComponent)
    if (what === 'repos' && `${owner}/${name}` !== repository) return notFound()
    violations.push(...unknownIn(routes, asked, what === 'repos' ? path : [what ?? '']))
    const scope = path[0] === 'issues' ? 'issue' : 'repository'
    const isRead = asked.method === 'GET'
    if (!rights[scope] || (rights[scope] === 'read' && !isRead))
      return refused(
        403,
        `token does not have at least one of required scope(s), required=[${isRead ? 'read' : 'write'}:${scope}]`,
      )
    return ofRepository(asked, path) ?? notFound()
  }

  return {
    api: `${origin}${ROOT.slice(0, -1)}`,
    repository,
    rights,
    violations,
    openChange: (change) => ({ ...state.openChange(change) }),
    change: (number) => ({ ...state.change(number) }),
    push: state.push,
    forcePush: state.forcePush,
    testMerge: state.testMerge,
    merge: state.merge,
    close: state.close,
    reopen: state.reopen,
    comments: (number) => state.comments(number).map((one) => ({ ...one })),
    addComment: (number, text, author) => state.addComment(number, text, author).id,
    deleteComment: state.deleteComment,
    statuses: (sha) => (state.statuses.get(sha) ?? []).map((one) => ({ ...one })),
    deployments: () => [],
    hook(event, number, { delivery = randomUUID(), secret = hookSecret } = {}) {
      const change = state.change(number)
      return giteaHook(event, change, shapes.pull(change), { delivery, secret, isForgejo, repository })
    },
    asked: server.asked,
    writes: server.writes,
    trouble: server.trouble,
    goAway: server.goAway,
    comeBack: server.comeBack,
    stop: server.stop,
    openWithoutBranch() {
      const change = state.openChange()
      shapes.withoutBranch.add(change.number)
      return { ...change }
    },
    loseCommit: (number) => void shapes.withoutCommit.add(number),
    mergeMainInto(number) {
      const before = state.change(number).sha
      const onMain = state.commits.add([state.headOf('main')])
      return state.commits.add([before, onMain], state.push(number))
    },
  }
}

/** Gitea has no limits of its own: a proxy in front of it has. */
function refusal(trouble: Extract<Trouble, { is: 'limited' | 'secondary' | 'spent' | 'broken' }>): Answer {
  if (trouble.is === 'broken') return { status: trouble.status, body: 'Bad Gateway' }
  const after = trouble.is === 'spent' ? Math.ceil((trouble.resetAt - Date.now()) / 1_000) : trouble.retryAfter
  const headers = after === undefined ? undefined : { 'Retry-After': String(after) }
  return { status: trouble.status, body: 'Too Many Requests', headers }
}
