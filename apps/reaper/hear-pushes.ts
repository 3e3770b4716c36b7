/**
 * Tags that a hook says were pushed: each is asked for at once, and what a look for newer images would do is done. That look
 * comes all the same: a hint is nothing but a reason to ask.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { nextBeat } from '../shared/beat.ts'
import type { Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import { idOf, logFields, splitId, type PreviewId } from '../shared/preview/preview-id.ts'
import type { Nudges } from '../shared/queue.ts'
import { RegistryError, type Registry } from '../shared/registry/registry.ts'
import type { Hint, Store } from '../shared/store/store.ts'
import { openCompare } from './compare-digest.ts'

/** One look-up a tag. The router lets through fewer of what is not signed. */
const EVERY_MS = 1_000
/** After a failure. A registry's own limit counts where it is longer. */
const RETRY_MS = 10_000
/** Older hints are left to the next look for newer images. */
const LASTS_MS = 60_000
/** At once; of all repositories. */
const MOST_LOOKS = 8
/** Where the kernel reports no write. */
const LOOK_MS = 1_000
const SETTLE_MS = 10

export interface Dependencies {
  config: Pick<Config, 'offers' | 'prepulls'>
  registryOf: (id: PreviewId) => Pick<Registry, 'digestOf'>
  store: Pick<
    Store,
    | 'version'
    | 'onWrite'
    | 'get'
    | 'digest'
    | 'apply'
    | 'noteChanged'
    | 'unfit'
    | 'offerOne'
    | 'digestsOf'
    | 'notYetAhead'
  > & { hints: Pick<Store['hints'], 'list' | 'done'> }
  nudges: Pick<Nudges, 'refresh' | 'prepull'>
  /** For what else is to be known of a tag's image. */
  seen: (id: PreviewId, digest: string) => void
  log: Log
}

export async function hearPushes(deps: Dependencies, signal: AbortSignal): Promise<void> {
  const { store } = deps
  let wake = () => {}
  const looks = openLooks(deps, () => wake())
  const off = store.onWrite(() => wake())
  let version: number | undefined
  let next = Infinity
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve))
      const now = store.version()
      if (now !== version || performance.now() >= next || looks.isEnded()) next = looks.begin(store.hints.list('push'))
      version = now
      const left = next - performance.now()
      const rest =
        left < LOOK_MS ? sleep(Math.max(0, left), undefined, { signal }).catch(() => {}) : nextBeat(LOOK_MS, signal)
      await Promise.race([woken, rest])
      // The kernel may report the last write of a commit before the commit can be seen; many may follow each other.
      await sleep(SETTLE_MS)
    }
  } finally {
    off()
  }
}

function openLooks(deps: Dependencies, wake: () => void) {
  const { store, log } = deps
  const lookAt = openLookAt(deps)
  const underWay = new Set<PreviewId>()
  /** When a tag, and a repository's registry, may be asked again. No step of the clock changes it. */
  const notBefore = new Map<PreviewId, number>()
  const restUntil = new Map<string, number>()
  let ended = false

  async function look(id: PreviewId, hint: Hint): Promise<void> {
    try {
      await lookAt(id)
      store.hints.done(hint)
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      const { code, message, retryAfter = 0, status } = error
      const again = performance.now() + Math.max(RETRY_MS, retryAfter)
      const isRegistryWide = code === 'rate-limited' || retryAfter > 0 || status === undefined
      if (isRegistryWide) restUntil.set(hint.repository, again)
      else notBefore.set(id, again)
      if (Date.now() - hint.at > LASTS_MS || retryAfter > LASTS_MS) {
        store.hints.done(hint)
        log.warn({ ...logFields(id), code, error: message }, 'the registry gives no digest for a tag that was pushed')
      }
    }
  }

  return {
    /** Whether there may be room for more since the last `begin`. */
    isEnded: () => ended,

    /** @returns when there is more to begin, by `performance.now()` */
    begin(hints: readonly Hint[]): number {
      ended = false
      const now = performance.now()
      for (const [id, at] of notBefore) if (at <= now) notBefore.delete(id)
      let next = Infinity
      for (const hint of hints) {
        const id = idOf({ repository: hint.repository, tag: hint.subject })
        const at = Math.max(now, notBefore.get(id) ?? 0, restUntil.get(hint.repository) ?? 0)
        if (at > now) next = Math.min(next, at)
        if (at > now || underWay.has(id) || underWay.size >= MOST_LOOKS) continue
        underWay.add(id)
        notBefore.set(id, now + EVERY_MS)
        void look(id, hint)
          .catch((err: unknown) => log.error({ ...logFields(id), err }, 'a push could not be looked at'))
          .finally(() => {
            underWay.delete(id)
            ended = true
            wake()
          })
      }
      return next
    },
  }
}

function openLookAt(deps: Dependencies): (id: PreviewId) => Promise<void> {
  const { config, registryOf, store, nudges, seen } = deps
  const compare = openCompare(deps)

  return async (id) => {
    // A setting was changed since.
    if (!config.offers(id)) return
    const { repository, tag } = splitId(id)
    const known = store.get(id)?.image?.digest ?? store.digestsOf(id)[0]
    const digest = await registryOf(id).digestOf(tag, known)
    if (digest === undefined) return
    store.offerOne(id, digest)
    const preview = store.get(id)
    const unfit = store.unfit(repository).find((found) => found.tag === tag)
    if (preview?.image?.pulled) await compare.image(preview, digest)
    else if (unfit) compare.rejected(id, unfit.digest, digest)
    if (config.prepulls(id) && store.notYetAhead(repository).includes(tag)) await nudges.prepull(id)
    seen(id, digest)
  }
}
