/** Browsers leave SameSite=Strict cookies out when a link on another site is followed: the login page reloads once. */
import type { Request } from 'express'
import { asPath } from './same-origin.ts'

const RELOADED = 'again'
const hasReloaded = new RegExp(`[?&]${RELOADED}$`)

/** @returns where to load it again; undefined where the cookie would have come */
export function reloadOnce(req: Request): string | undefined {
  if (!mayHaveCookie(req)) return undefined
  const { originalUrl: uri } = req
  return `${asPath(uri)}${uri.includes('?') ? '&' : '?'}${RELOADED}`
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
