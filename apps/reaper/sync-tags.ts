/** The registry's list of tags, read now and then into the store: what the admin page offers to add, and LOTAN_PREPULL. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import type { Nudges } from '../shared/queue.ts'
import { RegistryError, type Registry } from '../shared/registry/registry.ts'
import type { Store } from '../shared/store/store.ts'

const RETRY_MS = 5_000
/** A registry that has enough of us and does not say for how long. */
const LIMITED_MS = 60_000
/** Whatever it says. */
const LONGEST_MS = 24 * 60 * 60_000

/** How often it is looked whether somebody wants the list read before its time. */
const LOOK_MS = 500
/** Then it is read at most this often, and no more than this part of the time. */
const SOONEST_MS = 10_000
const MOST_OF_THE_TIME = 1 / 20

/** How many tags of a list are asked for before anybody wants them; the others follow with the next list. */
const AHEAD_AT_ONCE = 100

export interface Needs {
  config: Pick<Config, 'prepulls'>
  registry: Pick<Registry, 'tags'>
  store: Pick<Store, 'offer' | 'listWantedAt' | 'notYetAhead' | 'list' | 'apply'>
  nudges: Pick<Nudges, 'ahead'>
  /** Resolves once the service is ready: nothing waits for the first list. */
  ready: () => Promise<void>
  log: Log
}

/**
 * @param every milliseconds, jittered by a tenth; sooner when visitors ask for tags that the list does not have, and
 *   after a failure at first, then back to it, but never before the registry wants to be asked again
 */
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

  /** @param since a wish from before then has been granted */
  async function pauseUnlessWanted(most: number, least: number, since: number): Promise<void> {
    const start = performance.now()
    for (;;) {
      const passed = performance.now() - start
      if (signal.aborted || passed >= most || (passed >= least && store.listWantedAt() > since)) return
      await sleep(Math.min(most - passed, LOOK_MS), undefined, { signal }).catch(() => {})
    }
  }
}

/** What was pulled ahead and is offered no more need not wait for its first click: it ages as all others do. */
function letAge({ store }: Pick<Needs, 'store'>, tags: string[]): void {
  const offered = new Set(tags)
  for (const preview of store.list())
    if (preview.state === 'stopped' && preview.why === 'ahead' && !offered.has(preview.tag))
      store.apply(preview.tag, { type: 'unlisted' })
}

/**
 * Makes what asks for tags to be pulled ahead: those that have not been asked for yet, the newest first; once all have
 * been, whoever is left for want of room, say, has another turn.
 */
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
    // Whoever is asked for last is pulled first.
    for (const tag of turn.reverse()) await nudges.ahead(tag)
  }
}
