/** Reads the repository's tags and images over the registry's HTTP API (distribution specification). */
import type { Config } from '../config/config.ts'
import { HUB, splitReference, type Login } from './docker-config.ts'
import { bytesOf, json, objectIn } from './body.ts'
import { refusalOf, RegistryError } from './error.ts'
import { ask, authorize, isLoopback, type Ask } from './http.ts'
import { behind, nextIn } from './link.ts'
import { openLogins } from './login.ts'
import { layersOf, MANIFESTS, pullableOf, type Layer, type Platform, type Pullable } from './manifest.ts'
import { isArtifact, isTag } from '../tag.ts'

export { RegistryError }
export type { Layer, Pullable }
export type Registry = ReturnType<typeof openRegistry>

const TAGS_PER_PAGE = 1_000
/** For a list that never ends. Some registries give 100 tags a page, whatever the request says. */
const MOST_PAGES = 1_000
const MOST_TAGS = 100_000
/** Some registries give all their tags in one page. */
const MOST_PAGE_BYTES = 8_000_000
const LIST_MS = 120_000
const MANIFEST_MS = 10_000
/** Longer than a failed connect takes, which is another error than a slow registry. */
const READ_MS = 12_000
/** How long an answer counts that the repository exists, and that it does not. */
const THERE_MS = 5 * 60_000
const NOT_THERE_MS = 5_000
const LONGEST_MS = 60 * 60_000
const MOST_VERDICTS = 1_000
const MOST_ERROR_BYTES = 64_000

type Question = Pick<Ask, 'accept' | 'method' | 'noneMatch'>
type Verdict = Pullable | RegistryError

