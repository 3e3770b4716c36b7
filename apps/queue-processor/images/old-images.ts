/**
 * Images that Lotan pulled for a tag and that the tag has lost: one that is pushed again leaves its old one nameless, and
 * one that somebody's container needed when it was to go has its name still.
 */
import { isOld } from '../../shared/disk-space.ts'
import type { Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { Pulled, Store } from '../../shared/store/store.ts'

/**
 * Removes the images that a tag has lost; those that a container needs stay until the next look.
 * @throws EngineError
 */
export async function removeOldImages(
  { store, engine, log }: { store: Store; engine: Engine; log: Log },
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
    if (await isInUse(engine, hasOwn ? [own] : await digestNames(engine, image))) continue
    store.pulled.forget(image)
    log.info({ tag, digest: image.digest }, 'old image removed')
  }
}

/** An image that was pulled for several tags, or by another index, has several: the last one takes it off the disk. */
async function digestNames(engine: Engine, { id, repository }: Pulled): Promise<string[]> {
  const all = await engine.digestNamesOf(id)
  return all.filter((name) => name.startsWith(`${repository}@`))
}

/** Removes it by its name or digests, never by its id: should it get another name in this moment, it stays. */
async function isInUse(engine: Engine, names: string[]): Promise<boolean> {
  let last: string | undefined
  for (const name of names) last = await engine.removeImage(name)
  return last === 'in-use'
}

function isAtRest(preview: Preview | undefined): boolean {
  return !preview || preview.state === 'stopped' || preview.state === 'failed'
}
