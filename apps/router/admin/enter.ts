/** `/enter`: where a visitor of a preview is led who has no pass for it (gate/gate.ts), and leaves with a code for one. */
import type { Request, Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import { urlOf } from '../../shared/config/config.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { isSame } from '../../shared/secret.ts'
import { callerOf } from '../access/caller.ts'
import { noteFailedLogins } from '../access/failed-logins.ts'
import type { Refusals } from '../access/refusals.ts'
import { reloadOnce } from '../access/reload-once.ts'
import type { Route } from '../access/route.ts'
import { isOwnOrigin } from '../../shared/own-origin.ts'
import { setCookie } from '../access/session-cookie.ts'
import { openSessions } from '../access/sessions.ts'
import { opensIn, triesLeft } from '../access/tries.ts'
import type { RouterContext } from '../context.ts'
import { previewAtHost } from '../preview-at-host.ts'
import { brandIn } from '../pages/brand.ts'
import { enterPage } from '../pages/render.ts'
import { newsPage } from '../pages/visitor-pages.ts'
import type { Wrong } from '../pages/tries-words.ts'
import { sendError, sendOn, sendPage } from './respond.ts'

const PATH = '/enter'
/**
 * Wrong passwords a minute and address. Unlike the admin token a password may be guessed: the right one has to wait too.
 * Who is kept waiting by others of the same address has the login and share links still.
 */
const TRIES_A_MINUTE = 10

type EnterContext = Pick<RouterContext, 'config' | 'store' | 'gate' | 'log'>

export function enterRoutes({ config, store, gate, log }: EnterContext, refusals: Refusals): Route[] {
  const { publicUrl, domain } = config
  const secure = publicUrl.protocol === 'https:'
  const sessions = openSessions(config, store)
  const noteFailed = noteFailedLogins(log)
  const { password } = config.gate

  const limit = rateLimit({
    windowMs: 60_000,
    limit: TRIES_A_MINUTE,
    skipSuccessfulRequests: true,
    keyGenerator: (req) => ipKeyGenerator(req.ip ?? 'unknown'),
    standardHeaders: false,
    legacyHeaders: false,
    handler: (req, res) => {
      const place = placeIn(req)
      if (!place) return refusePlace(req, res)
      return sendEnterPage(place, res, 429, { opensIn: opensIn(req, res), page: req.originalUrl })
    },
  })

  const ask: Route = { method: 'GET', path: PATH, needs: 'public', handle: enter }
  if (password === null) return [ask]
  return [
    ask,
    { method: 'POST', path: PATH, needs: 'public', body: { type: 'form', limit: 4_096 }, handle: sendPassword },
  ]

  function enter(req: Request, res: Response) {
    // An image or a frame on another page is not a visit.
    const { 'sec-fetch-dest': dest } = req.headers
    if (dest !== undefined && dest !== 'document') return refusals.otherSite(req, res)
    const place = placeIn(req)
    if (!place) return refusePlace(req, res)
    if (!gate.isOn) return res.redirect(303, `${place.origin}${place.to}`)
    const { session } = callerOf(res)
    if (session !== undefined) return leadOn(session, place, req, res)
    const again = reloadOnce(req)
    if (again !== undefined) return sendOn(res, again, 401)
    return password === null ? refusals.noLogin(req, res) : sendEnterPage(place, res, 401)
  }

  function leadOn(session: string, { id, origin, to }: Place, req: Request, res: Response) {
    const code = gate.codes.make({ preview: id, session, to })
    if (code !== undefined) return res.redirect(303, `${origin}/.lotan/enter?code=${code}`)
    log.warn({ address: req.ip, preview: id }, 'a visitor is led in a circle: the browser keeps no pass')
    const sentence =
      'Your login is known here, but your browser sends the preview no cookie. Allow cookies for its address, then open it again.'
    const link = { href: `${origin}${to}`, name: 'Open it again' }
    return sendPage(
      res,
      403,
      newsPage({ status: 403, heading: 'The browser keeps no pass', sentence, link }, brandIn(res, id)),
    )
  }

  /** Another site may not log its reader in, who has no session yet. */
  function sendPassword(req: Request, res: Response) {
    if (req.headers.origin !== undefined && !isOwnOrigin(req.headers, req.protocol, config))
      return refusals.otherSite(req, res)
    const place = placeIn(req)
    if (!place) return refusePlace(req, res)
    return limit(req, res, () => {
      const given = (req.body as Record<string, unknown> | undefined)?.password
      if (typeof given === 'string' && isSame(given.trim(), password!)) return letIn(req, res)
      noteFailed(req.ip, 'password')
      return sendEnterPage(place, res, 401, { triesLeft: triesLeft(req) })
    })
  }

  function letIn(req: Request, res: Response) {
    const secret = sessions.begin({ user: 'visitor', via: 'password', can: 'public' }, req)
    log.info({ who: 'visitor', address: req.ip, via: 'password' }, 'logged in')
    res.append('Set-Cookie', setCookie(secret, secure))
    // Chromium takes a redirect for a part of the form, which may only go to this host; this one goes on to a preview's.
    return sendOn(res, req.originalUrl)
  }

  interface Place {
    id: PreviewId
    host: string
    origin: string
    to: string
  }

  function placeIn({ query: { at, to } }: Request): Place | undefined {
    if (typeof at !== 'string') return undefined
    const found = previewAtHost(`${at}.${domain}`, config, store)
    if (!found || found.id === null) return undefined
    const host = `${found.label}.${domain}`
    const isPath = typeof to === 'string' && to.startsWith('/')
    return { id: found.id, host, origin: urlOf(host, config), to: isPath ? to : '/' }
  }

  function refusePlace(req: Request, res: Response) {
    return sendError(req, res, 'no-tag', 'This address names no preview.')
  }

  function sendEnterPage({ id }: Place, res: Response, status: number, wrong?: Wrong) {
    return sendPage(res, status, enterPage({ ...config, id, wrong }, brandIn(res, id)))
  }
}
