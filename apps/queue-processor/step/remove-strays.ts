import { besideOf, generationOf } from '../../shared/preview/preview.ts'
import { removeOldImages } from '../images/old-images.ts'
import { settleServices } from '../services/stop-services.ts'
import type { Dependencies } from '../dependencies.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'

/** @returns how many containers were removed */
export async function removeStrays(deps: Dependencies, id: PreviewId): Promise<number> {
  const { store, engine, log } = deps
  const { containers, services } = await engine.listBoth(id)
  // Read after the list, so that it knows a generation that was created meanwhile.
  const preview = store.get(id)
  // A start under way may have a container that the store does not know yet.
  if (preview?.state === 'starting') return 0
  const own = containers.find((container) => container.id === (preview && generationOf(preview)?.container))
  // By number: the container of a pending or a retired generation may be unknown too.
  const beside = preview ? besideOf(preview) : []
  const isMeant = ({ generation }: { generation: number }) => beside.some(({ number }) => number === generation)
  const strays = containers.filter((container) => container !== own && !isMeant(container))
  for (const { id: container, generation } of strays) {
    const began = Date.now()
    await engine.remove(container)
    log.info(
      { ...logFields(id), generation, container: container.slice(0, 12), ms: Date.now() - began },
      'stray container removed',
    )
  }
  // No row knows the preview: the image that Lotan pulled for it goes with its containers.
  for (const { reference, tag, image, pulled } of preview ? [] : strays) {
    const name = `${reference}:${tag}`
    if (pulled && (await engine.findImage(name))?.id === image) await engine.removeImage(name)
  }
  // Started by hand: a stopped preview has no slot, and its address may be another's.
  if (preview?.state === 'stopped' && own?.running) await engine.stop(own.id)
  await settleServices(deps, id, services)
  await removeOldImages(deps, id)
  return strays.length
}
