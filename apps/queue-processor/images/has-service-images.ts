/** Before a start whose own image is here: whether those of its services are, too. */
import { idOf } from '../../shared/preview/preview-id.ts'
import type { In } from '../../shared/preview/preview.ts'
import type { Dependencies } from '../dependencies.ts'
import { noteServices } from '../services/note-services.ts'
import { areKept, findServiceImages } from './find-service-images.ts'
import { stackIn } from './stack-images.ts'

/**
 * Without a stack, and where all containers of services are kept, the engine is not asked; else once.
 * @returns false where the preview goes on to pull what it lacks, or is wanted no more
 * @throws EngineError `bad-stack`
 */
export async function hasServiceImages(
  deps: Pick<Dependencies, 'config' | 'store' | 'engine' | 'log'>,
  preview: In<'queued'> | In<'starting'>,
): Promise<boolean> {
  const { store, engine } = deps
  const id = idOf(preview)
  const stack = preview.image && stackIn(deps, id, preview.image.labels)
  if (!stack) return true
  const { services } = stack
  const rows = store.services.of(id)
  if (areKept(services, rows)) {
    noteServices(deps, id, stack)
    return true
  }
  const found = findServiceImages(services, rows, await engine.listImages())
  noteServices(deps, id, stack, found)
  if (services.every(({ name }) => found.has(name))) return true
  store.apply(id, { type: 'lacks' })
  return false
}
