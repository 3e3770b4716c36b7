/** The registry's HTTP API: https://github.com/opencontainers/distribution-spec */
import type { Config } from '../config/config.ts'
import { HUB, splitReference } from './docker-config.ts'
import { bytesOf, json, objectIn } from './body.ts'
import { refusalOf, RegistryError } from './error.ts'
import { isLoopback, request } from './http.ts'
import { pageAfter, nextIn } from './link.ts'
import { describe, type Description } from './describe.ts'
import { openLogins } from './login.ts'
import { layersOf, readConfiguration, textLabels, type Layer } from './configuration.ts'
import { MANIFESTS, pullableOf, type Platform, type Pullable } from './manifest.ts'
import { openSessions } from './session.ts'
import { isArtifact, isTag, type Tag } from '../tag.ts'

export { RegistryError }
export type { Description, Layer, Pullable }
export type Registry = ReturnType<typeof openRegistry>

const TAGS_PER_PAGE = 1_000
/** For a list that never ends. Some registries give 100 tags a page, whatever the request says. */
const MAX_PAGES = 1_000
const MAX_TAGS = 100_000
/** Some registries give all their tags in one page. */
const MAX_PAGE_BYTES = 8_000_000
const LIST_MS = 120_000
const MANIFEST_MS = 10_000
/** Longer than a failed connect takes, which is another error than a slow registry. */
const READ_MS = 12_000
/** How long an answer counts that the repository exists, and that it does not. */
const REPOSITORY_MS = 5 * 60_000
const NO_REPOSITORY_MS = 5_000
const MAX_VERDICTS = 1_000
const MAX_ERROR_BYTES = 64_000

type Verdict = Pullable | RegistryError

