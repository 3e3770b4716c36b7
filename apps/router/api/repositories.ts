import type { Request, Response } from 'express'
import { z } from 'zod'
import { repository as repositorySchema, type RepositoryJson } from '../../shared/api/repository.ts'
import type { RegistryHealth } from '../../shared/health/registry.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import { hostOf } from '../../shared/tag.ts'
import { callerOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { answer, type ApiRoute, type Operation } from './conventions/operation.ts'

const listRepositories: Operation = {
  operationId: 'listRepositories',
  summary: 'The repositories whose tags may run.',
  responses: { 200: answer('The one without a name first, if there is one.', z.array(repositorySchema)) },
}

export function repositoryRoutes({ config, changes, reaper, log }: ApiContext): ApiRoute[] {
  return [{ method: 'GET', path: '/repositories', needs: 'read', operation: listRepositories, handle: list }]

  async function list(_req: Request, res: Response) {
    const health = await healthNow()
    const { sees } = callerOf(res)
    const seen = changes.previews().filter((preview) => sees(idOf(preview)))
    const told = config.repositories.map(({ name, reference }): RepositoryJson => ({
      name,
      reference,
      host: hostOf(idOf({ repository: name, tag: 'tag' }), config).replace(/^tag/, 'TAG'),
      previews: seen.filter(({ repository }) => repository === name).length,
      registry: jsonOf(health[name] ?? null),
    }))
    return res.json(told)
  }

  /** Repositories are told of without it. */
  async function healthNow(): Promise<Record<string, RegistryHealth | null>> {
    return reaper.registry().catch((error: Error) => {
      log.debug({ err: error }, 'the reaper did not say how registries are')
      return {}
    })
  }
}

function jsonOf(health: RegistryHealth | null): RepositoryJson['registry'] {
  return health && { at: new Date(health.at).toISOString(), tags: health.tags, error: health.error?.code ?? null }
}
