/** Stops for visitors' pulls, since the engine fetches only three layers at a time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { imageNameOf } from '../../shared/repository.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { RegistryError } from '../../shared/registry/registry.ts'
import type { Dependencies } from '../dependencies.ts'
import { noteServices } from '../services/note-services.ts'
import { pullAll } from './pull-all.ts'
import { notePulled } from './pull.ts'
import { packedSizeOf } from './service-pull.ts'
import { readTag } from './read-tag.ts'
import { labelsAhead, readStackImages, stackIn } from './stack-images.ts'
import { whileWanted } from '../step/while-wanted.ts'
import { idOf, logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

/** Any other failure would hit the next tags too. */
const tagFailures: string[] = ['pull-failed', 'bad-image', 'bad-stack']
const REST_MS = 60_000
const LOOK_MS = 500
const MAX_TRIES = 3

export function openPrepull(deps: Dependencies): (id: PreviewId) => Promise<void> {
  const { config, store, engine, disk, log } = deps
  /** By the repository's name: its registry may be down, and another's not. */
  const restUntil = new Map<string, number>()

  function isVisitorPulling(id: PreviewId): boolean {
    return store.list().some((preview) => idOf(preview) !== id && !preview.image && isPending(preview.state))
  }

  async function pullTag(id: PreviewId): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      while (isVisitorPulling(id)) await sleep(LOOK_MS)
      if (store.get(id)) return store.noteAhead(id)
      const reference = imageNameOf(id, config)
      // Also an image that another program pulled serves the first click.
      if (await engine.findImage(reference)) return store.noteAhead(id)
      const read = await readTag(deps, id)
      if (!read) return store.noteAhead(id)
      const labels = await labelsAhead(deps, id, read)
      const stack = labels ? stackIn(deps, id, labels) : null
      const needed = stack && (await readStackImages(deps, id, stack, { renew: true }))
      const endClaim = await disk.claimForPrepull(id, packedSizeOf(read), needed?.pulls)
      if (!endClaim) return log.info(logFields(id), 'no disk space for a prepull')
      const began = Date.now()
      try {
        const done = await whileWanted(
          store,
          () => !isVisitorPulling(id),
          (signal) => pullAll(deps, { id, own: read, stack: needed, signal }),
        )
        const found = done && done !== 'missing' ? await engine.findImage(reference) : undefined
        endClaim(found?.bytes)
        if (done && !found) return store.noteAhead(id)
        if (!found) {
          log.info(logFields(id), 'prepull stopped, a visitor waits for another image')
          continue
        }
        const image = { ...found, digest: read.digest, pulled: true }
        log.info(
          { ...logFields(id), digest: image.digest, bytes: image.bytes, ms: Date.now() - began },
          'image prepulled',
        )
        notePulled(deps, id, image)
        store.apply(id, { type: 'ahead', image })
        if (needed && done && done !== 'missing') noteServices(deps, id, needed.stack, done.services)
        return store.noteAhead(id)
      } finally {
        endClaim()
      }
    }
  }

  return async function pullAhead(id) {
    const { repository } = splitId(id)
    if (Date.now() < (restUntil.get(repository) ?? 0) || !config.prepulls(id) || !store.isOffered(id)) return
    const { is } = store.standing(id, Date.now())
    // One that is approved later is pulled ahead then.
    if (is !== 'free') return is === 'closed' ? store.noteAhead(id) : undefined
    try {
      await pullTag(id)
    } catch (error) {
      if (!(error instanceof EngineError) && !(error instanceof RegistryError)) throw error
      if (tagFailures.includes(error.code)) store.noteAhead(id)
      else restUntil.set(repository, Date.now() + REST_MS)
      log.warn({ ...logFields(id), code: error.code, error: error.message }, 'prepull failed')
    }
  }
}

function isPending(state: string): boolean {
  return state === 'queued' || state === 'pulling'
}
