/**
 * Pulls images before their first click (LOTAN_PREPULL). Stops for visitors' pulls, since the engine fetches only three
 * layers at a time, and never fills the disk above its low mark.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../../shared/engine/engine.ts'
import { RegistryError } from '../../shared/registry/registry.ts'
import type { Dependencies } from '../dependencies.ts'
import { notePulled, pull } from './pull.ts'
import { packedSizeOf, readTag } from './read-tag.ts'
import { whileWanted } from '../step/while-wanted.ts'

/** Any other failure would hit the next tags too. */
const tagFailures: string[] = ['pull-failed', 'bad-image']
const REST_MS = 60_000
const LOOK_MS = 500
/** After this many interruptions a tag waits for the next list. */
const MAX_TRIES = 3

export function openPrepull(deps: Dependencies): (tag: string) => Promise<void> {
  const { config, store, engine, disk, log } = deps
  let restUntil = 0

  function isVisitorPulling(tag: string): boolean {
    return store.list().some((preview) => preview.tag !== tag && !preview.image && isPending(preview.state))
  }

  async function pullTag(tag: string): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      while (isVisitorPulling(tag)) await sleep(LOOK_MS)
      if (store.get(tag)) return store.noteAhead(tag)
      const reference = `${config.repository}:${tag}`
      // Also an image that another program pulled serves the first click.
      if (await engine.findImage(reference)) return store.noteAhead(tag)
      const read = await readTag(deps, tag)
      if (!read) return store.noteAhead(tag)
      const endClaim = await disk.claimForPrepull(tag, packedSizeOf(read))
      if (!endClaim) return log.info({ tag }, 'no disk space for a prepull')
      const began = Date.now()
      try {
        const done = await whileWanted(
          store,
          () => !isVisitorPulling(tag),
          (signal) => pull(deps, { tag, image: read, signal }),
        )
        const found = done && done !== 'missing' ? await engine.findImage(reference) : undefined
        endClaim(found?.bytes)
        if (done && !found) return store.noteAhead(tag)
        if (!found) {
          log.info({ tag }, 'prepull stopped, a visitor waits for another image')
          continue
        }
        const image = { ...found, digest: read.digest, pulled: true }
        log.info({ tag, digest: image.digest, bytes: image.bytes, ms: Date.now() - began }, 'image prepulled')
        notePulled(deps, tag, image)
        store.apply(tag, { type: 'ahead', image })
        return store.noteAhead(tag)
      } finally {
        endClaim()
      }
    }
  }

  return async function pullAhead(tag) {
    if (Date.now() < restUntil || !config.prepulls(tag) || !store.isOffered(tag)) return
    try {
      await pullTag(tag)
    } catch (error) {
      if (!(error instanceof EngineError) && !(error instanceof RegistryError)) throw error
      if (tagFailures.includes(error.code)) store.noteAhead(tag)
      else restUntil = Date.now() + REST_MS
      log.warn({ tag, code: error.code, error: error.message }, 'prepull failed')
    }
  }
}

function isPending(state: string): boolean {
  return state === 'queued' || state === 'pulling'
}