export function openRegistry(config: Pick<Config, 'repository' | 'dockerConfig' | 'awsRegion'>) {
  const { host, name } = splitReference(config.repository)
  const origin = originOf(host)
  const loginFor = openLogins(config)
  /** The last accepted token, used until the registry refuses it. Other logins are read anew each time. */
  let bearer: string | undefined
  let challenge: string | undefined
  /** The registry gets no request until then, by performance.now(). */
  let quiet: { until: number; error: RegistryError } | undefined
  let there: { until: number; answer: Promise<boolean> } | undefined
  /** By tag, so that a manifest is read once. */
  const verdicts = new Map<string, { digest: string; verdict: Verdict }>()

  function openSession(signal: AbortSignal) {
    let login: Login | undefined
    let authorization = bearer

    async function enter(refused?: Login): Promise<boolean> {
      const found = await inTime(loginFor(host, refused), signal, `${host}: no login for it in time`)
      if (refused && !found) return false
      login = found
      const was = authorization
      authorization = await authorize(challenge ?? '', host, login, signal)
      bearer = authorization?.startsWith('Bearer ') ? authorization : undefined
      return authorization !== was
    }

    return async function get(url: URL, options: Question = {}): Promise<Response> {
      const left = quiet ? quiet.until - performance.now() : 0
      if (quiet && left > 0) throw quiet.error.again(left)
      try {
        const answer = await put(url, options)
        heed(refusalOf(answer, config.repository))
        return answer
      } catch (error) {
        // A token service may ask to be left alone, too.
        if (error instanceof RegistryError) heed(error)
        throw error
      }
    }

    async function put(url: URL, options: Question): Promise<Response> {
      // Without a token to fetch, the first request can carry the login.
      if (authorization === undefined && challenge !== undefined && !/\bBearer\b/i.test(challenge)) await enter()
      let answer = await ask(url, { ...options, authorization, signal })
      challenge = answer.headers.get('www-authenticate') ?? challenge
      // First with the known login, then with a newer one: tokens can end early.
      for (const newer of [false, true]) {
        if (!isRefused(answer) || challenge === undefined || (newer && !login)) return answer
        if (!(await enter(newer ? login : undefined))) continue
        void answer.body?.cancel()
        answer = await ask(url, { ...options, authorization, signal })
      }
      return answer
    }
  }

  function heed(error: RegistryError | undefined) {
    if (error?.retryAfter === undefined) return
    quiet = { until: performance.now() + Math.min(error.retryAfter, LONGEST_MS), error }
  }

  async function askWhetherThere(): Promise<boolean> {
    const get = openSession(AbortSignal.timeout(LIST_MS))
    const answer = await get(new URL(`/v2/${name}/tags/list?n=1`, origin))
    if (answer.status === 404) {
      const { errors } = objectIn(await bytesOf(answer, MOST_ERROR_BYTES, name), answer, name)
      return !JSON.stringify(errors ?? []).includes('"NAME_UNKNOWN"')
    }
    void answer.body?.cancel().catch(() => {})
    return true
  }

  /** By HEAD, which registries do not count as a pull. */
  async function head(
    tag: string,
    known?: string,
    signal = AbortSignal.timeout(MANIFEST_MS),
  ): Promise<{ digest: string | undefined } | undefined> {
    const get = openSession(signal)
    const answer = await get(new URL(`/v2/${name}/manifests/${tag}`, origin), {
      accept: MANIFESTS,
      method: 'HEAD',
      ...(known !== undefined && { noneMatch: `"${known}"` }),
    })
    if (answer.status === 404) return undefined
    if (answer.status === 304) return { digest: known }
    const error = refusalOf(answer, `${config.repository}:${tag}`)
    if (error) throw error
    const digest = answer.headers.get('docker-content-digest')
    return { digest: digest !== null && /^[\w+.-]{1,32}:[0-9a-zA-Z]{1,128}$/.test(digest) ? digest : undefined }
  }

  /** Reads a manifest only where the tag's digest has changed. */
  async function look(tag: string, platform: Platform, outer?: AbortSignal): Promise<Verdict | undefined> {
    const signal = AbortSignal.any([AbortSignal.timeout(READ_MS), ...(outer ? [outer] : [])])
    const known = verdicts.get(tag)
    if (known) {
      const now = await head(tag, known.digest, signal).catch(unlessLimited)
      if (now?.digest === known.digest) return known.verdict
    }
    const get = openSession(signal)
    const from = (path: string, accept: string) => get(new URL(`/v2/${name}/${path}`, origin), { accept })
    const verdict = await pullableOf(from, tag, platform).catch((error: unknown) => {
      if (error instanceof RegistryError && error.code === 'bad-image') return error
      throw error
    })
    if (verdict?.digest === undefined) return verdict
    verdicts.delete(tag)
    verdicts.set(tag, { digest: verdict.digest, verdict })
    if (verdicts.size > MOST_VERDICTS) verdicts.delete(verdicts.keys().next().value!)
    return verdict
  }

  async function pullable(tag: string, platform: Platform, signal?: AbortSignal): Promise<Pullable | undefined> {
    const verdict = await look(tag, platform, signal)
    // A new error for each caller, with its own stack.
    if (verdict instanceof RegistryError) throw verdict.again()
    return verdict
  }

  return {
    /** Sorted, without artifacts; at most the first 100 000. */
    async tags(): Promise<string[]> {
      const get = openSession(AbortSignal.timeout(LIST_MS))
      const found = new Set<string>()
      let url: URL | undefined = new URL(`/v2/${name}/tags/list?n=${TAGS_PER_PAGE}`, origin)
      const asked = new Set<string>()
      let isLinked = false
      while (url && !asked.has(url.href) && asked.size < MOST_PAGES && found.size < MOST_TAGS) {
        asked.add(url.href)
        const answer: Response = await get(url)
        const page = namesIn(await json(answer, `the tags of ${config.repository}`, MOST_PAGE_BYTES))
        const before = found.size
        for (const tag of page) if (isTag(tag)) found.add(tag)
        // A list that brings nothing new is a loop.
        if (found.size === before) break
        const next = nextIn(answer.headers.get('link'), url)
        isLinked ||= next !== undefined
        // A registry that sends no link may have more tags than it sent.
        url = next ?? (isLinked ? undefined : behind(page.at(-1)!, url))
      }
      there = { until: Date.now() + THERE_MS, answer: Promise.resolve(true) }
      return [...found]
        .filter((tag) => !isArtifact(tag))
        .sort()
        .slice(0, MOST_TAGS)
    },

    /** As the engine records it. The registry need not send the `known` digest again. */
    digestOf: async (tag: string, known?: string, signal?: AbortSignal): Promise<string | undefined> =>
      (await head(tag, known, signal))?.digest,

    has: async (tag: string): Promise<boolean> => (await head(tag)) !== undefined,

    /** As of some minutes ago; true where the registry does not say. For a tag that is missing. */
    async hasRepository(): Promise<boolean> {
      if (there && Date.now() < there.until) return there.answer
      const asking = { until: Infinity, answer: askWhetherThere().catch(() => true) }
      there = asking
      const is = await asking.answer
      asking.until = Date.now() + (is ? THERE_MS : NOT_THERE_MS)
      return is
    },

    /** @throws RegistryError `bad-image` where no engine may pull it */
    pullable,

    /** Lowest first. */
    async layers(tag: string, platform: Platform): Promise<Layer[] | undefined> {
      const image = await pullable(tag, platform)
      if (!image) return undefined
      const get = openSession(AbortSignal.timeout(MANIFEST_MS))
      return layersOf((path, accept) => get(new URL(`/v2/${name}/${path}`, origin), { accept }), image, tag)
    },

    /** Never returns the `refused` login. */
    authFor: (reference: string, refused?: Login): Promise<Login | undefined> =>
      loginFor(splitReference(reference).host, refused),
  }
}

function originOf(host: string): string {
  if (host === HUB) return 'https://registry-1.docker.io'
  const https = new URL(`https://${host}`)
  return isLoopback(https) ? `http://${host}` : https.origin
}

/** A helper may take longer than the request may. */
function inTime<T>(promise: Promise<T>, signal: AbortSignal, message: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(new RegistryError('registry-down', message))
  signal.addEventListener('abort', giveUp, { once: true })
  return Promise.race([promise, late]).finally(() => signal.removeEventListener('abort', giveUp))
}

/** ECR answers 403 to a token that has ended. */
function isRefused({ status }: Response): boolean {
  return status === 401 || status === 403
}

/** An empty repository has `null` for a list. */
function namesIn({ tags }: Record<string, unknown>): string[] {
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []
}

function unlessLimited(error: unknown): undefined {
  if (!(error instanceof RegistryError) || error.code === 'rate-limited') throw error
}
