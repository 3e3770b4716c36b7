/** What the registry says, over its own HTTP API (distribution specification): the tags of the one repository. */
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
/** A list that never ends is cut off here. Some registries give 100 tags a page, whatever they are asked for. */
const MOST_PAGES = 1_000
const MOST_TAGS = 100_000
/** Some registries give all their tags in one page. */
const MOST_PAGE_BYTES = 8_000_000
const LIST_MS = 120_000
const MANIFEST_MS = 10_000
/** Longer than it takes to find out that there is no connection, which is another thing than a registry that is slow. */
const READ_MS = 12_000
/** How long it is believed that the registry has the repository, and that it has not. */
const THERE_MS = 5 * 60_000
const NOT_THERE_MS = 5_000
/** The longest that a registry is left alone, whatever it says. */
const LONGEST_MS = 60 * 60_000
/** Of how many tags it is remembered what they stood for. */
const MOST_VERDICTS = 1_000
const MOST_ERROR_BYTES = 64_000

type Question = Pick<Ask, 'accept' | 'method' | 'noneMatch'>
/** What a digest turned out to be. */
type Verdict = Pullable | RegistryError

/** Opens the registry of a repository. Asks nothing yet. */
export function openRegistry(config: Pick<Config, 'repository' | 'dockerConfig' | 'awsRegion'>) {
  const { host, name } = splitReference(config.repository)
  const origin = originOf(host)
  const loginFor = openLogins(config)
  /** What was accepted last: a token is used until the registry turns it away. A login is asked for anew each time. */
  let bearer: string | undefined
  let challenge: string | undefined
  /** A registry that wants to be left alone is not asked anything until then, milliseconds of this process. */
  let quiet: { until: number; error: RegistryError } | undefined
  let there: { until: number; answer: Promise<boolean> } | undefined
  /** What the tags stood for when they were last read, so that a manifest is read once. */
  const verdicts = new Map<string, { digest: string; verdict: Verdict }>()

  /** Asks again and again with the login that its first question needed. */
  function openSession(signal: AbortSignal) {
    let login: Login | undefined
    let authorization = bearer

    /** @returns whether there is something else to send than before */
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
        // Whoever gives the tokens may want to be left alone, too.
        if (error instanceof RegistryError) heed(error)
        throw error
      }
    }

    async function put(url: URL, options: Question): Promise<Response> {
      // Where the login itself is wanted, it need not be refused first.
      if (authorization === undefined && challenge !== undefined && !/\bBearer\b/i.test(challenge)) await enter()
      let answer = await ask(url, { ...options, authorization, signal })
      challenge = answer.headers.get('www-authenticate') ?? challenge
      // First with the login there is, then with a newer one: tokens can end early.
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

  /**
   * What is said of a tag's manifest, by HEAD, which registries do not count as a pull.
   *
   * @param known the digest that it had before
   * @returns undefined where there is no such tag
   * @throws RegistryError
   */
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

  /** Reads what a tag stands for, unless it stands for what it did when it was last read. */
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
    // Another error each time: who is told of it may be told where it came from.
    if (verdict instanceof RegistryError) throw verdict.again()
    return verdict
  }

  return {
    /**
     * Every tag of the repository that may be an image's, by name; at most the first 100 000.
     * @throws RegistryError
     */
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
        // A list that brings nothing new goes round in circles.
        if (found.size === before) break
        const next = nextIn(answer.headers.get('link'), url)
        isLinked ||= next !== undefined
        // Who never says where it goes on may have more all the same, however many it was asked for.
        url = next ?? (isLinked ? undefined : behind(page.at(-1)!, url))
      }
      there = { until: Date.now() + THERE_MS, answer: Promise.resolve(true) }
      return [...found]
        .filter((tag) => !isArtifact(tag))
        .sort()
        .slice(0, MOST_TAGS)
    },

    /**
     * The digest that a tag has now: of its manifest, or of its list of manifests, as the engine records it.
     *
     * @param known the digest that it had before, which the registry need not tell again
     * @param signal ends the asking
     * @returns undefined where the registry has no such tag
     * @throws RegistryError
     */
    digestOf: async (tag: string, known?: string, signal?: AbortSignal): Promise<string | undefined> =>
      (await head(tag, known, signal))?.digest,

    /** Whether the registry has a tag. @throws RegistryError */
    has: async (tag: string): Promise<boolean> => (await head(tag)) !== undefined,

    /**
     * Whether the registry has the repository at all, as of some minutes ago; true also where it does not say. For who
     * was told that a tag is missing.
     */
    async hasRepository(): Promise<boolean> {
      if (there && Date.now() < there.until) return there.answer
      const asking = { until: Infinity, answer: askWhetherThere().catch(() => true) }
      there = asking
      const is = await asking.answer
      asking.until = Date.now() + (is ? THERE_MS : NOT_THERE_MS)
      return is
    },

    /**
     * What a tag stands for now: an image that the engine can be told to pull, by its digest.
     *
     * @param platform of several images, the one for this machine counts
     * @returns undefined where the registry has no such tag
     * @throws RegistryError `bad-image` where no engine is to pull it, with the digest that it was found at
     */
    pullable,

    /**
     * The layers of a tag's image, lowest first, with their sizes as they are sent.
     *
     * @returns undefined where the registry has no such tag
     * @throws RegistryError
     */
    async layers(tag: string, platform: Platform): Promise<Layer[] | undefined> {
      const image = await pullable(tag, platform)
      if (!image) return undefined
      const get = openSession(AbortSignal.timeout(MANIFEST_MS))
      return layersOf((path, accept) => get(new URL(`/v2/${name}/${path}`, origin), { accept }), image, tag)
    },

    /**
     * The login the engine needs for a reference.
     *
     * @param refused a login that the registry has just turned away
     * @returns undefined when there is none, or none but the refused one
     * @throws RegistryError
     */
    authFor: (reference: string, refused?: Login): Promise<Login | undefined> =>
      loginFor(splitReference(reference).host, refused),
  }
}

function originOf(host: string): string {
  if (host === HUB) return 'https://registry-1.docker.io'
  const https = new URL(`https://${host}`)
  return isLoopback(https) ? `http://${host}` : https.origin
}

/** Whoever has the login may be slower than the question may be. */
function inTime<T>(promise: Promise<T>, signal: AbortSignal, message: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(new RegistryError('registry-down', message))
  signal.addEventListener('abort', giveUp, { once: true })
  return Promise.race([promise, late]).finally(() => signal.removeEventListener('abort', giveUp))
}

/** ECR says 403 where a token has ended. */
function isRefused({ status }: Response): boolean {
  return status === 401 || status === 403
}

/** An empty repository has `null` for a list. */
function namesIn({ tags }: Record<string, unknown>): string[] {
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []
}

/** Not every registry answers HEAD. */
function unlessLimited(error: unknown): undefined {
  if (!(error instanceof RegistryError) || error.code === 'rate-limited') throw error
}
