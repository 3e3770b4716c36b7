/** Containers that a tag has and should not have: of an older generation, or of a preview that is gone or stopped. */
import { generationOf } from '../shared/preview.ts'
import type { Parts } from './parts.ts'

/**
 * Removes the containers of a tag that belong to no generation of it.
 * @returns how many there were
 * @throws EngineError
 */
export async function sweep({ store, engine, log }: Parts, tag: string): Promise<number> {
  const containers = await engine.list(tag)
  // Read after the list: a generation that came meanwhile is known.
  const preview = store.get(tag)
  // A start in flight may have made its container without having said so yet.
  if (preview?.state === 'starting') return 0
  const generation = preview && generationOf(preview)
  const own = containers.find(({ id }) => id === generation?.container)
  const corpses = containers.filter((container) => container !== own)
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
  return corpses.length
}
