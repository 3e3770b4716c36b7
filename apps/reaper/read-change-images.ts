/** What the registry has for the tags of open changes, and what these images say of themselves: read, and not pulled. */
import { setTimeout as sleep } from 'node:timers/promises'
import { nextBeat } from '../shared/beat.ts'
import type { Config } from '../shared/config/config.ts'
import type { Engine } from '../shared/engine/engine.ts'
import type { KnownChange } from '../shared/forge/change.ts'
import type { Log } from '../shared/log.ts'
import { idOf, logFields, splitId, type PreviewId } from '../shared/preview/preview-id.ts'
import { RegistryError, type Registry } from '../shared/registry/registry.ts'
import type { Store } from '../shared/store/store.ts'

/** Spreads the requests over time. */
const BETWEEN_MS = 50
const LOOK_MS = 1_000
/** After a failure that would hit the other tags too. */
const REST_MS = 10_000
/** A longer `Retry-After` is cut to this. */
const MAX_RETRY_AFTER_MS = 60 * 60_000

export interface Needs {
  registryOf: (id: PreviewId) => Pick<Registry, 'digestOf' | 'describe'>
  engine: Pick<Engine, 'platform'>
  store: { changes: Pick<Store['changes'], 'image' | 'noteImage' | 'ofPreview'> }
}

/** Asks for no more than the digest where that is known. @param told what the registry has just said that it is */
export async function readImage({ registryOf, engine, store }: Needs, id: PreviewId, told?: string): Promise<void> {
  const { tag } = splitId(id)
  const was = store.changes.image(id)?.digest
  const digest = told ?? (await registryOf(id).digestOf(tag, was))
  if (digest !== undefined && digest === was) return
  const found = digest === undefined ? undefined : await registryOf(id).describe(tag, await engine.platform())
  store.changes.noteImage(id, found ?? null)
}

export interface Dependencies extends Needs {
  config: Pick<Config, 'offers'>
  /** The name of the repository whose tags they are. */
  repository: string
  store: Pick<Store, 'version'> & { changes: Pick<Store['changes'], 'open' | 'tagsOf'> & Needs['store']['changes'] }
  log: Log
}

/** All of them every so often; at once those of a change that is new, or whose head has moved. */
export async function readChangeImages(deps: Dependencies, every: number, signal: AbortSignal): Promise<void> {
  const { store, repository } = deps
  const readTags = openReadTags(deps, signal)
  /** By number: the head commit that the images were read for. */
  let read = new Map<number, string>()
  let version = -1
  let allAt = 0
  while (!signal.aborted) {
    const isForAll = performance.now() >= allAt
    const now = store.version()
    if (isForAll || now !== version) {
      version = now
      const open = store.changes.open().filter((change) => change.repository === repository)
      if (isForAll) allAt = performance.now() + every * (0.9 + Math.random() / 5)
      read = new Map(open.flatMap(({ number }) => (read.has(number) ? [[number, read.get(number)!]] : [])))
      for (const change of open) {
        if (signal.aborted) return
        if (!isForAll && read.get(change.number) === change.sha) continue
        const rest = await readTags(change)
        if (rest === 0) read.set(change.number, change.sha)
        // The others would be refused as well.
        else {
          version = -1
          await sleep(rest, undefined, { signal }).catch(() => {})
          break
        }
      }
    }
    await nextBeat(LOOK_MS, signal)
  }
}

/** @returns how long to leave the registry alone, milliseconds; 0: go on */
function openReadTags(deps: Dependencies, signal: AbortSignal): (change: KnownChange) => Promise<number> {
  const { config, repository, store, log } = deps
  let isReported = false
  return async (change) => {
    for (const tag of store.changes.tagsOf(change)) {
      const id = idOf({ repository, tag })
      if (!config.offers(id)) continue
      try {
        await readImage(deps, id)
        isReported = false
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error
        const { code, message, retryAfter, status } = error
        const isRegistryWide = code === 'rate-limited' || retryAfter !== undefined || status === undefined
        if (!isReported) log.warn({ ...logFields(id), code, error: message }, 'the image of a change cannot be read')
        isReported = true
        if (isRegistryWide) return Math.min(Math.max(retryAfter ?? 0, REST_MS), MAX_RETRY_AFTER_MS)
      }
      await sleep(BETWEEN_MS, undefined, { signal }).catch(() => {})
    }
    return 0
  }
}
