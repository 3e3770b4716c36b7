/** Only nginx talks to it, on a unix socket. */
import express, { type NextFunction, type Request, type Response } from 'express'
import helmet from 'helmet'
import { callerOf, stranger } from '../access/caller.ts'
import { endStreams } from '../access/end-streams.ts'
import { mount } from '../access/mount.ts'
import { callersOf, type ReadCaller } from '../access/read-caller.ts'
import { KeysError } from '../access/trusted-jobs.ts'
import { refusalsOf, type Refusals } from '../access/refusals.ts'
import { beforeReload } from '../access/reload-once.ts'
import { isOurHost } from '../../shared/own-origin.ts'
import { linkProblems } from '../api/conventions/problem.ts'
import { apiRoutes } from '../api/routes.ts'
import { badgeRoutes, isBadge, sendUnknownBadge } from '../badge/routes.ts'
import type { RouterContext } from '../context.ts'
import { allowScrapers, metricsRoutes } from '../metrics/routes.ts'
import { requestIdOf, traced } from '../request-id.ts'
import type { ProblemName } from '../../shared/api/problems.ts'
import { showBrand } from '../pages/brand.ts'
import { hookRoutes } from '../hooks/routes.ts'
import { onceRebuilt } from '../gateway/database-trust.ts'
import { enterRoutes } from './enter.ts'
import { apiPageRoutes } from './api-page.ts'
import { fileRoutes } from './files.ts'
import { providerRoutes } from './login-provider.ts'
import { loginRoutes } from './login.ts'
import { previewRoutes } from './preview-routes.ts'
import { shellRoutes } from './shell-page.ts'
import { probeRoutes } from './probes.ts'
import { problemRoutes } from './problems.ts'
import { readableJson } from '../api/conventions/readable-json.ts'
import { isApi, sendError } from './respond.ts'
import { listRoutes } from './list-routes.ts'
import { systemPageRoutes } from './system-page.ts'

export function routesOf(context: RouterContext, refusals: Refusals) {
  const api = apiRoutes(context)
  return {
    anyHost: probeRoutes(context),
    open: [
      ...fileRoutes(context),
      ...badgeRoutes(context),
      ...problemRoutes,
      ...loginRoutes(context, refusals),
      ...enterRoutes(context, refusals),
      ...providerRoutes(context),
    ],
    /** Before anything is read of who asks. */
    hooks: hookRoutes(context),
    /** They tell of a damaged database, too. */
    metrics: metricsRoutes(context),
    closed: [
      ...api,
      ...apiPageRoutes(context.config, api),
      ...listRoutes(context),
      ...previewRoutes(context),
      ...shellRoutes(context),
      ...systemPageRoutes(context),
    ],
  }
}

export function adminApp(context: RouterContext, readCaller: ReadCaller = callersOf(context)): express.Express {
  const { config, log } = context
  const refusals = refusalsOf(context)
  const routes = routesOf(context, refusals)

  const app = express()
  app.disable('x-powered-by')
  linkProblems(app, config)
  showBrand(app, context.brand)
  app.enable('case sensitive routing')
  // nginx replaces X-Forwarded-For and X-Forwarded-Proto: the last address is the client's.
  app.set('trust proxy', 1)
  app.use(traced)
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { 'default-src': ["'none'"], 'base-uri': ["'none'"], 'frame-ancestors': ["'none'"] },
      },
      // helmet's own value makes the Origin of a form null.
      referrerPolicy: { policy: 'same-origin' },
      frameguard: { action: 'deny' },
      // Whatever ends TLS sets it, for previews too.
      strictTransportSecurity: false,
    }),
  )
  app.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store')
    res.locals.caller = stranger
    next()
  })

  app.use(readableJson())
  app.use(mount(routes.anyHost, { config, refusals }))
  app.use((req, res, next) => {
    if (isOurHost(req.headers.host, config)) return next()
    return sendError(req, res, 'wrong-host', `This is ${config.domain}, and the request is for another host.`)
  })
  app.use(mount(routes.hooks, { config, refusals }))
  app.use(async (req, res, next) => {
    try {
      res.locals.caller = await readCaller(req)
    } catch (error) {
      if (!(error instanceof KeysError)) throw error
      log.warn({ address: req.ip, err: error }, 'the keys of a trusted job’s issuer cannot be read')
      return sendError(req, res.set('Retry-After', '10'), 'no-keys', NO_KEYS)
    }
    return next()
  })
  app.use(allowScrapers(config))
  app.use(mount(routes.open, { config, refusals }))
  // Also where there is no route: only who is let in learns that.
  app.use((req, res, next) => (callerOf(res).via === 'none' ? refusals.noLogin(req, res) : next()))
  app.use((req, res, next) => {
    const uri = beforeReload(req)
    return uri !== undefined && !isApi(req) ? res.redirect(303, uri) : next()
  })
  app.use(mount(routes.metrics, { config, refusals }))
  app.use(onceRebuilt(context, (req, res) => sendError(req, res.set('Retry-After', '10'), 'rebuilding', REBUILDING)))
  app.use(endStreams())
  app.use(mount(routes.closed, { config, refusals }))
  app.use((req, res) => sendError(req, res, 'nothing-here', nothingAt(req.path)))

  app.use((error: Error & { status?: number; type?: string }, req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error)
    const { status = 500 } = error
    if (status === 400 && isBadge(req)) return sendUnknownBadge(res)
    if (status >= 400 && status < 500) return sendError(req, res, ...unreadable(status))
    // The query is left out: it may hold the token.
    log.error({ err: error, method: req.method, path: req.path }, 'request failed')
    const sentence = `Something is wrong with Lotan. Its log says more, at ${requestIdOf(res)}.`
    return sendError(req, res, 'internal-error', sentence)
  })
  return app
}

const REBUILDING = 'Lotan’s database was damaged, and is being rebuilt from what runs. That takes the engine to answer.'

const NO_KEYS =
  'Whether this token is right is not known: the server with the keys of its issuer does not answer Lotan. Try again.'

/** What Express could not read. */
function unreadable(status: number): [ProblemName, string] {
  if (status === 413) return ['too-large', 'The body is larger than anything Lotan takes.']
  if (status === 415) return ['wrong-type', 'The body is of a kind that Lotan does not take.']
  return ['unreadable', 'The request cannot be read: its path or its body is not well formed.']
}

function nothingAt(path: string): string {
  const inApi = /^\/api\/v1(?=\/|$)(.*)$/.exec(path)?.[1]
  if (inApi === undefined) return 'There is nothing at this address.'
  return `The API has no ${inApi || '/'}. It is described at /api/v1/openapi.json.`
}
