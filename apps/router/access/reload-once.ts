/** Browsers leave SameSite=Strict cookies out when a link on another site is followed: the login page reloads once. */
import type { Request, Response } from 'express'
import { asPath } from './same-origin.ts'

const RELOADED = 'again'
const hasReloaded = new RegExp(`[?&]${RELOADED}$`)

export function reloadOnce(req: Request, res: Response) {
  if (!mayHaveCookie(req)) return
  const { originalUrl: uri } = req
  res.set('Refresh', `0; url=${asPath(uri)}${uri.includes('?') ? '&' : '?'}${RELOADED}`)
}

export function beforeReload({ method, originalUrl }: Request): string | undefined {
  if (method !== 'GET' || !hasReloaded.test(originalUrl)) return undefined
  return asPath(originalUrl.replace(hasReloaded, ''))
}

/** Over plain HTTP browsers do not tell the site, and many sites suppress the Referer: then one reload tries. */
function mayHaveCookie(req: Request): boolean {
  if (req.method !== 'GET' || hasReloaded.test(req.originalUrl)) return false
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, referer, host } = req.headers
  if (site !== undefined) return site === 'cross-site' && mode === 'navigate'
  return !referer || URL.parse(referer)?.host !== URL.parse(`http://${host}`)?.host
}
