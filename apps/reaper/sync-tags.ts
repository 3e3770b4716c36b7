/** Reads the registry's list of tags into the store, for the admin page and for LOTAN_PREPULL. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import type { Nudges } from '../shared/queue.ts'
import { RegistryError, type Registry } from '../shared/registry/registry.ts'
import type { Store } from '../shared/store/store.ts'

const RETRY_MS = 5_000
/** After a rate limit without `Retry-After`. */
const LIMITED_MS = 60_000
/** A longer `Retry-After` is cut to this. */
const LONGEST_MS = 24 * 60 * 60_000

const LOOK_MS = 500
/** An early read comes at most this often, and takes no more than this part of the time. */
const SOONEST_MS = 10_000
const MOST_OF_THE_TIME = 1 / 20

const AHEAD_AT_ONCE = 100

export interface Needs {
  config: Pick<Config, 'prepulls'>
  registry: Pick<Registry, 'tags'>
  store: Pick<Store, 'offer' | 'listWantedAt' | 'notYetAhead' | 'list' | 'apply'>
  nudges: Pick<Nudges, 'ahead'>
  /** Nothing waits for the first list. */
  ready: () => Promise<void>
  log: Log
}

/** Reads early after a failure, or when visitors request unlisted tags, but never before `Retry-After` is over. */
export async function syncTags(needs: Needs, every: number, signal: AbortSignal): Promise<void> {
  const { registry, store, ready, log } = needs
  const askAhead = openAhead(needs)
  let failures = 0
  let leaveAlone = 0
  let said = ''
  await ready()
  while (!signal.aborted) {
    const began = Date.now()
    try {
      const tags = await registry.tags()
      store.offer(tags.map((tag) => ({ tag, digest: null })))
      letAge(needs, tags)
      await askAhead()
      if (failures > 0) log.info({ tags: tags.length }, 'the registry lists its tags again')
      failures = 0
      leaveAlone = 0
      said = ''
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      failures++
      const { code, message, retryAfter } = error
      leaveAlone = Math.min(retryAfter ?? (code === 'rate-limited' ? LIMITED_MS : 0), LONGEST_MS)
      if (code !== said) log.warn({ code, error: message }, 'the registry does not list its tags')
      said = code
    }
    const pause = failures > 0 ? Math.min(every, RETRY_MS * 2 ** (failures - 1)) : every
    const jittered = Math.max(pause * (0.9 + Math.random() / 5), leaveAlone * (1 + Math.random() / 10))
    const soonest = failures > 0 ? jittered : Math.max(SOONEST_MS, (Date.now() - began) / MOST_OF_THE_TIME)
    await pauseUnlessWanted(jittered, soonest, began)
  }

  async function pauseUnlessWanted(most: number, least: number, since: number): Promise<void> {
    const start = performance.now()
    for (;;) {
      const passed = performance.now() - start
      if (signal.aborted || passed >= most || (passed >= least && store.listWantedAt() > since)) return
      await sleep(Math.min(most - passed, LOOK_MS), undefined, { signal }).catch(() => {})
    }
  }
}

/** An image that was prepulled ages like any other once its tag is no longer offered. */
function letAge({ store }: Pick<Needs, 'store'>, tags: string[]): void {
  const offered = new Set(tags)
  for (const preview of store.list())
    if (preview.state === 'stopped' && preview.why === 'ahead' && !offered.has(preview.tag))
      store.apply(preview.tag, { type: 'unlisted' })
}

/** Requests each tag's prepull once, newest first; then once more those without an image. */
function openAhead({ config, store, nudges }: Pick<Needs, 'config' | 'store' | 'nudges'>): () => Promise<void> {
  const asked = new Set<string>()
  return async () => {
    const left = store.notYetAhead().filter(config.prepulls)
    let turn = left.filter((tag) => !asked.has(tag)).slice(0, AHEAD_AT_ONCE)
    if (turn.length === 0) {
      asked.clear()
      turn = left.slice(0, AHEAD_AT_ONCE)
    }
    for (const tag of turn) asked.add(tag)
    // The tag that is requested last is pulled first.
    for (const tag of turn.reverse()) await nudges.ahead(tag)
  }
}
