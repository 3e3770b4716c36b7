/** Reads the registry's list of tags into the store, for the admin page and for LOTAN_PREPULL. */
import { setTimeout as sleep } from 'node:timers/promises'
import { nextBeat } from '../shared/beat.ts'
import type { Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import type { Nudges } from '../shared/queue.ts'
import { RegistryError, type Registry } from '../shared/registry/registry.ts'
import type { Store } from '../shared/store/store.ts'
import type { Tag } from '../shared/tag.ts'
import { idOf, NAMELESS } from '../shared/preview/preview-id.ts'
import { ASKED_READ_MS, type ListAsks } from './list-asks.ts'

const RETRY_MS = 5_000
/** After a rate limit without `Retry-After`. */
const LIMITED_MS = 60_000
/** A longer `Retry-After` is cut to this. */
const MAX_RETRY_AFTER_MS = 24 * 60 * 60_000

const LOOK_MS = 1_000
/** An early read comes at most this often, and takes no more than this part of the time. */
const EARLY_READ_MS = 10_000
const MAX_EARLY_SHARE = 1 / 20
/** While people and programs ask for the list. With 100 000 tags it is a hundred requests. */
const MAX_ASKED_SHARE = 1 / 5

const PREPULLS_PER_LIST = 100

export interface Dependencies {
  config: Pick<Config, 'prepulls'>
  registry: Pick<Registry, 'tags'>
  /** The name of the repository whose tags they are. */
  repository: string
  store: Pick<Store, 'offer' | 'listWantedAt' | 'notYetAhead' | 'list' | 'apply'>
  nudges: Pick<Nudges, 'prepull'>
  asks: Pick<ListAsks, 'isAsked' | 'asked' | 'begin'>
  /** Nothing waits for the first list. */
  ready: () => Promise<void>
  log: Log
}

/**
 * Reads early after a failure, when somebody asks for the list, or when visitors request unlisted tags, but never before
 * `Retry-After` is over.
 */
export async function syncTags(
  deps: Dependencies,
  every: number,
  signal: AbortSignal,
  leastPause = ASKED_READ_MS,
): Promise<void> {
  const { repository, store, asks, ready } = deps
  const log = repository === NAMELESS ? deps.log : deps.log.child({ repository })
  const sync = openSync(deps)
  let failures = 0
  let minPause = 0
  let lastCode = ''
  await ready()
  while (!signal.aborted) {
    const began = Date.now()
    const end = asks.begin()
    try {
      const tags = await sync()
      if (failures > 0) log.info({ tags }, 'the registry lists its tags again')
      failures = 0
      minPause = 0
      lastCode = ''
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      failures++
      const { code, message, retryAfter } = error
      minPause = Math.min(retryAfter ?? (code === 'rate-limited' ? LIMITED_MS : 0), MAX_RETRY_AFTER_MS)
      if (code !== lastCode) log.warn({ code, error: message }, 'the registry does not list its tags')
      lastCode = code
    }
    const pause = failures > 0 ? Math.min(every, RETRY_MS * 2 ** (failures - 1)) : every
    const jittered = Math.max(pause * (0.9 + Math.random() / 5), minPause * (1 + Math.random() / 10))
    const took = Date.now() - began
    const early = (ms: number, share: number) => (failures > 0 ? jittered : Math.max(ms, took / share))
    const asked = Math.min(jittered, early(leastPause, MAX_ASKED_SHARE))
    end(asked, failures === 0)
    await pauseUnlessWanted({ most: jittered, asked, visited: early(EARLY_READ_MS, MAX_EARLY_SHARE) }, began)
  }

  async function pauseUnlessWanted(pause: { most: number; asked: number; visited: number }, since: number) {
    const start = performance.now()
    for (;;) {
      const passed = performance.now() - start
      if (signal.aborted || passed >= pause.most) return
      if (passed >= pause.visited && store.listWantedAt(repository) > since) return
      if (asks.isAsked() && passed >= pause.asked) return
      const left = (asks.isAsked() ? pause.asked : pause.most) - passed
      const look = left > LOOK_MS ? nextBeat(LOOK_MS, signal) : sleep(left, undefined, { signal }).catch(() => {})
      await (asks.isAsked() ? look : Promise.race([look, asks.asked()]))
    }
  }
}

/** One read of the list. @returns how many tags it has @throws RegistryError */
export function openSync(deps: Omit<Dependencies, 'asks' | 'ready' | 'log'>): () => Promise<number> {
  const { registry, repository, store } = deps
  const requestPrepulls = openPrepulls(deps)
  return async () => {
    const tags = await registry.tags()
    store.offer(
      repository,
      tags.map((tag) => ({ tag, digest: null })),
    )
    letAge(deps, tags)
    await requestPrepulls()
    return tags.length
  }
}

/** An image that was prepulled ages like any other once its tag is no longer offered. */
function letAge({ store, repository }: Pick<Dependencies, 'store' | 'repository'>, tags: Tag[]): void {
  const offered = new Set(tags)
  for (const preview of store.list().filter((one) => one.repository === repository))
    if (preview.state === 'stopped' && preview.why === 'ahead' && !offered.has(preview.tag))
      store.apply(idOf(preview), { type: 'unlisted' })
}

/** Requests each tag's prepull once, newest first; then once more those without an image. */
function openPrepulls({
  config,
  repository,
  store,
  nudges,
}: Pick<Dependencies, 'config' | 'repository' | 'store' | 'nudges'>): () => Promise<void> {
  const requested = new Set<string>()
  return async () => {
    const remaining = store.notYetAhead(repository).filter((tag) => config.prepulls(idOf({ repository, tag })))
    let batch = remaining.filter((tag) => !requested.has(tag)).slice(0, PREPULLS_PER_LIST)
    if (batch.length === 0) {
      requested.clear()
      batch = remaining.slice(0, PREPULLS_PER_LIST)
    }
    for (const tag of batch) requested.add(tag)
    // The tag that is requested last is pulled first.
    for (const tag of batch.reverse()) await nudges.prepull(idOf({ repository, tag }))
  }
}
