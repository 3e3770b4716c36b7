import type { Request, Response } from 'express'
import { z } from 'zod'
import { offeredTag, type OfferedTag } from '../../shared/api/offered-tag.ts'
import { urlOf } from '../../shared/config/config.ts'
import { hostOf } from '../../shared/tag.ts'
import { callerOf, type Caller } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { answer, type ApiRoute, type Operation } from './operation.ts'
import { idOf, NAMELESS } from '../../shared/preview/preview-id.ts'

const listTags: Operation = {
  operationId: 'listTags',
  summary: 'The tags that the registry offers.',
  responses: { 200: answer('By name.', z.array(offeredTag)) },
}

export function tagRoutes({ config, store, changes }: ApiContext): ApiRoute[] {
  const handle = (_req: Request, res: Response) => res.json(list(callerOf(res)))
  return [{ method: 'GET', path: '/tags', needs: 'read', operation: listTags, handle }]

  function list({ sees }: Caller): OfferedTag[] {
    const offered = store.offered(NAMELESS).filter(({ tag }) => config.offers(tag) && sees(tag))
    const previews = new Map(changes.previews().map((preview) => [idOf(preview), preview]))
    return offered.map(({ tag, digest: known }) => {
      const id = idOf({ repository: NAMELESS, tag })
      const preview = previews.get(id)
      const host = hostOf(id, config)
      const digest = known ?? preview?.image?.digest ?? null
      return { tag, digest, preview: preview !== undefined, host, url: urlOf(host, config) }
    })
  }
}
