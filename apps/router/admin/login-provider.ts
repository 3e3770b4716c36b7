/** `/login/oidc`: begins a login at the provider, and is where its person comes back to. */
import type { Request, Response } from 'express'
import { urlOf } from '../../shared/config/config.ts'
import { loginCookie, loginOf } from '../access/login-cookie.ts'
import { openLoginProvider, ProviderError, type Known } from '../access/login-provider.ts'
import { scopeOf } from '../access/people.ts'
import type { Route } from '../access/route.ts'
import { localPath } from '../access/same-origin.ts'
import { setCookie } from '../access/session-cookie.ts'
import { openSessions } from '../access/sessions.ts'
import type { RouterContext } from '../context.ts'
import { brandIn } from '../pages/brand.ts'
import { newsPage } from '../pages/visitor-pages.ts'
import { sendPage } from './respond.ts'

const PATH = '/login/oidc'

export function providerRoutes({ config, store, log }: Pick<RouterContext, 'config' | 'store' | 'log'>): Route[] {
  const { publicUrl, domain, people } = config
  if (config.provider === null) return []
  const secure = publicUrl.protocol === 'https:'
  const provider = openLoginProvider(config.provider, `${urlOf(domain, config)}${PATH}`)
  const sessions = openSessions(config, store)
  return [{ method: 'GET', path: PATH, needs: 'public', handle }]

  async function handle(req: Request, res: Response) {
    try {
      return await (req.query.state === undefined ? begin(req, res) : finish(req, res))
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      return sendFailure(error, req, res)
    }
  }

  async function begin(req: Request, res: Response) {
    const { to, begun } = await provider.begin()
    const back = pathAfter(localPath(req.headers.referer, req.headers.host))
    return res.append('Set-Cookie', loginCookie({ ...begun, back }, secure)).redirect(303, to.href)
  }

  async function finish(req: Request, res: Response) {
    const { state } = req.query
    const login = typeof state === 'string' ? loginOf(req.headers.cookie, state, secure) : undefined
    if (!login) {
      const sentence = 'It was begun in another browser, or more than ten minutes ago, or twice at once.'
      return sendNews(res, 400, 'This login is over', sentence)
    }
    const known = await provider.finish(new URL(req.originalUrl, 'http://x').search, login)
    res.append('Set-Cookie', loginCookie(null, secure))
    return letIn(known, pathAfter(login.back), req, res)
  }

  function letIn(known: Known, back: string, req: Request, res: Response) {
    const { user } = known
    const can = scopeOf(known, people)
    if (!can) {
      log.warn({ who: user, address: req.ip, via: 'oidc' }, 'login refused: in no list')
      const unverified = known.address === null ? ' The provider has not verified an address of yours.' : ''
      const sentence = `The login provider knows you as ${user}, who may not use this Lotan.${unverified}`
      return sendNews(res, 403, 'You are not on the list', sentence)
    }
    const secret = sessions.begin({ user, via: 'oidc', can }, req)
    log.info({ who: user, address: req.ip, via: 'oidc' }, 'logged in')
    res.append('Set-Cookie', setCookie(secret, secure))
    if (can === 'public' && back === '/') {
      const sentence = `You are logged in as ${user}, and may open previews at their addresses.`
      return sendNews(res, 200, 'You are logged in', sentence, { href: '/', name: 'Go on' })
    }
    // No redirect: with one of a navigation that another site began, browsers leave the Strict cookie out.
    res.set('Refresh', `0; url=${back}`)
    return sendNews(res, 200, 'You are logged in', `You are logged in as ${user}.`, { href: back, name: 'Go on' })
  }

  function sendFailure(error: ProviderError, req: Request, res: Response) {
    const { error: code } = error.cause as { error?: unknown }
    log.warn({ address: req.ip, via: 'oidc', code, err: error }, 'a login at the provider failed')
    if (error.why === 'away') {
      const sentence =
        'The login provider does not answer Lotan. Try again in a moment, or log in with the admin token.'
      return sendNews(res.set('Retry-After', '10'), 503, 'The login provider is away', sentence)
    }
    const said = typeof code === 'string' ? ` It says: ${code.slice(0, 100)}.` : ''
    return sendNews(res, 403, 'The login was not finished', `The login provider did not let you in.${said}`)
  }
}

function sendNews(
  res: Response,
  status: number,
  heading: string,
  sentence: string,
  link = { href: '/login', name: 'Log in' },
) {
  return sendPage(res, status, newsPage({ status, heading, sentence, link }, brandIn(res)))
}

/** The page that the login page was on; never the login itself. */
function pathAfter(path: string): string {
  return /^\/(?![/\\])/.test(path) && !/^\/log(in|out)\b/.test(path) ? path : '/'
}
