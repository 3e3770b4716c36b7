/** Which previews of other repositories a container goes with: asked beside the start's other work, and remembered. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../shared/config/config.ts'
import type { Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import { choosePair, pairCandidates, type Existence, type Pairs } from '../../shared/preview/pair.ts'
import { generationOf, isToGo } from '../../shared/preview/preview.ts'
import { idOf, logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Registry } from '../../shared/registry/registry.ts'
import { imageNameOf } from '../../shared/repository.ts'
import type { Store } from '../../shared/store/store.ts'

export type FindPairs = (id: PreviewId) => Promise<Pairs | undefined>

/** Milliseconds. */
interface Times {
  /** The longest that a start waits for a registry. */
  answer: number
  /** How long an answer is believed. */
  kept: number
  /** How long a registry that gave none is not asked for the same again. */
  rest: number
}

const defaultTimes: Times = { answer: 1_000, kept: 5_000, rest: 15_000 }

export function openFindPairs(
  deps: {
    config: Pick<Config, 'repositories' | 'pairFallback' | 'offers'>
    store: Pick<Store, 'get' | 'isOffered' | 'standing'>
    engine: Pick<Engine, 'findImage'>
    registryOf: (id: PreviewId) => Pick<Registry, 'has'>
    log: Log
  },
  times = defaultTimes,
): FindPairs {
  const { config, store, engine, registryOf, log } = deps
  const asked = new Map<PreviewId, { until: number; answer: Promise<boolean | undefined> }>()

  /** By HEAD, which registries do not count as a pull. Undefined where the registry does not say. */
  async function ask(id: PreviewId): Promise<boolean | undefined> {
    const late = sleep(times.answer, undefined, { ref: false })
    const isLate = late.then(() => Promise.reject(new Error(`no answer in ${times.answer} ms`)))
    try {
      return await Promise.race([registryOf(id).has(splitId(id).tag, AbortSignal.timeout(times.answer)), isLate])
    } catch (error) {
      log.info({ ...logFields(id), error: (error as Error).message }, 'the registry does not say whether a pair exists')
      return undefined
    }
  }

  function remembered(id: PreviewId): Promise<boolean | undefined> {
    const now = performance.now()
    for (const [other, { until }] of asked) if (until <= now) asked.delete(other)
    const known = asked.get(id)
    if (known) return known.answer
    const entry = { until: Infinity, answer: ask(id) }
    asked.set(id, entry)
    void entry.answer.then((answer) => {
      entry.until = performance.now() + (answer === undefined ? times.rest : times.kept)
    })
    return entry.answer
  }

  /** As a click finds it: on the engine, else in the registry. */
  async function existenceOf(id: PreviewId): Promise<Existence> {
    // It does not run, so it is none to go with.
    if (store.standing(id, Date.now()).is !== 'free') return 'absent'
    const preview = store.get(id)
    const isGoing = preview?.state === 'removing' || (preview !== undefined && isToGo(preview, Date.now()))
    if (preview?.image && !isGoing) return 'exists'
    // An image that the operator built on the engine has no row before its first click.
    const here = isGoing ? undefined : engine.findImage(imageNameOf(id, config)).catch(() => undefined)
    const [isThere, image] = await Promise.all([remembered(id), here])
    if (isThere === true || image) return 'exists'
    if (isThere === false) return 'absent'
    return store.isOffered(id) ? 'listed' : 'unlisted'
  }

  /** Undefined where there is no other repository: it costs nothing then. Calls side by side ask once. */
  return async function findPairs(id) {
    const candidates = [...pairCandidates(id, config)]
    if (candidates.length === 0) return undefined
    const preview = store.get(id)
    const soFar = preview && generationOf(preview)?.pairs
    const chosen = candidates.map(async ([name, ids]) => {
      const offered = ids.filter((id) => config.offers(id))
      const found = await Promise.all(offered.map(existenceOf))
      const fallback = idOf({ repository: name, tag: config.pairFallback[0]! })
      return [name, choosePair(offered, found, { fallback, soFar: soFar?.[name] })] as const
    })
    return Object.fromEntries(await Promise.all(chosen))
  }
}

/** So that the answer is there when the start needs it. */
export function findPairsAhead({ findPairs }: { findPairs: FindPairs }, id: PreviewId): void {
  void findPairs(id).catch(() => {})
}
