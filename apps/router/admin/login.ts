/** Login, logout, and the checks that let a request pass: all but `/healthz` and `/readyz` go through here. */
import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import { ipKeyGenerator, rateLimit, type AugmentedRequest } from 'express-rate-limit'
import type { Config } from '../../shared/config/config.ts'
import type { Log } from '../../shared/log.ts'
import { isToken, proofOf, provesLogin, setCookie } from '../access/session-cookie.ts'
import { loginPage, messagePage, type Page } from '../pages/render.ts'
import { sendProblem } from '../api/problem.ts'
import { asPath, isOwn, isOwnOrigin, localPath } from '../access/same-origin.ts'

/**
 * Wrong tokens a minute and address. Counts only the form, which only Lotan's own page can send: any page can make its
 * reader open a login link. The right token passes regardless, since many people may share an address; a token of 16
 * characters or more cannot be guessed.
 */
const TRIES_A_MINUTE = 5

/** The end of a login page's address after it reloaded itself, which it does once. */
const RELOADED = 'again'
const hasReloaded = new RegExp(`[?&]${RELOADED}$`)

/** @param isApi whether a request gets problems instead of pages */
export function login({ config, log, isApi }: { config: Config; log: Log; isApi: (req: Request) => boolean }) {
  const { adminToken, repository, domain, publicUrl } = config
  const secure = publicUrl.protocol === 'https:'

  const limit = rateLimit({
    windowMs: 60_000,
    limit: TRIES_A_MINUTE,
    keyGenerator: (req) => ipKeyGenerator(req.ip ?? 'unknown'),
    standardHeaders: false,
    legacyHeaders: false,
    handler: (req, res) => {
      const { resetTime } = (req as AugmentedRequest).rateLimit!
      const wait = Math.max(1_000, resetTime!.getTime() - Date.now())
      log.warn({ address: req.ip }, 'too many wrong admin tokens')
      res.set('Retry-After', String(Math.ceil(wait / 1_000)))
      sendPage(res, 429, loginPage({ repository, domain, wrong: 'too often' }))
    },
  })

  const isRight = (token: unknown) => typeof token === 'string' && isToken(token.trim(), adminToken)

  function logIn(req: Request, res: Response, to: string) {
    log.info({ address: req.ip }, 'logged in')
    return res.append('Set-Cookie', setCookie(proofOf(adminToken, Date.now()), secure)).redirect(303, to)
  }

  function refuseToken(req: Request, res: Response) {
    log.warn({ address: req.ip }, 'wrong admin token')
    return sendPage(res, 401, loginPage({ repository, domain, wrong: 'once' }))
  }

  const router: Router = express.Router({ caseSensitive: true })

  router.get('/login', (req, res) => {
    if (typeof req.query.token !== 'string') return sendPage(res, 200, loginPage({ repository, domain }))
    // A link is opened as a document; an image or frame on another page is not.
    const { 'sec-fetch-dest': dest } = req.headers
    if (dest !== undefined && dest !== 'document') return refuse(req, res, false)
    return isRight(req.query.token) ? logIn(req, res, '/') : refuseToken(req, res)
  })

  router.post(
    '/login',
    (req, res, next) => {
      if (req.headers.origin === undefined || isOwnOrigin(req.headers, req.protocol, config)) return next()
      return refuse(req, res, false)
    },
    express.urlencoded({ extended: false, limit: '4kb' }),
    (req, res, next) => {
      const body = req.body as Record<string, unknown> | undefined
      return isRight(body?.token) ? logIn(req, res, backOf(req)) : next()
    },
    limit,
    refuseToken,
  )

  router.post('/logout', (req, res) => {
    if (credentialOf(req) === 'cookie' && !isOwn(req.headers, req.protocol, config)) return refuse(req, res, false)
    return res.append('Set-Cookie', setCookie(null, secure)).redirect(303, '/')
  })

  /** A wrong bearer token is not made up for by a cookie. */
  function credentialOf(req: Request): 'bearer' | 'cookie' | undefined {
    const bearer = /^bearer +(.*)$/i.exec(req.headers.authorization ?? '')
    if (bearer) return isToken(bearer[1]!.trim(), adminToken) ? 'bearer' : undefined
    return provesLogin(req.headers.cookie, adminToken, secure, Date.now()) ? 'cookie' : undefined
  }

  function adminOnly(req: Request, res: Response, next: NextFunction) {
    if (credentialOf(req))
      return req.method === 'GET' && !isApi(req) && hasReloaded.test(req.originalUrl)
        ? res.redirect(303, asPath(req.originalUrl.replace(hasReloaded, '')))
        : next()
    if (isApi(req)) {
      res.set('WWW-Authenticate', 'Bearer realm="lotan"')
      const detail = 'Send the admin token as "Authorization: Bearer TOKEN", or log in on the admin page.'
      return sendProblem(res, 401, detail)
    }
    if (mayHaveCookie(req)) {
      const { originalUrl: uri } = req
      res.set('Refresh', `0; url=${asPath(uri)}${uri.includes('?') ? '&' : '?'}${RELOADED}`)
    }
    return sendPage(res, 401, loginPage({ repository, domain }))
  }

  /**
   * Whether the browser may hold a login that it did not send: SameSite=Strict cookies are left out when a link on
   * another site is followed. Over plain HTTP browsers do not tell the site, and many sites suppress the Referer: then
   * one reload tries.
   */
  function mayHaveCookie(req: Request): boolean {
    if (req.method !== 'GET' || hasReloaded.test(req.originalUrl)) return false
    const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, referer, host } = req.headers
    if (site !== undefined) return site === 'cross-site' && mode === 'navigate'
    return !referer || URL.parse(referer)?.host !== URL.parse(`http://${host}`)?.host
  }

  /** Lets a change pass only when Lotan's own page, or a program with the token, made it. */
  function ownOnly(req: Request, res: Response, next: NextFunction) {
    if (credentialOf(req) === 'bearer' || isOwn(req.headers, req.protocol, config)) return next()
    return refuse(req, res, isApi(req))
  }

  function refuse(req: Request, res: Response, asProblem: boolean) {
    log.warn(
      { path: req.path, origin: req.headers.origin, site: req.headers['sec-fetch-site'] },
      'another site asked for a change',
    )
    const sentence = 'Another site asked for this. Changes are made from the admin page, or with the admin token.'
    if (asProblem) return sendProblem(res, 403, sentence)
    const link = { href: '/', name: 'Go to the admin page' }
    return sendPage(res, 403, messagePage({ status: 403, heading: 'Nothing was changed', sentence, link }))
  }

  return { router, adminOnly, ownOnly }
}

/** The page a form was on, or the preview's page. Always on this host. */
export function backOf(req: Request): string {
  const path = localPath(req.headers.referer, req.headers.host)
  if (/^\/(login|logout|previews)(\?|$)/.test(path)) return '/'
  return path.replace(/^(\/previews\/[^/?]+)\/.*$/, '$1')
}

/** A page that no page may frame (clickjacking). */
export function sendPage(res: Response, status: number, { html, csp }: Page) {
  res.status(status).set('Content-Security-Policy', `${csp}; frame-ancestors 'none'`).type('html').send(html)
}
