/**
 * Previews are same-site with the admin page, so browsers send the login cookie, SameSite=Strict or not, with requests
 * of a preview's page: a change needs a header that no page can forge.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { GatewayRequest } from '../gateway/request.ts'

export function isOwn(
  headers: IncomingHttpHeaders,
  clientProtocol: string,
  config: Pick<Config, 'domain' | 'publicUrl'>,
): boolean {
  return headers['sec-fetch-site'] === 'same-origin' || isOwnOrigin(headers, clientProtocol, config)
}

/** The Origin may be the public one, or the one this request was sent to. */
export function isOwnOrigin(
  { origin, host }: IncomingHttpHeaders,
  protocol: string,
  config: Pick<Config, 'domain' | 'publicUrl'>,
): boolean {
  const sentOrigin = originOf(origin)
  if (!sentOrigin) return false
  return (
    sentOrigin === originOf(urlOf(config.domain, config)) ||
    (isOurHost(host, config) && sentOrigin === originOf(`${protocol}://${host}`))
  )
}

export function isOurHost(host: string | undefined, { domain }: Pick<Config, 'domain'>): boolean {
  return host?.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '') === domain
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

function originOf(text: string | undefined): string | undefined {
  const url = URL.parse(text ?? '')
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined
}
