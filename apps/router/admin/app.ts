/** The app on the admin's own host: health, login, pages, API. Only nginx talks to it, on a unix socket. */
import { randomUUID } from 'node:crypto'
import express, { type NextFunction, type Request, type Response } from 'express'
import helmet from 'helmet'
import { adminRoutes } from './routes.ts'
import { apiRoutes } from '../api/routes.ts'
import type { RouterContext } from '../context.ts'
import { login, sendPage } from './login.ts'
import { messagePage, script, stylesheet } from '../pages/render.ts'
import { sendProblem } from '../api/problem.ts'
import { readiness, routerName } from '../readiness.ts'
import { onceRebuilt } from '../gateway/database-trust.ts'
import { isOurs } from '../access/same-origin.ts'

export function adminApp(context: RouterContext): express.Express {
  const { config, log } = context
  const auth = login({ config, log, isApi })
  const checkReadiness = readiness(context)

  const app = express()
  app.disable('x-powered-by')
  app.enable('case sensitive routing')
  // nginx replaces X-Forwarded-For and X-Forwarded-Proto: the last address is the client's.
  app.set('trust proxy', 1)
  app.use(
    helmet({
      // For responses without a policy of their own.
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
    next()
  })

  // Open, and on any host.
  app.get('/healthz', (_req, res) => res.set('Lotan-Router', routerName).json({ status: 'ok' }))
  app.get('/readyz', async (_req, res) => {
    const { status, checks } = await checkReadiness()
    res.status(status === 'ready' ? 200 : 503).json({ status, checks })
  })

  app.use((req, res, next) => {
    if (isOurs(req.headers.host, config)) return next()
    return respondError(req, res, 421, `This is ${config.domain}, and the request is for another host.`)
  })
  app.get('/lotan.css', asset('text/css', stylesheet))
  app.get('/lotan.js', asset('text/javascript', script))
  app.use(auth.router)
  app.use(auth.adminOnly)
  app.use(onceRebuilt(context, (req, res) => respondError(req, res.set('Retry-After', '10'), 503, REBUILDING)))
  app.use('/api/v1', apiRoutes(context, auth.ownOnly))
  app.use(adminRoutes(context, auth.ownOnly))
  app.use((req, res) => respondError(req, res, 404, 'There is nothing at this address.'))

  app.use((error: Error & { status?: number; type?: string }, req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error)
    const { status = 500 } = error
    if (status >= 400 && status < 500)
      return respondError(req, res, status, sentences[status] ?? 'The request cannot be read.')
    // The query is left out: it may hold the token.
    const id = randomUUID().slice(0, 8)
    log.error({ err: error, id, method: req.method, path: req.path }, 'request failed')
    return respondError(req, res, 500, `Something is wrong with Lotan. Its log says more, at ${id}.`)
  })
  return app
}

const REBUILDING = 'Lotan’s database was damaged, and is being rebuilt from what runs. That takes the engine to answer.'

const sentences: Record<number, string> = {
  400: 'The request cannot be read: its path or its body is not well formed.',
  413: 'The body is larger than anything Lotan takes.',
  415: 'The body is of a kind that Lotan does not take.',
}

const headings: Record<number, string> = {
  404: 'Nothing here',
  421: 'Another host',
  500: 'Lotan could not answer',
  503: 'Just a moment',
}

function respondError(req: Request, res: Response, status: number, sentence: string) {
  if (isApi(req)) return sendProblem(res, status, sentence)
  const link = { href: '/', name: 'Go to the admin page' }
  return sendPage(res, status, messagePage({ status, heading: headings[status] ?? 'Not understood', sentence, link }))
}

/** originalUrl, since a router sees only the rest of the path. */
function isApi({ originalUrl }: Request): boolean {
  return /^\/api(\/|\?|$)/.test(originalUrl)
}

/** The browser revalidates it each time. */
function asset(type: string, body: string) {
  return (_req: Request, res: Response) => res.set('Cache-Control', 'no-cache').type(type).send(body)
}
