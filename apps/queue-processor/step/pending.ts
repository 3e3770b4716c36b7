import type { Image, Preview } from '../../shared/preview/preview.ts'
import type { Generation } from '../../shared/preview/generation.ts'
import { containerName } from '../../shared/slots/container-name.ts'
import type { Dependencies } from '../dependencies.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'

export interface Pending {
  id: PreviewId
  image: Image
  generation: Generation & { slot: number }
  /** When its process was first seen to run, milliseconds since 1970. */
  waiting: number | undefined
  /** When its start began, milliseconds since 1970: two starts of a kept container differ in it. */
  began: number | undefined
}

export function pendingOf(preview: Preview): Pending | undefined {
  const generation = generationOnItsWay(preview)
  const { image, stages } = preview
  if (!image || !generation || generation.slot === null) return undefined
  const waiting = preview.state === 'starting' ? stages.waiting : undefined
  const of = { waiting, began: stages.starting }
  return { id: idOf(preview), image, generation: { ...generation, slot: generation.slot }, ...of }
}

function generationOnItsWay(preview: Preview): Generation | null {
  if (preview.state === 'running') return preview.pending
  return preview.state === 'starting' ? preview.generation : null
}

export function isStillPending({ store }: Pick<Dependencies, 'store'>, { id, generation }: Pending): boolean {
  const preview = store.get(id)
  return preview !== undefined && generationOnItsWay(preview)?.number === generation.number
}

/** By its name where the store does not know the container, and by its id where the name was changed by hand. */
export async function discard(
  { engine, config }: Pick<Dependencies, 'engine' | 'config'>,
  { id, generation }: Pending,
) {
  if (generation.container !== null) await engine.remove(generation.container)
  await engine.remove(containerName(config.instance, id, generation.number))
}
