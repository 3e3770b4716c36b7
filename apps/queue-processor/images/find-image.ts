/** An earlier start, or another program, may have left the image on the engine. */
import { imageNameOf } from '../../shared/repository.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Image, InPhase } from '../../shared/preview/preview.ts'
import { findPairsAhead } from '../containers/find-pairs.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { startPreview } from '../step/start-preview.ts'

export async function findImage(deps: Dependencies, preview: InPhase<'queued', 'findImage'>): Promise<Outcome> {
  const { store, engine, config } = deps
  const id = idOf(preview)
  // What was never here may be a guess, and costs other registries nothing.
  if (preview.image) findPairsAhead(deps, id)
  const image = await engine.findImage(imageNameOf(id, config), digestsOf(deps, id))
  if (!image) return void store.apply(id, { type: 'absent', isOffered: store.isOffered(id) })
  const pulled = wasPulledByLotan(deps, id, image)
  const found = store.apply(id, { type: 'found', image: { ...image, pulled } })
  return found?.state === 'queued' && found.phase === 'start' ? startPreview(deps, found) : undefined
}

function digestsOf({ store }: Pick<Dependencies, 'store'>, id: PreviewId): string[] {
  const pulled = store.pulled.list().filter((image) => idOf(image) === id)
  return [...pulled.map(({ digest }) => digest), ...store.digestsOf(id)]
}

function wasPulledByLotan({ store }: Dependencies, id: PreviewId, image: Image): boolean {
  return store.pulled.list().some((pulled) => idOf(pulled) === id && pulled.id === image.id)
}
