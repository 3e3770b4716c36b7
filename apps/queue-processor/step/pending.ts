/** A generation on its way up. */
import type { Generation, Image, Preview } from '../../shared/preview/preview.ts'
import { nameOf } from '../containers/create-options.ts'
import type { Dependencies } from '../dependencies.ts'

/** It has its slot, and perhaps a container already. */
export interface Pending {
  tag: string
  image: Image
  generation: Generation & { slot: number }
  /** When its container's process was first seen to run, milliseconds since 1970. */
  waiting: number | undefined
}

/** What is coming up of a preview, beside the one that serves perhaps; undefined where that has not begun. */
export function pendingOf(preview: Preview): Pending | undefined {
  const generation = generationOnItsWay(preview)
  const { tag, image, stages } = preview
  if (!image || !generation || generation.slot === null) return undefined
  const waiting = preview.state === 'starting' ? stages.waiting : undefined
  return { tag, image, generation: { ...generation, slot: generation.slot }, waiting }
}

function generationOnItsWay(preview: Preview): Generation | null {
  if (preview.state === 'running') return preview.coming
  return preview.state === 'starting' ? preview.generation : null
}

/** Whether a start still stands: nobody has stopped or removed the preview, or begun another generation. */
export function isStillPending({ store }: Pick<Dependencies, 'store'>, { tag, generation }: Pending): boolean {
  const preview = store.get(tag)
  return preview !== undefined && generationOnItsWay(preview)?.number === generation.number
}

/** Removes the container of a start that failed, whether the store was ever told of it or not. */
export async function discard(
  { engine, config }: Pick<Dependencies, 'engine' | 'config'>,
  { tag, generation }: Pending,
) {
  await engine.remove(nameOf(config.instance, tag, generation.number))
}
