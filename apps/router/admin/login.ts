import type { Request, Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import type { RouterContext } from '../context.ts'
import { isSame } from '../../shared/secret.ts'
import { callerOf } from '../access/caller.ts'
import { noteFailedLogins } from '../access/failed-logins.ts'
import type { Refusals } from '../access/refusals.ts'
import type { Route } from '../access/route.ts'
import { isOwnOrigin } from '../../shared/own-origin.ts'
import { localPath } from '../access/same-origin.ts'
import { setCookie } from '../access/session-cookie.ts'
import { openSessions } from '../access/sessions.ts'
import { brandIn } from '../pages/brand.ts'
import { opensIn, triesLeft } from '../access/tries.ts'
import { loginPage } from '../pages/render.ts'
import { sendOn, sendPage } from './respond.ts'

/**
 * Wrong tokens a minute and address. Counts only the form, which only Lotan's own page can send: any page can make its
 * reader open a login link. The right token passes regardless, since many people may share an address; a token of 16
 * characters or more cannot be guessed. A form that was shut is so on that page alone, until the minute is over.
 */
const TRIES_A_MINUTE = 5

export function loginRoutes(
  { config, store, log }: Pick<RouterContext, 'config' | 'store' | 'log'>,
  refusals: Refusals,
): Route[] {
  const { adminToken, publicUrl } = config
  const secure = publicUrl.protocol === 'https:'
  const sessions = openSessions(config, store)
  const noteFailed = noteFailedLogins(log)

  const limit = rateLimit({
    windowMs: 60_000,
    limit: TRIES_A_MINUTE,
    keyGenerator: (req) => ipKeyGenerator(req.ip ?? 'unknown'),
    standardHeaders: false,
    legacyHeaders: false,
    handler: (req, res) => {
      sendPage(
        res,
        429,
        loginPage({ ...config, wrong: { opensIn: opensIn(req, res), page: backOf(req) } }, brandIn(res)),
      )
    },
  })

  return [
    { method: 'GET', path: '/login', needs: 'public', handle: openLink },
    { method: 'POST', path: '/login', needs: 'public', body: { type: 'form', limit: 4_096 }, handle: sendForm },
    { method: 'POST', path: '/logout', needs: 'public', handle: logOut },
  ]

  function openLink(req: Request, res: Response) {
    if (typeof req.query.token !== 'string') return sendPage(res, 200, loginPage(config, brandIn(res)))
    // A link is opened as a document; an image or frame on another page is not.
    const { 'sec-fetch-dest': dest } = req.headers
    if (dest !== undefined && dest !== 'document') return refusals.otherSite(req, res)
    return isRight(req.query.token) ? logIn(req, res, '/') : refuseLink(req, res)
  }

  function refuseLink(req: Request, res: Response) {
    noteFailed(req.ip, 'link')
    return sendWrong(res, null)
  }

  /** Another site may not log its reader in either, who has no session yet. */
  function sendForm(req: Request, res: Response) {
    if (req.headers.origin !== undefined && !isOwnOrigin(req.headers, req.protocol, config))
      return refusals.otherSite(req, res)
    const body = req.body as Record<string, unknown> | undefined
    if (isRight(body?.token)) return logIn(req, res, backOf(req))
    noteFailed(req.ip, 'form')
    return limit(req, res, () => sendWrong(res, triesLeft(req)))
  }

  function logOut(req: Request, res: Response) {
    const { session, who } = callerOf(res)
    if (session !== undefined) {
      store.sessions.end(session)
      log.info({ who, address: req.ip, session }, 'logged out')
    }
    return res.append('Set-Cookie', setCookie(null, secure)).redirect(303, '/')
  }

  function isRight(token: unknown) {
    return typeof token === 'string' && isSame(token.trim(), adminToken)
  }

  function logIn(req: Request, res: Response, to: string) {
    const secret = sessions.begin({ user: 'admin', via: 'link', can: 'admin' }, req)
    log.info({ who: 'admin', address: req.ip, via: 'link' }, 'logged in')
    res.append('Set-Cookie', setCookie(secret, secure))
    // Chromium takes a redirect for a part of the form, which may only go to this host; this one goes on to a preview's.
    return /^\/enter\?/.test(to) ? sendOn(res, to) : res.redirect(303, to)
  }

  /** @param left null for a link, which does not count */
  function sendWrong(res: Response, left: number | null) {
    return sendPage(res, 401, loginPage({ ...config, wrong: { triesLeft: left } }, brandIn(res)))
  }
}

/** The page a form was on, or the preview's page. */
export function backOf(req: Request): string {
  const path = localPath(req.headers.referer, req.headers.host)
  if (/^\/(login|logout|previews)(\?|$)/.test(path)) return '/'
  return path.replace(/^((?:\/repositories\/[^/?]+)?\/previews\/[^/?]+)\/.*$/, '$1')
}
