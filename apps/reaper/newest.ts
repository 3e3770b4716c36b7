/** Tags that were pushed again: noticed here, one question a tag that exists here, and asked for. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../shared/log.ts'
import type { Nudges } from '../shared/queue.ts'
import { RegistryError, type Registry } from '../shared/registry.ts'
import type { Store } from '../shared/store.ts'

/** Between two tags, so that the registry is not asked for all of them in one moment. */
const BETWEEN_MS = 50
/** No registry is believed that wants to be left alone for longer. */
const LONGEST_MS = 60 * 60_000

export interface Parts {
  registry: Pick<Registry, 'digestOf'>
  store: Pick<Store, 'list' | 'digest'>
  nudges: Pick<Nudges, 'refresh'>
  log: Log
}

/** @param every milliseconds between two rounds, jittered by a tenth */
export async function keepNewest(parts: Parts, every: number, signal: AbortSignal): Promise<void> {
  let leaveAlone = 0
  while (!signal.aborted) {
    await sleep(Math.max(every * (0.9 + Math.random() / 5), leaveAlone), undefined, { signal }).catch(() => {})
    if (!signal.aborted) leaveAlone = await askAll(parts, signal)
  }
}

/**
 * Ends with the first question that the registry does not answer: the others would fare no better.
 * @returns how long it wants to be left alone, milliseconds
 */
async function askAll({ registry, store, nudges, log }: Parts, signal: AbortSignal): Promise<number> {
  for (const { tag, image } of store.list()) {
    if (!image?.pulled) continue
    if (signal.aborted) return 0
    try {
      const digest = await registry.digestOf(tag, image.digest ?? undefined)
      if (digest !== undefined) store.digest(tag, digest)
      if (digest !== undefined && digest !== image.digest) {
        log.info({ tag, was: image.digest, digest }, 'a newer image was pushed')
        await nudges.refresh(tag)
      }
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      log.warn({ tag, code: error.code, error: error.message }, 'the registry does not say what is newest')
      return Math.min(error.retryAfter ?? 0, LONGEST_MS)
    }
    await sleep(BETWEEN_MS, undefined, { signal }).catch(() => {})
  }
  return 0
}
