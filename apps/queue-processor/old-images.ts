/**
 * Images that Lotan pulled for a tag and that the tag has lost: one that is pushed again leaves its old one nameless, and
 * one that somebody's container needed when it was to go has its name still.
 */
import { isOld } from '../shared/disk.ts'
import type { Preview } from '../shared/preview.ts'
import type { Parts } from './parts.ts'

/**
 * Removes the images that a tag has lost; those that a container needs stay until the next look.
 * @throws EngineError
 */
export async function removeOldImages(
  { store, engine, log }: Pick<Parts, 'store' | 'engine' | 'log'>,
  tag: string,
): Promise<void> {
  for (const image of store.pulled.list().filter((pulled) => pulled.tag === tag)) {
    if (!isOld(image, store.get(tag))) continue
    const names = await engine.namesOf(image.id)
    if (!names) store.pulled.forget(image)
    // Somebody may have come for it meanwhile.
    if (!names || !isOld(image, store.get(tag))) continue
    const own = `${image.repository}:${tag}`
    const hasOwn = names.length === 1 && names[0] === own
    // Whoever gave it another name wants it; and whoever is about to pull the tag would find it.
    if (hasOwn ? !isAtRest(store.get(tag)) : names.length > 0) continue
    // By its name or digest, never by its id: should it get another name in this moment, it stays.
    const removed = await engine.removeImage(hasOwn ? own : `${image.repository}@${image.digest}`)
    if (removed === 'in-use') continue
    store.pulled.forget(image)
    log.info({ tag, digest: image.digest }, 'old image removed')
  }
}

function isAtRest(preview: Preview | undefined): boolean {
  return !preview || preview.state === 'stopped' || preview.state === 'failed'
}
