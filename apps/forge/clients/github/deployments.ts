/** One environment for all previews, and a task for each: an environment a pull request would pile up, and is never removed. */
import { fieldsOf, idOf, isFields } from '../fields.ts'
import { ForgeError, type DeploymentState, type Forge } from '../forge.ts'
import type { openSession } from './session.ts'

const READ = { does: 'read deployments', right: '"Deployments: read"' }
const DEPLOY = { does: 'write a deployment', right: '"Deployments: write"' }
const ENVIRONMENT = 'preview'

export function openDeployments(session: ReturnType<typeof openSession>): NonNullable<Forge['deployments']> {
  async function setState(id: string, state: DeploymentState, url: string | null): Promise<void> {
    await session.write(DEPLOY, (octokit, given) =>
      octokit.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
        ...given,
        ...{ deployment_id: Number(id), state, environment: ENVIRONMENT },
        ...(url !== null && { environment_url: url }),
        // Else GitHub ends the deployments of all others in this environment.
        auto_inactive: false,
      }),
    )
  }

  return {
    async add({ sha, task, description }) {
      const { data } = await session.write(DEPLOY, (octokit, given) =>
        octokit.request('POST /repos/{owner}/{repo}/deployments', {
          ...given,
          ...{ ref: sha, task, description, environment: ENVIRONMENT },
          ...{ transient_environment: true, production_environment: false },
          // Else GitHub merges the base into the branch, and refuses while a check is open.
          auto_merge: false,
          required_contexts: [],
        }),
      )
      return String(idOf(fieldsOf(data, 'a deployment').id, 'a deployment'))
    },

    setState,

    async remove(id) {
      await unlessGone(setState(id, 'inactive', null))
      const removed = session.write(DEPLOY, (octokit, given) =>
        octokit.request('DELETE /repos/{owner}/{repo}/deployments/{deployment_id}', {
          ...given,
          deployment_id: Number(id),
        }),
      )
      await unlessGone(removed)
    },

    async find(task) {
      const found: string[] = []
      const all = session.pages(READ, (octokit, given) =>
        octokit.request('GET /repos/{owner}/{repo}/deployments', { ...given, task, environment: ENVIRONMENT }),
      )
      // Looked at once more: what it finds is ended.
      for await (const one of all)
        if (isFields(one) && one.task === task && one.environment === ENVIRONMENT)
          found.push(String(idOf(one.id, 'a deployment')))
      return found
    },
  }
}

async function unlessGone(asked: Promise<unknown>): Promise<void> {
  try {
    await asked
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'missing') throw error
  }
}
