/** The API below /api/v1: one file a resource, with its routes and their description. */
import express, { type RequestHandler, type Router } from 'express'
import type { RouterContext } from '../context.ts'
import { actions } from './actions.ts'
import { apiContext } from './context.ts'
import { events } from './events.ts'
import { logs } from './logs.ts'
import { openapi } from './openapi.ts'
import { previews } from './previews.ts'
import { sendProblem } from './problem.ts'
import { resource } from './resource.ts'
import { tags } from './tags.ts'
import { wait } from './wait.ts'

/** @param own lets a change pass only when Lotan's own page, or a program, asked for it */
export function apiRoutes(context: RouterContext, own: RequestHandler): Router {
  const router = express.Router({ caseSensitive: true })
  const api = apiContext(context, own)
  const description = openapi(context.config)
  router.use(previews(api), actions(api), wait(api), logs(api), events(api), tags(api))
  router.use(resource({ '/openapi.json': { get: [(_req, res) => res.json(description)] } }))
  router.use((req, res) =>
    sendProblem(res, 404, `The API has no ${req.path}. It is described at /api/v1/openapi.json.`),
  )
  return router
}
