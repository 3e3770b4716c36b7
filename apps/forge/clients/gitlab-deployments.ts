/**
 * Deployments at GitLab. One environment shows one deployment there, its newest: so each task has one of its own, such as
 * `preview/app/pr-3001`, as review apps have. The deployment's id stands for both.
 */
import { fieldsOf, idOf, listOf, textOf } from './fields.ts'
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
  const pathOf = (id: string) => `${project}/deployments/${encodeURIComponent(id)}`

  /** With the environment that it is of; undefined where it is gone. */
  async function read(id: string) {
    const given = await there(gitlab.get(pathOf(id)))
    if (given === undefined) return undefined
    const { status, environment } = fieldsOf(given, 'a deployment')
    const what = 'an environment'
    const { id: environmentId, name, external_url: url } = fieldsOf(environment, what)
    return {
      status: textOf(status, 'a deployment'),
      environment: { path: `${project}/environments/${idOf(environmentId, what)}`, name: textOf(name, what), url },
    }
  }

  async function newestOf(environment: string): Promise<string | undefined> {
    const query = { environment, order_by: 'id', sort: 'desc', per_page: 1 }
    const [newest] = listOf(await gitlab.get(`${project}/deployments`, query), 'deployments')
    return newest === undefined ? undefined : idIn(newest)
  }

  async function stop({ path }: { path: string }): Promise<void> {
    await there(gitlab.post(`${path}/stop`))
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
      return idIn(await gitlab.post(`${project}/deployments`, deployment))
    },

    async setState(id, state, url) {
      const deployment = await read(id)
      if (!deployment) return
      const { environment, status: was } = deployment
      if (state === 'inactive') {
        // The environment of an older one is that of the newest, too.
        if ((await newestOf(environment.name)) === id) await stop(environment)
        return
      }
      if (url !== null && url.length <= LONGEST && environment.url !== url)
        await there(gitlab.put(environment.path, { external_url: url }))
      // One that has ended does not run again, and GitLab refuses the status that it has.
      const status = statusNames[state]
      if (was === status || (status === 'running' && was !== 'created')) return
      await there(gitlab.put(pathOf(id), { status }))
    },

    async remove(id) {
      const deployment = await read(id)
      if (!deployment) return
      const { environment } = deployment
      // An older one is the environment's history, which goes with it.
      if ((await newestOf(environment.name)) !== id) return
      await stop(environment)
      await there(gitlab.delete(environment.path))
    },

    async find(task) {
      const newest = await newestOf(environmentOf(task))
      return newest === undefined ? [] : [newest]
    },
  }
}

function idIn(given: unknown): string {
  return String(idOf(fieldsOf(given, 'a deployment').id, 'a deployment'))
}

/** GitLab takes letters, digits and some signs: `lotan:app:pr-3001` is `preview/app/pr-3001`. */
function environmentOf(task: string): string {
  const pieces = task
    .replace(/^lotan:/, '')
    .split(/[:/]/)
    .map((piece) => piece.replace(/[^A-Za-z0-9_.-]/g, '-'))
  return ['preview', ...pieces.filter(Boolean)].join('/').slice(0, LONGEST)
}
