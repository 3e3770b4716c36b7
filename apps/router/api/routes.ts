/** The API below /api/v1: one file a resource, with its routes and their description. */
import type { Request, Response } from 'express'
import type { Route } from '../access/route.ts'
import type { RouterContext } from '../context.ts'
import { actionRoutes } from './actions.ts'
import { approveRoutes } from './approve.ts'
import { apiContext } from './context.ts'
import { copyRoutes } from './copies.ts'
import { changeRoutes } from './changes.ts'
import { eventRoutes } from './events.ts'
import { explainRoutes } from './explain.ts'
import { fileRoutes } from './files.ts'
import { historyRoutes } from './history.ts'
import { logRoutes } from './logs.ts'
import { describe, openapi } from './conventions/openapi.ts'
import type { ApiRoute } from './conventions/operation.ts'
import { isAboutOne, sendNoRepository, withRepositories } from './conventions/repositories.ts'
import { pinRoutes } from './pin.ts'
import { previewRoutes } from './previews.ts'
import { sendNoPreview } from './conventions/preview-problem.ts'
import { repositoryRoutes } from './repositories.ts'
import { resetRoutes } from './reset.ts'
import { secretRoutes } from './secrets.ts'
import { sessionRoutes } from './sessions.ts'
import { shareRoutes } from './shares.ts'
import { snapshotRoutes } from './snapshots.ts'
import { statsRoutes } from './stats.ts'
import { systemRoutes } from './system.ts'
import { sendProblem } from './conventions/problem.ts'
import { readQuery } from './conventions/query.ts'
import { previewIn, repositoryOf, resolveTag } from './conventions/input.ts'
import { callerOf } from '../access/caller.ts'
import { tagRoutes } from './tags.ts'
import { ticketRoutes } from './tickets.ts'
import { tokenRoutes } from './tokens.ts'
import { volumeRoutes } from './volumes.ts'
import { waitRoutes } from './wait.ts'

export function apiRoutes(context: RouterContext): (Route & Pick<ApiRoute, 'operation'>)[] {
  const api = apiContext(context)
  const { repositories } = context.config
  const routes: ApiRoute[] = withRepositories([
    ...previewRoutes(api),
    ...actionRoutes(api),
    ...pinRoutes(api),
    ...approveRoutes(api),
    ...waitRoutes(api),
    ...historyRoutes(api),
    ...explainRoutes(api),
    ...statsRoutes(api),
    ...logRoutes(api),
    ...eventRoutes(api),
    ...tagRoutes(api),
    ...repositoryRoutes(api),
    ...changeRoutes(api),
    ...snapshotRoutes(api),
    ...resetRoutes(api),
    ...volumeRoutes(api),
    ...fileRoutes(api),
    ...secretRoutes(api),
    ...shareRoutes(api),
    ...copyRoutes(api),
    ...sessionRoutes(api),
    ...ticketRoutes(api),
    ...tokenRoutes(api),
    ...systemRoutes(api),
    { method: 'GET', path: '/openapi.json', needs: 'read', operation: describe, handle: sendDescription },
  ])
  const description = openapi(context.config, routes)
  return routes.map((route) => ({ ...route, path: `/api/v1${route.path}`, handle: checked(route) }))

  function sendDescription(_req: Request, res: Response) {
    res.json(description)
  }

  /**
   * No handler sees a repository that is not listed, a tag that is none, or a parameter that its route does not take. A
   * preview that the caller’s token is not for is one that it knows nothing of.
   */
  function checked(route: ApiRoute): Route['handle'] {
    const { path, query, handle } = route
    return (req, res) => {
      const name = repositoryOf(req)
      if (isAboutOne(route) && !repositories.some((one) => one.name === name))
        return sendNoRepository(res, name, repositories)
      const isKnown = () => resolveTag(req, context.store) && callerOf(res).sees(previewIn(req))
      if (path.includes(':tag') && !isKnown()) return sendNoPreview(res, previewIn(req))
      const sent = readQuery(query, req.query)
      return typeof sent === 'string' ? sendProblem(res, 'bad-parameter', sent) : handle(req, res, sent)
    }
  }
}
