/** Notices tags that were pushed again, with one request for each tag that has a preview, and asks for their update. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import type { Preview } from '../shared/preview/preview.ts'
import type { Nudges } from '../shared/queue.ts'
import { RegistryError, type Registry } from '../shared/registry/registry.ts'
import type { Store, UnfitTag } from '../shared/store/store.ts'
import { idOf, logFields, type PreviewId } from '../shared/preview/preview-id.ts'
import { openCompare } from './compare-digest.ts'

/** Spreads the requests over time. */
const BETWEEN_MS = 50
/** A longer `Retry-After` is cut to this. */
const MAX_RETRY_AFTER_MS = 60 * 60_000

export interface Dependencies {
  config: Pick<Config, 'offers'>
  registry: Pick<Registry, 'digestOf'>
  /** The name of the repository whose tags they are. */
  repository: string
  store: Pick<Store, 'list' | 'digest' | 'apply' | 'unfit' | 'noteChanged' | 'standing'>
  nudges: Pick<Nudges, 'refresh'>
  log: Log
}

/** @param planned called with the time of the next round, milliseconds since 1970 */
export async function checkUpdates(
  deps: Dependencies,
  every: number,
  signal: AbortSignal,
  planned: (at: number) => void = () => {},
): Promise<void> {
  const round = openRound(deps, signal)
  let minPause = 0
  while (!signal.aborted) {
    const pause = Math.max(every * (0.9 + Math.random() / 5), minPause)
    planned(Date.now() + pause)
    await sleep(pause, undefined, { signal }).catch(() => {})
    if (!signal.aborted) minPause = await round()
  }
}

/** Ends at a failure that would hit the other tags too. @returns the registry's `Retry-After`, milliseconds */
function openRound(
  { config, registry, repository, store, nudges, log }: Dependencies,
  signal: AbortSignal,
): () => Promise<number> {
  const compare = openCompare({ store, nudges, log })
  let last = ''
  /** The last failure by preview, so that it is logged once. */
  const lastFailures = new Map<PreviewId, string>()

  async function check(preview: Preview): Promise<void> {
    const digest = await registry.digestOf(preview.tag, preview.image?.digest ?? undefined)
    if (digest !== undefined) await compare.image(preview, digest)
  }

  async function checkRejected({ id, tag, digest: was }: UnfitTag & { id: PreviewId }): Promise<void> {
    const digest = await registry.digestOf(tag, was)
    if (digest !== undefined) compare.rejected(id, was, digest)
  }

  return async function round() {
    const mayRun = (id: PreviewId) => config.offers(id) && store.standing(id, Date.now()).is === 'free'
    const withImage = store
      .list()
      .filter((one) => one.repository === repository && one.image?.pulled && mayRun(idOf(one)))
    const known = new Set(withImage.map(idOf))
    const rejected = store
      .unfit(repository)
      .map((found) => ({ id: idOf({ repository, tag: found.tag }), ...found }))
      .filter(({ id }) => !known.has(id) && mayRun(id))
    const all = [
      ...withImage.map((preview) => ({ id: idOf(preview), ask: () => check(preview) })),
      ...rejected.map((found) => ({ id: found.id, ask: () => checkRejected(found) })),
    ]
    for (const { id, ask } of [...all.filter(({ id }) => id > last), ...all.filter(({ id }) => id <= last)]) {
      if (signal.aborted) return 0
      last = id
      try {
        await ask()
        lastFailures.delete(id)
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error
        const { code, message, retryAfter, status } = error
        const isRegistryWide = code === 'rate-limited' || retryAfter !== undefined || status === undefined
        if (isRegistryWide || lastFailures.get(id) !== message)
          log.warn({ ...logFields(id), code, error: message }, 'the registry gives no digest for a tag')
        if (isRegistryWide) return Math.min(retryAfter ?? 0, MAX_RETRY_AFTER_MS)
        lastFailures.set(id, message)
      }
      await sleep(BETWEEN_MS, undefined, { signal }).catch(() => {})
    }
    return 0
  }
}
