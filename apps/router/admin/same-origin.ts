/**
 * Whether a request was made by Lotan's own pages, on the admin's own host.
 *
 * Previews are same-site with the admin page: the browser sends the login cookie, SameSite=Strict or not, with whatever
 * a preview's page makes it ask for. So a change needs one of two headers that no page can forge.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { GatewayRequest } from '../gateway/request.ts'

/** @param protocol the scheme that the request came by, as nginx tells it */
export function isOwn(
  headers: IncomingHttpHeaders,
  protocol: string,
  config: Pick<Config, 'domain' | 'publicUrl'>,
): boolean {
  return headers['sec-fetch-site'] === 'same-origin' || isOwnOrigin(headers, protocol, config)
}

/** Whether the Origin header names the admin's host: as it is known to the public, or as this request calls it. */
export function isOwnOrigin(
  { origin, host }: IncomingHttpHeaders,
  protocol: string,
  config: Pick<Config, 'domain' | 'publicUrl'>,
): boolean {
  const asked = originOf(origin)
  if (!asked) return false
  return (
    asked === originOf(urlOf(config.domain, config)) ||
    (isOurs(host, config) && asked === originOf(`${protocol}://${host}`))
  )
}

/** Whether a Host header, with any port, names the admin's host. */
export function isOurs(host: string | undefined, { domain }: Pick<Config, 'domain'>): boolean {
  return host?.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '') === domain
}

/**
 * A path on the admin's own host, for a redirect, out of what the client says.
 *
 * @param referer the page the client says it comes from
 * @returns `/` for every other host, and for what browsers would take for one
 */
export function localPath(referer: string | undefined, host: string | undefined): string {
  const url = URL.parse(referer ?? '')
  if (!url || url.host !== URL.parse(`http://${host}`)?.host) return '/'
  const path = url.pathname + url.search
  return /^\/(?![/\\])/.test(path) ? path : '/'
}

/** Whether a form on a preview's host was sent by a page of that very host, as far as the browser tells. */
export function isFromHere({
  fetchSite,
  origin,
  host,
}: Pick<GatewayRequest, 'fetchSite' | 'origin' | 'host'>): boolean {
  if (fetchSite && fetchSite !== 'same-origin') return false
  return !origin || URL.parse(origin)?.hostname === host
}

/** The path of the page that such a form was on; `/` where that cannot be told. */
export function backTo({ referer, host }: Pick<GatewayRequest, 'referer' | 'host'>): string {
  const url = URL.parse(referer)
  return url?.hostname === host ? asPath(`${url.pathname}${url.search}`) : '/'
}

/** A path, as a redirect to it on this very host: browsers take `//evil.example` and `/\\evil.example` for another host. */
export function asPath(uri: string): string {
  return uri.replace(/^\/(?=[/\\])/, '/./')
}

function originOf(text: string | undefined): string | undefined {
  const url = URL.parse(text ?? '')
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined
}
