/** The API below /api/v1: one file a resource, with its routes and their description. */
import type { Request, Response } from 'express'
import type { Route } from '../access/route.ts'
import { isTag } from '../../shared/tag.ts'
import type { RouterContext } from '../context.ts'
import { actionRoutes } from './actions.ts'
import { apiContext } from './context.ts'
import { eventRoutes } from './events.ts'
import { logRoutes } from './logs.ts'
import { describe, openapi } from './openapi.ts'
import type { ApiRoute } from './operation.ts'
import { previewRoutes } from './previews.ts'
import { sendNoPreview } from './preview-problem.ts'
import { sendProblem } from './problem.ts'
import { readQuery } from './query.ts'
import { tagOf } from './input.ts'
import { tagRoutes } from './tags.ts'
import { waitRoutes } from './wait.ts'

export function apiRoutes(context: RouterContext): (Route & Pick<ApiRoute, 'operation'>)[] {
  const api = apiContext(context)
  const routes: ApiRoute[] = [
    ...previewRoutes(api),
    ...actionRoutes(api),
    ...waitRoutes(api),
    ...logRoutes(api),
    ...eventRoutes(api),
    ...tagRoutes(api),
    { method: 'GET', path: '/openapi.json', needs: 'read', operation: describe, handle: sendDescription },
  ]
  const description = openapi(context.config, routes)
  return routes.map((route) => ({ ...route, path: `/api/v1${route.path}`, handle: checked(route) }))

  function sendDescription(_req: Request, res: Response) {
    res.json(description)
  }
}

/** No handler sees a tag that is none, or a parameter that its route does not take. */
function checked({ path, query, handle }: ApiRoute): Route['handle'] {
  return (req, res) => {
    if (path.includes(':tag') && !isTag(tagOf(req))) return sendNoPreview(res, tagOf(req))
    const sent = readQuery(query, req.query)
    return typeof sent === 'string' ? sendProblem(res, 'bad-parameter', sent) : handle(req, res, sent)
  }
}
