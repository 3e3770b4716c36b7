/** What the registry says, over its own HTTP API (distribution specification): the tags of the one repository. */
import type { Config } from './config.ts'
import { HUB, loginFor, splitReference, type Login } from './logins.ts'
import { isTag } from './tag.ts'

/** `missing`: the registry knows no such repository. */
export type RegistryCode = 'credentials' | 'registry-down' | 'rate-limited' | 'missing'

export class RegistryError extends Error {
  readonly code: RegistryCode

  constructor(code: RegistryCode, message: string) {
    super(message)
    this.name = 'RegistryError'
    this.code = code
  }
}

export type Registry = ReturnType<typeof openRegistry>

const TIMEOUT_MS = 15_000
const manifestTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ')
const TAGS_PER_PAGE = 1_000
/** A registry whose pages never end is cut off here. */
const MOST_PAGES = 100

/** Opens the registry of a repository. Asks nothing yet. */
export function openRegistry(config: Pick<Config, 'repository' | 'dockerConfig'>) {
  const { host, name } = splitReference(config.repository)
  const origin = originOf(host)
  /** What was accepted last: a token is used until the registry turns it away. */
  let authorization: string | undefined

  async function get(url: URL, method: 'GET' | 'HEAD' = 'GET'): Promise<Response> {
    const answer = await ask(url, authorization, method)
    if (answer.status !== 401) return answer
    authorization = await authorize(answer, login(host, config.dockerConfig))
    return ask(url, authorization, method)
  }

  return {
    /**
     * Every tag of the repository, by name; at most the first 100 000.
     * @throws RegistryError
     */
    async tags(): Promise<string[]> {
      const found = new Set<string>()
      let url: URL | undefined = new URL(`/v2/${name}/tags/list?n=${TAGS_PER_PAGE}`, origin)
      for (let page = 0; url && page < MOST_PAGES; page++) {
        const answer: Response = await get(url)
        refuseBad(answer, config.repository)
        const { tags } = await json<{ tags?: unknown }>(answer)
        // An empty repository has `null` here.
        for (const tag of Array.isArray(tags) ? tags : []) if (typeof tag === 'string' && isTag(tag)) found.add(tag)
        url = nextPage(answer, url)
      }
      return [...found].sort()
    },

    /**
     * The digest that a tag has now: of its manifest, or of its list of manifests, as the engine records it. Asked by
     * HEAD, which registries do not count as a pull.
     * @returns undefined where the registry has no such tag
     * @throws RegistryError
     */
    async digestOf(tag: string): Promise<string | undefined> {
      const answer = await get(new URL(`/v2/${name}/manifests/${tag}`, origin), 'HEAD')
      if (answer.status === 404) return undefined
      refuseBad(answer, `${config.repository}:${tag}`)
      return answer.headers.get('docker-content-digest') ?? undefined
    },

    /**
     * The login the engine needs for a reference; undefined when there is none.
     * @throws RegistryError when `config.json` cannot be read
     */
    authFor: (reference: string): Login | undefined => login(splitReference(reference).host, config.dockerConfig),
  }
}

/** Plain HTTP on loopback alone, as the engine has it. */
function originOf(host: string): string {
  if (host === HUB) return 'https://registry-1.docker.io'
  const https = new URL(`https://${host}`)
  return isLoopback(https) ? `http://${host}` : https.origin
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function login(host: string, dockerConfig: string): Login | undefined {
  try {
    return loginFor(host, dockerConfig)
  } catch (error) {
    throw new RegistryError('credentials', `${dockerConfig}/config.json cannot be read: ${(error as Error).message}`)
  }
}

async function ask(url: URL, authorization: string | undefined, method = 'GET'): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      // Without the kinds of manifest, another digest comes back.
      headers: {
        Accept: method === 'HEAD' ? manifestTypes : 'application/json',
        ...(authorization && { Authorization: authorization }),
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (error) {
    throw unreachable(url, error)
  }
}

async function json<T>(answer: Response): Promise<T> {
  try {
    return (await answer.json()) as T
  } catch (error) {
    throw unreachable(new URL(answer.url), error)
  }
}

function unreachable(url: URL, error: unknown): RegistryError {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  return new RegistryError('registry-down', `${url.host}: ${cause?.message || cause?.code || message}`)
}

function refuseBad(answer: Response, what: string) {
  if (answer.ok) return
  const said = `${new URL(answer.url).host} answered ${answer.status} for ${what}`
  void answer.body?.cancel()
  switch (answer.status) {
    case 401:
    case 403:
      throw new RegistryError('credentials', said)
    case 404:
      throw new RegistryError('missing', said)
    case 429:
      throw new RegistryError('rate-limited', said)
    default:
      throw new RegistryError('registry-down', said)
  }
}

/** Answers a challenge (RFC 9110, 11.6.1): the login itself, or a token that the named realm gives for it. */
async function authorize(answer: Response, login: Login | undefined): Promise<string | undefined> {
  const challenge = answer.headers.get('www-authenticate') ?? ''
  void answer.body?.cancel()
  const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
  const bearer = /\bBearer\s+(.*)/i.exec(challenge)?.[1]
  if (bearer === undefined) return basic
  const asked = new Map([...bearer.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]))
  const realm = URL.parse(asked.get('realm') ?? '')
  if (!realm || (realm.protocol !== 'https:' && !isLoopback(realm)))
    throw new RegistryError(
      'credentials',
      `${new URL(answer.url).host} wants a token, but names no safe place to get it`,
    )
  for (const key of ['service', 'scope']) if (asked.get(key)) realm.searchParams.set(key, asked.get(key)!)
  const given = await ask(realm, basic)
  refuseBad(given, 'a token')
  const { token, access_token } = await json<{ token?: string; access_token?: string }>(given)
  return `Bearer ${token ?? access_token}`
}

/** The address in `Link: <…>; rel="next"`, on the same registry: the login goes nowhere else. */
function nextPage(answer: Response, url: URL): URL | undefined {
  const link = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1]
  const next = link === undefined ? null : URL.parse(link, url.href)
  return next?.origin === url.origin ? next : undefined
}
