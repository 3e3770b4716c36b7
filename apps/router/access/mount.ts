/** Mounts tables of routes. A request passes, in this order: caller, scope, origin, body, handler. */
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import type { Config } from '../../shared/config/config.ts'
import { callerOf, may, scopes, type Scope } from './caller.ts'
import type { Refusals } from './refusals.ts'
import { allowOf, changesSomething, type Route } from './route.ts'
import { isOwn } from './same-origin.ts'

const verbs = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const

/** A method that a path lacks is answered with 405, but only to callers who may use another one of it. */
export function mount(
  routes: readonly Route[],
  { config, refusals }: { config: Pick<Config, 'domain' | 'publicUrl'>; refusals: Refusals },
): Router {
  const router = express.Router({ caseSensitive: true })
  for (const [path, rows] of Map.groupBy(routes, (route) => route.path)) {
    const at = router.route(path)
    for (const row of rows) at[verbs[row.method]](allowed(row.needs), fromOwnPage(row), ...parsersOf(row), row.handle)
    at.all(allowed(leastScope(rows)), (req, res) => refusals.wrongMethod(req, res, allowOf(rows)))
  }
  return router

  function allowed(needs: Scope): RequestHandler {
    return (req, res, next) => {
      const caller = callerOf(res)
      if (may(caller, needs)) return next()
      return caller.via === 'none' ? refusals.noLogin(req, res) : refusals.scope(req, res, needs)
    }
  }

  /** A browser sends the cookie with requests that other pages make; a program's token comes from the program alone. */
  function fromOwnPage(route: Route): RequestHandler {
    return (req: Request, res: Response, next) => {
      const isFromOwnPage = () => isOwn(req.headers, req.protocol, config)
      if (!changesSomething(route) || callerOf(res).via !== 'session' || isFromOwnPage()) return next()
      return refusals.otherSite(req, res)
    }
  }
}

function parsersOf({ body }: Route): RequestHandler[] {
  if (!body) return []
  const { type, limit } = body
  if (type === 'form') return [express.urlencoded({ extended: false, limit })]
  return [type === 'json' ? express.json({ limit }) : express.raw({ limit, type: () => true, inflate: false })]
}

function leastScope(rows: readonly Route[]): Scope {
  return scopes.find((scope) => rows.some(({ needs }) => needs === scope))!
}
