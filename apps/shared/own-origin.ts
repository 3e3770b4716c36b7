/** Whether a browser's request was made by a page of the admin's host. */
import type { IncomingHttpHeaders } from 'node:http'
import { urlOf, type Config } from './config/config.ts'

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

function originOf(text: string | undefined): string | undefined {
  const url = URL.parse(text ?? '')
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined
}
