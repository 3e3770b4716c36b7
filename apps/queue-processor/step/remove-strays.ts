/**
 * What a tag has and should not have: containers of an older generation, or of a preview that is gone or stopped, and
 * images that it has lost.
 */
import { besideOf, generationOf } from '../../shared/preview/preview.ts'
import { removeOldImages } from '../images/old-images.ts'
import type { Dependencies } from '../dependencies.ts'

/**
 * Removes the containers of a tag that belong to no generation of it.
 * @returns how many there were
 * @throws EngineError
 */
export async function removeStrays(parts: Dependencies, tag: string): Promise<number> {
  const { store, engine, log } = parts
  const containers = await engine.list(tag)
  // Read after the list: a generation that came meanwhile is known.
  const preview = store.get(tag)
  // A start in flight may have made its container without having said so yet.
  if (preview?.state === 'starting') return 0
  const own = containers.find(({ id }) => id === (preview && generationOf(preview)?.container))
  // One that comes up or leaves may have a container that the store was not told of yet.
  const beside = preview ? besideOf(preview) : []
  const isMeant = ({ generation }: { generation: number }) => beside.some(({ number }) => number === generation)
  const corpses = containers.filter((container) => container !== own && !isMeant(container))
  for (const { id, generation } of corpses) {
    const began = Date.now()
    await engine.remove(id)
    log.info({ tag, generation, container: id.slice(0, 12), ms: Date.now() - began }, 'stray container removed')
  }
  // Nobody knows the tag any more: the image that Lotan pulled for it goes with its containers.
  for (const { repository, image, pulled } of preview ? [] : corpses) {
    const reference = `${repository}:${tag}`
    if (pulled && (await engine.findImage(reference))?.id === image) await engine.removeImage(reference)
  }
  // Started by hand: what is stopped has no slot, and so no right to its address.
  if (preview?.state === 'stopped' && own?.running) await engine.stop(own.id)
  await removeOldImages(parts, tag)
  return corpses.length
}
