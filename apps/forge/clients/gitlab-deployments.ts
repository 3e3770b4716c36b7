/**
 * Deployments at GitLab. One environment shows one deployment there, its newest: so each task has one of its own, such as
 * `preview/pr-3001`, as review apps have. The deployment's id stands for both.
 */
import { fieldsOf, type Fields } from './answer-fields.ts'
import type { DeploymentState, Forge } from './forge.ts'
import type { JsonApi } from './json-api.ts'
import { ifThere } from './missing.ts'

type Deployments = NonNullable<Forge['deployments']>

/** What GitLab calls it; `inactive` is the environment's to be. */
const statusNames: Record<Exclude<DeploymentState, 'inactive'>, string> = {
  queued: 'running',
  in_progress: 'running',
  success: 'success',
  failure: 'failed',
}

/** Of an environment's address and name. */
const LONGEST = 255

export function gitlabDeployments(gitlab: JsonApi, project: string): Deployments {
  const there = <T>(call: Promise<T>) => ifThere(call, () => gitlab.get(project))

  async function read(id: string): Promise<Fields | undefined> {
    const given = await there(gitlab.get(`${project}/deployments/${encodeURIComponent(id)}`))
    return given === undefined ? undefined : fieldsOf(given, 'a deployment')
  }

  async function newestOf(environment: string): Promise<string | undefined> {
    const query = { environment, order_by: 'id', sort: 'desc', per_page: 1 }
    const given = await gitlab.get(`${project}/deployments`, query)
    const first = Array.isArray(given) ? (given[0] as unknown) : undefined
    return first === undefined ? undefined : String(fieldsOf(first, 'a deployment').id('id'))
  }

  async function stop(environment: Fields): Promise<void> {
    await there(gitlab.post(`${project}/environments/${environment.id('id')}/stop`))
  }

  return {
    async add({ sha, task }) {
      const deployment = {
        environment: environmentOf(task),
        sha,
        // GitLab asks for a branch or a tag, and takes a commit. A fork's branch is not there.
        ref: sha,
        tag: false,
        status: 'running',
      }
      const added = await gitlab.post(`${project}/deployments`, deployment)
      return String(fieldsOf(added, 'a deployment').id('id'))
    },

    async setState(id, state, url) {
      const deployment = await read(id)
      if (!deployment) return
      const environment = deployment.fields('environment')
      if (state === 'inactive') return stop(environment)
      if (url !== null && url.length <= LONGEST && environment.raw('external_url') !== url)
        await there(gitlab.put(`${project}/environments/${environment.id('id')}`, { external_url: url }))
      // One that has ended does not run again, and GitLab refuses the status that it has.
      const was = deployment.text('status')
      const status = statusNames[state]
      if (was === status || (status === 'running' && was !== 'created')) return
      await there(gitlab.put(`${project}/deployments/${encodeURIComponent(id)}`, { status }))
    },

    async remove(id) {
      const deployment = await read(id)
      if (!deployment) return
      const environment = deployment.fields('environment')
      // An older one is the environment's history, which goes with it.
      if ((await newestOf(environment.text('name'))) !== id) return
      await stop(environment)
      await there(gitlab.delete(`${project}/environments/${environment.id('id')}`))
    },

    async find(task) {
      const newest = await newestOf(environmentOf(task))
      return newest === undefined ? [] : [newest]
    },
  }
}

/** GitLab takes letters, digits and some signs. A task that ends with its tag, as `lotan/pr-3001`, gives `preview/pr-3001`. */
function environmentOf(task: string): string {
  const name = task.replace(/^.*[/:]/, '').replace(/[^A-Za-z0-9_.-]/g, '-')
  return `preview/${name}`.slice(0, LONGEST)
}
