/** Looks on the engine for the image of a preview that has none: an earlier start, or another program, may have left it. */
import type { Image, InPhase } from '../../shared/preview/preview.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { startPreview } from '../step/start-preview.ts'

export async function findImage(deps: Dependencies, preview: InPhase<'queued', 'findImage'>): Promise<Outcome> {
  const { store, engine, config } = deps
  const { tag } = preview
  const image = await engine.findImage(`${config.repository}:${tag}`, digestsOf(deps, tag))
  if (!image) return void store.apply(tag, { type: 'absent', isOffered: store.isOffered(tag) })
  const pulled = wasPulledByLotan(deps, tag, image)
  const found = store.apply(tag, { type: 'found', image: { ...image, pulled } })
  return found?.state === 'queued' && found.phase === 'start' ? startPreview(deps, found) : undefined
}

function digestsOf({ store }: Pick<Dependencies, 'store'>, tag: string): string[] {
  const pulled = store.pulled.list().filter((image) => image.tag === tag)
  return [...pulled.map(({ digest }) => digest), ...store.digestsOf(tag)]
}

function wasPulledByLotan({ store }: Dependencies, tag: string, { id }: Image): boolean {
  return store.pulled.list().some((pulled) => pulled.tag === tag && pulled.id === id)
}
