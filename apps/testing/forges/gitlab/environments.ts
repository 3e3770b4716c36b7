/** Environments and deployments of a stand-in GitLab, as its Deployment and Environment models have them. */
import type { StandInDeployment } from '../forge.ts'
import { fieldsOf } from '../parameters.ts'
import type { Answer, Asked } from '../server.ts'
import type { ForgeState } from '../state.ts'
import { found, invalid, notFound, refused as no } from './routes.ts'

interface Environment {
  id: number
  name: string
  state: 'available' | 'stopped'
  external_url: string | null
}

interface Deployment extends StandInDeployment {
  of: Environment
  status: string
}

const STATUSES = ['running', 'success', 'failed', 'canceled']
const NAME = /^[a-zA-Z0-9_${}. -]([a-zA-Z0-9_/${}. -]*[a-zA-Z0-9_${}. -])?$/

export function gitlabEnvironments(state: ForgeState) {
  let environments: Environment[] = []
  const deployments = state.deployments as Deployment[]

  function shown({ id, of, sha, status }: Deployment) {
    const { id: environment, name, external_url } = of
    return { id: Number(id), iid: Number(id), ref: sha, sha, status, environment: { id: environment, name, external_url }, deployable: null } // prettier-ignore
  }

  function add({ body }: Asked): Answer {
    const { environment: name, sha, ref, status } = fieldsOf(body) as Record<string, string>
    if (!status || !STATUSES.includes(status)) return invalid('status does not have a valid value')
    if (!ref || state.commits.find(ref) === undefined) return no(400, { ref: ['The branch or tag does not exist'] })
    if (!name || name.length > 255 || !NAME.test(name)) return no(400, { name: ['can contain only letters, digits …'] })
    if (!sha || state.commits.find(sha) === undefined) return no(400, { sha: ['The commit does not exist'] })
    let of = environments.find((one) => one.name === name)
    if (!of) environments.push((of = { id: Number(state.nextId()), name, state: 'available', external_url: null }))
    const made: Deployment = {
      id: state.nextId(),
      sha,
      task: name,
      environment: name,
      description: null,
      sent: { ...fieldsOf(body) },
      states: [{ state: status, url: null, sent: { ...fieldsOf(body) } }],
      of,
      status,
    }
    deployments.push(made)
    return found(shown(made), 201)
  }

  function update(deployment: Deployment, { body }: Asked): Answer {
    const status = String(fieldsOf(body).status)
    if (!STATUSES.includes(status)) return invalid('status does not have a valid value')
    // From `created` alone it can begin to run; to what it is already it cannot change.
    if (status === 'running' ? deployment.status !== 'created' : deployment.status === status) return no(400, {})
    deployment.status = status
    deployment.states.push({ state: status, url: deployment.of.external_url, sent: { ...fieldsOf(body) } })
    if (status === 'success') deployment.of.state = 'available'
    return found(shown(deployment))
  }

  function listed({ query }: Asked): Answer {
    const name = query.get('environment')
    const all = deployments.filter((one) => name === null || one.of.name === name)
    if (query.get('sort') === 'desc') all.reverse()
    return found(all.slice(0, Number(query.get('per_page') ?? 20)).map(shown))
  }

  function ofEnvironment(environment: Environment, request: Asked, action: string | undefined): Answer | undefined {
    if (request.method === 'PUT' && action === undefined) {
      const { external_url: url } = fieldsOf(request.body)
      if (typeof url !== 'string' || url.length > 255) return no(400, { external_url: ['is too long (maximum is 255 characters)'] }) // prettier-ignore
      environment.external_url = url
      return found(environment)
    }
    if (request.method === 'POST' && action === 'stop') {
      environment.state = 'stopped'
      return found(environment)
    }
    if (request.method === 'DELETE' && action === undefined) {
      if (environment.state !== 'stopped') return no(403, '403 Forbidden')
      environments = environments.filter((one) => one !== environment)
      deployments.splice(0, Infinity, ...deployments.filter((one) => one.of !== environment))
      return { status: 204 }
    }
    return undefined
  }

  return {
    /** Undefined where there is no such route. */
    answer(request: Asked, [what, which, action]: string[]): Answer | undefined {
      if (what !== 'environments' && what !== 'deployments') return undefined
      if (what === 'environments') {
        const environment = environments.find(({ id }) => String(id) === which)
        return environment ? ofEnvironment(environment, request, action) : notFound()
      }
      if (which === undefined) return request.method === 'POST' ? add(request) : listed(request)
      const deployment = deployments.find(({ id }) => id === which)
      if (!deployment) return notFound()
      if (request.method === 'GET') return found(shown(deployment))
      return request.method === 'PUT' ? update(deployment, request) : undefined
    },
    all: () => environments.map(({ name, state, external_url: url }) => ({ name, state, url })),
  }
}
