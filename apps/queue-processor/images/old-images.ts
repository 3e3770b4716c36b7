/** Lotan pulled these images; they lost their tag to a later push, or were in use when they were due. */
import { isOld } from '../../shared/disk-space.ts'
import type { Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { Pulled, Store } from '../../shared/store/store.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'

export async function removeOldImages(
  { store, engine, log }: { store: Store; engine: Engine; log: Log },
  id: PreviewId,
): Promise<void> {
  for (const image of store.pulled.list().filter((pulled) => idOf(pulled) === id)) {
    if (!isOld(image, store.get(id))) continue
    const names = await engine.namesOf(image.id)
    if (!names) store.pulled.forget(image)
    // The preview may have been requested again meanwhile.
    if (!names || !isOld(image, store.get(id))) continue
    const ownName = `${image.reference}:${image.tag}`
    const hasOwn = names.length === 1 && names[0] === ownName
    // Another name belongs to another user of the image; a tag that is about to be pulled would use its own.
    if (hasOwn ? !isAtRest(store.get(id)) : names.length > 0) continue
    if (await isInUse(engine, hasOwn ? [ownName] : await digestNames(engine, image))) continue
    store.pulled.forget(image)
    log.info({ ...logFields(id), digest: image.digest }, 'old image removed')
  }
}

/** Of several digests the last one removed frees the disk. */
async function digestNames(engine: Engine, { id, reference }: Pulled): Promise<string[]> {
  const all = await engine.digestNamesOf(id)
  return all.filter((name) => name.startsWith(`${reference}@`))
}

async function isInUse(engine: Engine, names: string[]): Promise<boolean> {
  let last: string | undefined
  // Never by id: an image that gets another name at this moment stays.
  for (const name of names) last = await engine.removeImage(name)
  return last === 'in-use'
}

function isAtRest(preview: Preview | undefined): boolean {
  return !preview || preview.state === 'stopped' || preview.state === 'failed'
}
