/** One question to a registry over HTTP, and the answer to its challenge (RFC 9110, 11.6.1). */
import type { Login } from './docker-config.ts'
import { json } from './body.ts'
import { RegistryError, unreachable } from './error.ts'

/** From the question to the last byte of its answer, so that one that drips ends too. */
const TIMEOUT_MS = 15_000
/** How often an answer may lead elsewhere: registries keep blobs, and some manifests, in a storage of their own. */
const MOST_REDIRECTS = 5
/** No token is longer; headers above that are refused nearly everywhere. */
const MOST_TOKEN = 32_000

export interface Ask {
  authorization?: string
  /** The media types that are understood. */
  accept?: string
  /** The entity tag of what is known already: 304 says that nothing has changed (RFC 9110, 13.1.2). */
  noneMatch?: string
  method?: 'HEAD'
  /** Sent as a form, by POST. */
  form?: URLSearchParams
  signal?: AbortSignal
}

/**
 * Asks, and follows where the answer leads: by HTTPS alone, or on loopback. The login goes to who was asked, and nowhere
 * else.
 * @throws RegistryError when there is no answer
 */
export async function ask(url: URL, options: Ask = {}): Promise<Response> {
  const late = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late
  let at = url
  for (let redirects = 0; ; redirects++) {
    const answer = await put(at, { ...options, signal, authorization: authorizationAt(at, url, options) })
    const next = options.form ? undefined : redirectOf(answer, at)
    if (!next) return answer
    void answer.body?.cancel().catch(() => {})
    const { status } = answer
    if (redirects === MOST_REDIRECTS)
      throw new RegistryError('registry-down', `${url.host} leads from one address to the next without an end`, {
        status,
      })
    if (!isSafe(next, at))
      throw new RegistryError('registry-down', `${at.host} leads to ${next.origin}, which is not safe`, { status })
    at = next
  }
}

async function put(url: URL, options: Ask): Promise<Response> {
  const { authorization, accept = 'application/json', noneMatch, method, form, signal } = options
  try {
    return await fetch(url, {
      ...(method && { method }),
      ...(form && { method: 'POST', body: form }),
      headers: {
        Accept: accept,
        // A few packed bytes may be many.
        'Accept-Encoding': 'identity',
        ...(authorization && { Authorization: authorization }),
        ...(noneMatch !== undefined && { 'If-None-Match': noneMatch }),
      },
      redirect: 'manual',
      signal,
    })
  } catch (error) {
    throw unreachable(url, error)
  }
}

function authorizationAt(at: URL, asked: URL, { authorization }: Ask): string | undefined {
  return at.origin === asked.origin ? authorization : undefined
}

function redirectOf({ status, headers }: Response, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined
  return URL.parse(headers.get('location') ?? '', url.href) ?? undefined
}

function isSafe(next: URL, from: URL): boolean {
  return next.protocol === 'https:' || (next.protocol === 'http:' && isLoopback(next) && isLoopback(from))
}

/** Plain HTTP on loopback alone, as the engine has it. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/**
 * What to send to who has put up a challenge: the login itself, or a token that the named realm gives for it.
 *
 * @param challenge the `WWW-Authenticate` of `host`
 * @returns the `Authorization`; undefined where there is none to send
 * @throws RegistryError when the realm gives none
 */
export async function authorize(
  challenge: string,
  host: string,
  login: Login | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const basic = login && 'username' in login ? `Basic ${base64(`${login.username}:${login.password}`)}` : undefined
  const bearer = /\bBearer\s+(.*)/i.exec(challenge)?.[1]
  if (bearer === undefined) return basic
  // Of several challenges in one header, the first one's words count.
  const asked = new Map([...bearer.matchAll(/(\w+)="([^"]*)"/g)].reverse().map(([, key, value]) => [key, value]))
  const realm = URL.parse(asked.get('realm') ?? '')
  if (!realm || (realm.protocol !== 'https:' && !isLoopback(realm)))
    throw new RegistryError('credentials', `${host} wants a token, but names no safe place to get it`)
  const wanted = ['service', 'scope']
    .map((key): [string, string] => [key, asked.get(key) ?? ''])
    .filter(([, value]) => value !== '')
  const given =
    login && 'identitytoken' in login
      ? // https://distribution.github.io/distribution/spec/auth/oauth/
        await ask(realm, {
          form: new URLSearchParams([
            ['grant_type', 'refresh_token'],
            ['refresh_token', login.identitytoken],
            ['client_id', 'lotan'],
            ...wanted,
          ]),
          signal,
        })
      : await ask(withQuery(realm, wanted), { authorization: basic, signal })
  const { token, access_token } = await json(given, 'a token')
  const found = token ?? access_token
  if (typeof found !== 'string' || found.length > MOST_TOKEN)
    throw new RegistryError('credentials', `${realm.host} gave no token`)
  return `Bearer ${found}`
}

function withQuery(url: URL, query: [string, string][]): URL {
  for (const [key, value] of query) url.searchParams.set(key, value)
  return url
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