/** @param config.repository HOST/NAME, without a tag */
export function openRegistry(config: { repository: string } & Pick<Config, 'dockerConfig' | 'awsRegion'>) {
  const { host, name } = splitReference(config.repository)
  const origin = originOf(host)
  const loginFor = openLogins(config)
  const openSession = openSessions(config.repository, loginFor)
  let repository: { until: number; answer: Promise<boolean> } | undefined
  /** By tag: a manifest is read again only when the tag's digest has changed. */
  const verdicts = new Map<string, { digest: string; verdict: Verdict }>()

  async function checkRepository(): Promise<boolean> {
    const get = openSession(AbortSignal.timeout(LIST_MS))
    const response = await get(new URL(`/v2/${name}/tags/list?n=1`, origin))
    if (response.status === 404) {
      const { errors } = objectIn(await bytesOf(response, MAX_ERROR_BYTES, name), response, name)
      return !JSON.stringify(errors ?? []).includes('"NAME_UNKNOWN"')
    }
    void response.body?.cancel().catch(() => {})
    return true
  }

  /** By HEAD, which registries do not count as a pull. */
  async function head(
    tag: Tag,
    known?: string,
    signal = AbortSignal.timeout(MANIFEST_MS),
  ): Promise<{ digest: string | undefined } | undefined> {
    const get = openSession(signal)
    const response = await get(new URL(`/v2/${name}/manifests/${tag}`, origin), {
      accept: MANIFESTS,
      method: 'HEAD',
      ...(known !== undefined && { noneMatch: `"${known}"` }),
    })
    if (response.status === 404) return undefined
    if (response.status === 304) return { digest: known }
    const error = refusalOf(response, `${config.repository}:${tag}`)
    if (error) throw error
    const digest = response.headers.get('docker-content-digest')
    return { digest: digest !== null && /^[\w+.-]{1,32}:[0-9a-zA-Z]{1,128}$/.test(digest) ? digest : undefined }
  }

  async function readVerdict(tag: Tag, platform: Platform, caller?: AbortSignal): Promise<Verdict | undefined> {
    const signal = AbortSignal.any([AbortSignal.timeout(READ_MS), ...(caller ? [caller] : [])])
    const known = verdicts.get(tag)
    if (known) {
      const now = await head(tag, known.digest, signal).catch(ignoreUnlessRateLimited)
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
    if (verdicts.size > MAX_VERDICTS) verdicts.delete(verdicts.keys().next().value!)
    return verdict
  }

  async function pullable(tag: Tag, platform: Platform, signal?: AbortSignal): Promise<Pullable | undefined> {
    const verdict = await readVerdict(tag, platform, signal)
    if (verdict instanceof RegistryError) throw verdict.again()
    return verdict
  }

  return {
    /** Sorted, without artifacts; at most the first 100 000. */
    async tags(): Promise<Tag[]> {
      const get = openSession(AbortSignal.timeout(LIST_MS))
      const found = new Set<Tag>()
      let url: URL | undefined = new URL(`/v2/${name}/tags/list?n=${TAGS_PER_PAGE}`, origin)
      const visited = new Set<string>()
      let isLinked = false
      while (url && !visited.has(url.href) && visited.size < MAX_PAGES && found.size < MAX_TAGS) {
        visited.add(url.href)
        const response: Response = await get(url)
        const page = namesIn(await json(response, `the tags of ${config.repository}`, MAX_PAGE_BYTES))
        const before = found.size
        for (const tag of page) if (isTag(tag)) found.add(tag)
        // A list that brings nothing new is a loop.
        if (found.size === before) break
        const next = nextIn(response.headers.get('link'), url)
        isLinked ||= next !== undefined
        // A registry that sends no link may have more tags than it sent.
        url = next ?? (isLinked ? undefined : pageAfter(page.at(-1)!, url))
      }
      repository = { until: Date.now() + REPOSITORY_MS, answer: Promise.resolve(true) }
      return [...found]
        .filter((tag) => !isArtifact(tag))
        .sort()
        .slice(0, MAX_TAGS)
    },

    /** As the engine records it. The registry need not send the `known` digest again. */
    digestOf: async (tag: Tag, known?: string, signal?: AbortSignal): Promise<string | undefined> =>
      (await head(tag, known, signal))?.digest,

    has: async (tag: Tag, signal?: AbortSignal): Promise<boolean> => (await head(tag, undefined, signal)) !== undefined,

    /** As of some minutes ago; true where the registry does not say. For a tag that is missing. */
    async hasRepository(): Promise<boolean> {
      if (repository && Date.now() < repository.until) return repository.answer
      const check = { until: Infinity, answer: checkRepository().catch(() => true) }
      repository = check
      const exists = await check.answer
      check.until = Date.now() + (exists ? REPOSITORY_MS : NO_REPOSITORY_MS)
      return exists
    },

    /** @throws RegistryError `bad-image` where no engine may pull it */
    pullable,

    /** Those of its configuration, which is read before any layer. */
    async labels(image: Pullable, what: string, caller?: AbortSignal): Promise<Record<string, string>> {
      if (image.config === undefined) return {}
      const get = openSession(AbortSignal.any([AbortSignal.timeout(MANIFEST_MS), ...(caller ? [caller] : [])]))
      const from = (path: string, accept: string) => get(new URL(`/v2/${name}/${path}`, origin), { accept })
      return textLabels(await readConfiguration(from, image.config, what))
    },

    /** What the image of a tag says of itself. Undefined where there is none. */
    async describe(tag: Tag, platform: Platform): Promise<Description | undefined> {
      const get = openSession(AbortSignal.timeout(READ_MS))
      return describe((path, accept) => get(new URL(`/v2/${name}/${path}`, origin), { accept }), tag, platform)
    },

    /** Lowest first. */
    async layers(tag: Tag, platform: Platform): Promise<Layer[] | undefined> {
      const image = await pullable(tag, platform)
      if (!image) return undefined
      const get = openSession(AbortSignal.timeout(MANIFEST_MS))
      return layersOf((path, accept) => get(new URL(`/v2/${name}/${path}`, origin), { accept }), image, tag)
    },

    /** Its clock, milliseconds since 1970; undefined where it does not tell. */
    async clock(): Promise<number | undefined> {
      const response = await request(new URL('/v2/', origin))
      void response.body?.cancel().catch(() => {})
      const date = Date.parse(response.headers.get('date') ?? '')
      return Number.isNaN(date) ? undefined : date
    },

    /** Never returns the `refused` login. */
    authFor: loginFor,
  }
}

function originOf(host: string): string {
  if (host === HUB) return 'https://registry-1.docker.io'
  const https = new URL(`https://${host}`)
  return isLoopback(https) ? `http://${host}` : https.origin
}

/** An empty repository has `null` for a list. */
function namesIn({ tags }: Record<string, unknown>): string[] {
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []
}

function ignoreUnlessRateLimited(error: unknown): undefined {
  if (!(error instanceof RegistryError) || error.code === 'rate-limited') throw error
}
