/** One question to a registry over HTTP, and the answer to its challenge (RFC 9110, 11.6.1). */
import type { Login } from './logins.ts'
import { refusalOf, RegistryError, unreachable } from './registry-error.ts'

const TIMEOUT_MS = 15_000

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

/** @throws RegistryError when there is no answer */
export async function ask(
  url: URL,
  { authorization, accept = 'application/json', noneMatch, method, form, signal }: Ask = {},
): Promise<Response> {
  const late = AbortSignal.timeout(TIMEOUT_MS)
  try {
    return await fetch(url, {
      ...(method && { method }),
      ...(form && { method: 'POST', body: form }),
      headers: {
        Accept: accept,
        ...(authorization && { Authorization: authorization }),
        ...(noneMatch !== undefined && { 'If-None-Match': noneMatch }),
      },
      signal: signal ? AbortSignal.any([signal, late]) : late,
    })
  } catch (error) {
    throw unreachable(url, error)
  }
}

/** The body of a good answer. @throws RegistryError */
export async function json<T>(answer: Response, what: string): Promise<T> {
  const refusal = refusalOf(answer, what)
  if (refusal) {
    void answer.body?.cancel()
    throw refusal
  }
  try {
    return (await answer.json()) as T
  } catch (error) {
    throw unreachable(new URL(answer.url), error)
  }
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
  const { token, access_token } = await json<{ token?: string; access_token?: string }>(given, 'a token')
  return `Bearer ${token ?? access_token}`
}

function withQuery(url: URL, query: [string, string][]): URL {
  for (const [key, value] of query) url.searchParams.set(key, value)
  return url
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
