/** What nginx tells of a request when it asks the router about it: see nginx/ask.conf.ejs. */
import type { IncomingMessage } from 'node:http'
import type { Config } from '../shared/config.ts'
import type { Store } from '../shared/store.ts'
import { readHost } from '../shared/tag.ts'
import type { Request } from './decide.ts'

export interface Ask {
  /** The host that was asked for: lower case, without port. */
  host: string
  /** The label below the domain, for people to read; null for a host elsewhere. */
  label: string | null
  tag: string | null
  /** Path and query as the client wrote them. */
  uri: string
  request: Request
  /** The upstream that did not answer, on an ask about a lost one. */
  tried: string
  /** What an earlier ask about the same request came to. */
  verdict: string
  origin: string
  referer: string
  fetchSite: string
}

/** Reads an ask from its headers. A host's tag is the known tag that lives there, else the one its label reads as. */
export function readAsk(
  req: Pick<IncomingMessage, 'headers'>,
  config: Pick<Config, 'domain' | 'transliterate'>,
  store: Pick<Store, 'tagAt'>,
): Ask {
  const header = (name: string): string => {
    const value = req.headers[name]
    return typeof value === 'string' ? value : ''
  }
  const host = header('x-host')
  const place = readHost(host, config)
  const known = place && store.tagAt(place.label)
  return {
    host,
    label: place?.label ?? null,
    tag: known === undefined ? place!.tag : known,
    uri: header('x-uri') || '/',
    request: {
      method: header('x-method') || 'GET',
      kind: header('x-kind') === 'robot' ? 'robot' : 'person',
      accept: header('accept'),
      fetchMode: header('sec-fetch-mode'),
      fetchDest: header('sec-fetch-dest'),
      upgrade: header('upgrade-asked'),
      insecure: header('upgrade-insecure-requests'),
      prefer: header('prefer'),
    },
    tried: header('x-tried'),
    verdict: header('x-verdict'),
    origin: header('origin'),
    referer: header('referer'),
    fetchSite: header('sec-fetch-site'),
  }
}
