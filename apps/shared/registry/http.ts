/** Challenges by RFC 9110, 11.6.1. */
import type { Login } from './docker-config.ts'
import { json } from './body.ts'
import { RegistryError, unreachable } from './error.ts'

/** Until the last byte of the answer, so that one that drips ends too. */
const TIMEOUT_MS = 15_000
/** Registries keep blobs, and some manifests, in separate storage. */
const MAX_REDIRECTS = 5
const MAX_TOKEN = 32_000

export interface RequestOptions {
  authorization?: string
  accept?: string
  /** The known entity tag: 304 says that nothing has changed (RFC 9110, 13.1.2). */
  noneMatch?: string
  method?: 'HEAD'
  form?: URLSearchParams
  signal?: AbortSignal
}

/** Follows redirects by HTTPS or on loopback alone, and sends the login to the first host only. */
export async function request(url: URL, options: RequestOptions = {}): Promise<Response> {
  const late = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late
  let at = url
  for (let redirects = 0; ; redirects++) {
    const response = await send(at, { ...options, signal, authorization: authorizationAt(at, url, options) })
    const next = options.form ? undefined : redirectOf(response, at)
    if (!next) return response
    void response.body?.cancel().catch(() => {})
    const { status } = response
    if (redirects === MAX_REDIRECTS)
      throw new RegistryError('registry-down', `${url.host} redirects without an end`, {
        status,
      })
    if (!isSafe(next, at))
      throw new RegistryError('registry-down', `${at.host} leads to ${next.origin}, which is not safe`, { status })
    at = next
  }
}

async function send(url: URL, options: RequestOptions): Promise<Response> {
  const { authorization, accept = 'application/json', noneMatch, method, form, signal } = options
  try {
    return await fetch(url, {
      ...(method && { method }),
      ...(form && { method: 'POST', body: form }),
      headers: {
        Accept: accept,
        // A few packed bytes may unpack to many.
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

function authorizationAt(at: URL, requested: URL, { authorization }: RequestOptions): string | undefined {
  return at.origin === requested.origin ? authorization : undefined
}

function redirectOf({ status, headers }: Response, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined
  return URL.parse(headers.get('location') ?? '', url.href) ?? undefined
}

function isSafe(next: URL, from: URL): boolean {
  return next.protocol === 'https:' || (next.protocol === 'http:' && isLoopback(next) && isLoopback(from))
}

/** Plain HTTP on loopback alone, as the engine does. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/** The login, or a token from the realm that the challenge names. @throws RegistryError where the realm gives none */
export async function authorize(
  challenge: string,
  host: string,
  login: Login | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const basic = login && 'username' in login ? `Basic ${base64(`${login.username}:${login.password}`)}` : undefined
  const bearer = /\bBearer\s+(.*)/i.exec(challenge)?.[1]
  if (bearer === undefined) return basic
  // Of several challenges the first one's words count.
  const requested = new Map([...bearer.matchAll(/(\w+)="([^"]*)"/g)].reverse().map(([, key, value]) => [key, value]))
  const realm = URL.parse(requested.get('realm') ?? '')
  if (!realm || (realm.protocol !== 'https:' && !isLoopback(realm)))
    throw new RegistryError('credentials', `${host} wants a token, but names no safe address for it`)
  const wanted = ['service', 'scope']
    .map((key): [string, string] => [key, requested.get(key) ?? ''])
    .filter(([, value]) => value !== '')
  const given =
    login && 'identitytoken' in login
      ? // https://distribution.github.io/distribution/spec/auth/oauth/
        await request(realm, {
          form: new URLSearchParams([
            ['grant_type', 'refresh_token'],
            ['refresh_token', login.identitytoken],
            ['client_id', 'lotan'],
            ...wanted,
          ]),
          signal,
        })
      : await request(withQuery(realm, wanted), { authorization: basic, signal })
  const { token, access_token } = await json(given, 'a token')
  const found = token ?? access_token
  if (typeof found !== 'string' || found.length > MAX_TOKEN || !isHeaderText(found))
    throw new RegistryError('credentials', `${realm.host} gave no token`)
  return `Bearer ${found}`
}

/** fetch repeats any other text in its error, and a token is a secret. */
function isHeaderText(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

function withQuery(url: URL, query: [string, string][]): URL {
  for (const [key, value] of query) url.searchParams.set(key, value)
  return url
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
