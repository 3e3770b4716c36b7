/**
 * GitLab's REST API, as far as Lotan speaks it. Its rules are written by hand from GitLab's sources (lib/api, app/models and
 * app/services): GitLab's own OpenAPI description leaves out most of what Lotan asks for.
 */
import { randomUUID } from 'node:crypto'
import type { StandInForge, StandInOptions } from './forge.ts'
import { gitlabEnvironments } from './gitlab/environments.ts'
import { gitlabHook } from './gitlab/hook.ts'
import { routes } from './gitlab/parameters.ts'
import { found, notFound, projectRoutes, refused } from './gitlab/routes.ts'
import { gitlabShapes, OWN, PROJECT_ID } from './gitlab/shapes.ts'
import { unknownIn } from './parameters.ts'
import { openServer, type Answer, type Asked } from './server.ts'
import { forgeState } from './state.ts'
import type { Trouble } from './troubles.ts'

const ROOT = '/api/v4/'

export interface StandInGitLab extends StandInForge {
  /** What GitLab itself writes below a merge request. */
  addSystemNote: (number: number, text: string) => void
  /** GitLab is merging it, from now on. */
  lock: (number: number) => void
  environments: () => { name: string; state: string; url: string | null }[]
}

/** Rights: `api`, the token's scope (`read`: `read_api`); `developer`, its role: without it that of a reporter. */
export async function openGitLab(options: StandInOptions): Promise<StandInGitLab> {
  const { token, hookSecret, repository = 'team/app', mostPerPage = 100 } = options
  const state = forgeState()
  const rights: StandInForge['rights'] = { api: 'write', developer: 'write' }
  const violations: string[] = []
  const server = await openServer({ answer, refusal }, violations)
  const { origin } = server
  const shapes = gitlabShapes(state, origin, repository)
  const environments = gitlabEnvironments(state)
  const ofProject = projectRoutes(state, shapes, { origin, repository, mostPerPage })

  function answer(asked: Asked): Answer {
    if (asked.headers.authorization !== `Bearer ${token}`) return refused(401, '401 Unauthorized')
    const isRead = asked.method === 'GET'
    if (!rights.api || (rights.api === 'read' && !isRead)) return { status: 403, body: { error: 'insufficient_scope' } }
    const [what, project, ...path] = asked.path.slice(ROOT.length).split('/').map(decodeURIComponent)
    if (isRead && what === 'user') return found(shapes.account(OWN))
    if (what === 'projects' && project !== repository && project !== String(PROJECT_ID)) return notFound('Project')
    violations.push(...unknownIn(routes, asked, what === 'projects' ? path : [what ?? '']))
    const isForDevelopers = !isRead && ['statuses', 'deployments', 'environments'].includes(path[0] ?? '')
    if (isForDevelopers && !rights.developer) return refused(403, '403 Forbidden')
    return environments.answer(asked, path) ?? ofProject(asked, path) ?? refused(404, '404 Not Found')
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
    deployments: () => state.deployments.map((one) => structuredClone(one)),
    hook: (event, number, { delivery = randomUUID(), secret = hookSecret } = {}) =>
      gitlabHook(event, state.change(number), { delivery, secret, origin, repository }),
    asked: server.asked,
    writes: server.writes,
    trouble: server.trouble,
    goAway: server.goAway,
    comeBack: server.comeBack,
    stop: server.stop,
    addSystemNote: (number, text) => void state.addComment(number, text, ''),
    lock: (number) => void shapes.locked.add(number),
    environments: environments.all,
  }
}

/** https://docs.gitlab.com/security/rate_limits/ */
function refusal(trouble: Extract<Trouble, { is: 'limited' | 'secondary' | 'spent' | 'broken' }>): Answer {
  switch (trouble.is) {
    case 'limited':
      return { status: trouble.status, body: 'Retry later', headers: { 'Retry-After': String(trouble.retryAfter) } }
    case 'secondary': {
      // One of its own limits, such as that of new notes, which tells no time.
      const headers = trouble.retryAfter === undefined ? undefined : { 'Retry-After': String(trouble.retryAfter) }
      const message = { error: 'This endpoint has been requested too many times. Try again later.' }
      return { status: trouble.status, body: { message }, headers }
    }
    case 'spent': {
      const reset = String(Math.ceil(trouble.resetAt / 1_000))
      return {
        status: trouble.status,
        body: 'Retry later',
        headers: { 'RateLimit-Remaining': '0', 'RateLimit-Reset': reset },
      }
    }
    case 'broken':
      return { status: trouble.status, body: 'upstream connect error' }
  }
}
