/** What GitHub does for each operation that Lotan may ask for, by the operation's name in GitHub's own description. */
import type { Answer, Asked } from '../server.ts'
import { pageOf } from '../server.ts'
import type { ForgeState } from '../state.ts'
import type { StandInDeployment } from '../forge.ts'
import type { Shapes } from './shapes.ts'

type Json = Record<string, unknown>
type Params = Record<string, string>

export interface Operation {
  /** Any of these rights lets it, by the names of fine-grained tokens' permissions. */
  needs: Record<string, 'read' | 'write'>
  do: (asked: Asked & { params: Params }) => Answer
}

/** https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens */
export function operations(
  state: ForgeState,
  shape: Shapes,
  { origin, mostPerPage }: { origin: string; mostPerPage: number },
) {
  const ok = (body: unknown): Answer => ({ status: 200, body })
  const made = (body: unknown): Answer => ({ status: 201, body })

  function page<T>(items: readonly T[], asked: Asked, shaped: (item: T) => unknown): Answer {
    const { items: those, headers } = pageOf(items, asked, origin, mostPerPage)
    return { status: 200, headers, body: those.map(shaped) }
  }

  const deploymentOf = ({ deployment_id: id }: Params) => state.deployments.find((one) => one.id === id)

  const all: Record<string, Operation> = {
    'users/get-authenticated': {
      needs: {},
      do: () => (shape.isApp ? refused(403, 'Resource not accessible by integration') : ok(shape.me())),
    },

    'pulls/list': {
      needs: { pull_requests: 'read' },
      do(asked) {
        const wanted = asked.query.get('state') ?? 'open'
        const those = state
          .changes()
          .filter((one) => wanted === 'all' || (one.state === 'open') === (wanted === 'open'))
        if (asked.query.get('sort') === 'updated') those.sort((one, other) => other.updated - one.updated)
        if (asked.query.get('direction') === 'asc') those.reverse()
        return page(those, asked, shape.listed)
      },
    },
    'pulls/get': {
      needs: { pull_requests: 'read' },
      do({ params }) {
        const change = state.find(Number(params.pull_number))
        return change ? ok(shape.pull(change)) : notFound()
      },
    },

    'repos/compare-commits-with-basehead': {
      needs: { contents: 'read' },
      do(asked) {
        const [base, head] = asked.params
          .basehead!.split('...')
          .map((one) => state.commits.find(one) ?? state.branch(one))
        if (base === undefined || head === undefined) return notFound()
        const size = Number(asked.query.get('per_page') ?? '250')
        return ok(shape.comparison(base, head, { page: Number(asked.query.get('page') ?? '1'), size }))
      },
    },

    'issues/list-comments': {
      needs: { issues: 'read', pull_requests: 'read' },
      do(asked) {
        const number = Number(asked.params.issue_number)
        return state.find(number)
          ? page(state.comments(number), asked, (one) => shape.comment(number, one))
          : notFound()
      },
    },
    'issues/create-comment': {
      needs: { issues: 'write', pull_requests: 'write' },
      do({ params, body }) {
        const number = Number(params.issue_number)
        if (!state.find(number)) return notFound()
        const text = (body as Json).body as string
        if (text.trim() === '') return invalid('IssueComment', 'body', "Body can't be blank")
        if (text.length > 65_536)
          return invalid('IssueComment', 'body', 'body is too long (maximum is 65536 characters)')
        return made(shape.comment(number, state.addComment(number, text, shape.account)))
      },
    },
    'issues/update-comment': {
      needs: { issues: 'write', pull_requests: 'write' },
      do({ params, body }) {
        const comment = state.comment(params.comment_id!)
        if (!comment) return notFound()
        comment.text = (body as Json).body as string
        comment.updated = state.moment()
        return ok(shape.comment(0, comment))
      },
    },

    'repos/create-commit-status': {
      needs: { statuses: 'write' },
      do({ params, body }) {
        const sha = params.sha!
        if (!state.commits.has(sha)) return refused(422, `No commit found for SHA: ${sha}`)
        const {
          state: is,
          description = null,
          target_url: url = null,
          context = 'default',
        } = body as Record<string, string>
        if (description !== null && description.length > 140)
          return invalid('Status', 'description', 'description is too long (maximum is 140 characters)')
        const status = { state: is!, description, url, context }
        state.addStatus(sha, status)
        return made(shape.status(sha, status))
      },
    },

    'repos/list-deployments': {
      needs: { deployments: 'read' },
      do(asked) {
        const those = state.deployments.filter((one) =>
          (['sha', 'task', 'environment'] as const).every((name) =>
            [null, 'none', one[name]].includes(asked.query.get(name)),
          ),
        )
        return page([...those].reverse(), asked, shape.deployment)
      },
    },
    'repos/create-deployment': { needs: { deployments: 'write' }, do: ({ body }) => deploy(body as Json) },
    'repos/create-deployment-status': {
      needs: { deployments: 'write' },
      do({ params, body }) {
        const deployment = deploymentOf(params)
        if (!deployment) return notFound()
        const sent = body as Json
        const is = { state: sent.state as string, url: (sent.environment_url as string | undefined) || null, sent }
        deployment.states.push(is)
        if (sent.state === 'success' && sent.auto_inactive !== false) endOthers(deployment)
        return made(shape.deploymentStatus(deployment, is))
      },
    },
    'repos/delete-deployment': {
      needs: { deployments: 'write' },
      do({ params }) {
        const deployment = deploymentOf(params)
        if (!deployment) return notFound()
        const isActive = deployment.states.at(-1)?.state !== 'inactive'
        if (isActive && state.deployments.length > 1)
          return refused(
            422,
            'We cannot delete an active deployment unless it is the only deployment in a given repository.',
          )
        state.deployments.splice(state.deployments.indexOf(deployment), 1)
        return { status: 204 }
      },
    },
  }
  return all

  /** What GitHub does where it is not told to leave it: it merges the base in, and waits for every status. */
  function deploy(sent: Json): Answer {
    const ref = sent.ref as string
    const sha = state.commits.find(ref) ?? state.branch(ref)
    if (sha === undefined) return refused(422, `No ref found for: ${ref}`)
    const statuses = state.statuses.get(sha) ?? []
    if (sent.auto_merge !== false && state.commits.beyond(state.headOf('main'), sha).length > 0)
      return { status: 202, body: { message: `Auto-merged main into ${ref} on deployment.` } }
    const required = sent.required_contexts as string[] | undefined
    const newest = new Map(statuses.map((one) => [one.context, one.state]))
    const open = (required ?? [...newest.keys()]).filter((context) => newest.get(context) !== 'success')
    if (open.length > 0) return refused(409, `Conflict: Commit status checks failed for ${ref}.`)
    const { task = 'deploy', environment = 'production', description = null } = sent as Record<string, string>
    const deployment = { id: state.nextId(), sha, task, environment, description, sent, states: [] }
    state.deployments.push(deployment)
    return made(shape.deployment(deployment))
  }

  /** https://docs.github.com/rest/deployments/statuses: those that are neither transient nor of production. */
  function endOthers(deployment: StandInDeployment): void {
    for (const other of state.deployments) {
      if (other === deployment || other.environment !== deployment.environment) continue
      if (other.sent.transient_environment === true || other.sent.production_environment === true) continue
      other.states.push({ state: 'inactive', url: null, sent: {} })
    }
  }
}

export const notFound = () => refused(404, 'Not Found')

export function refused(status: number, message: string, headers?: Record<string, string>): Answer {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) }
  return { status, headers, body }
}

function invalid(resource: string, field: string, message: string): Answer {
  const body = {
    message: 'Validation Failed',
    errors: [{ resource, code: 'custom', field, message }],
    documentation_url: 'https://docs.github.com/rest',
    status: '422',
  }
  return { status: 422, body }
}
