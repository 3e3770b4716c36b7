/**
 * Previews are same-site with the admin page, so browsers send the login cookie, SameSite=Strict or not, with requests
 * of a preview's page: a change needs a header that no page can forge.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '../../shared/config/config.ts'
import { isOwnOrigin } from '../../shared/own-origin.ts'
import type { GatewayRequest } from '../gateway/request.ts'

export function isOwn(
  headers: IncomingHttpHeaders,
  clientProtocol: string,
  config: Pick<Config, 'domain' | 'publicUrl'>,
): boolean {
  return headers['sec-fetch-site'] === 'same-origin' || isOwnOrigin(headers, clientProtocol, config)
}

/** @returns `/` for other hosts, and for a path that browsers take for another host */
export function localPath(referer: string | undefined, host: string | undefined): string {
  const url = URL.parse(referer ?? '')
  if (!url || url.host !== URL.parse(`http://${host}`)?.host) return '/'
  const path = url.pathname + url.search
  return /^\/(?![/\\])/.test(path) ? path : '/'
}

/** For a form on a preview's host. Not every browser sends these headers. */
export function isFromHere({
  fetchSite,
  origin,
  host,
}: Pick<GatewayRequest, 'fetchSite' | 'origin' | 'host'>): boolean {
  if (fetchSite && fetchSite !== 'same-origin') return false
  return !origin || URL.parse(origin)?.hostname === host
}

export function backTo({ referer, host }: Pick<GatewayRequest, 'referer' | 'host'>): string {
  const url = URL.parse(referer)
  return url?.hostname === host ? asPath(`${url.pathname}${url.search}`) : '/'
}

/** Browsers take `//evil.example` and `/\\evil.example` for another host. */
export function asPath(uri: string): string {
  return uri.replace(/^\/(?=[/\\])/, '/./')
}
