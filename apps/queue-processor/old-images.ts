/** Images that Lotan pulled for a tag and that the tag has lost: one that is pushed again leaves its old one nameless. */
import { isOld } from '../shared/disk.ts'
import type { Parts } from './parts.ts'

/**
 * Removes the nameless images of a tag; those that a container needs stay until the next look.
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
    // Whoever gave it another name wants it.
    if (names?.length !== 0) continue
    // By its digest, never by its id: should it get a name in this moment, it stays.
    const removed = await engine.removeImage(`${image.repository}@${image.digest}`)
    if (removed === 'in-use') continue
    store.pulled.forget(image)
    log.info({ tag, digest: image.digest }, 'old image removed')
  }
}
