import { generationOf, type Image, type Preview } from '../../../shared/preview/preview.ts'
import { builtAt, commitUrl, shortRevision, sourceOf } from '../image-source.ts'
import { ago, bytes } from '../format.ts'
import { when, type When } from './when.ts'

export interface ImageFacts {
  digest: string
  short: string
  size: string
  built: { at: When; ago: string } | null
  revision: { whole: string; short: string; href: string | null } | null
  /** Of its repository, as its label says. */
  source: string | null
  isPulled: boolean
  /** The short digest of the older one that serves. */
  served: string
}

export function imageFactsOf(preview: Preview, now: number): ImageFacts | null {
  const { image } = preview
  if (!image) return null
  const labelled = sourceOf(image)
  const at = builtAt(labelled, now)
  const { revision } = labelled
  const generation = generationOf(preview)
  return {
    digest: digestOf(image),
    short: digestOf(image).slice(0, 'sha256:'.length + 16),
    size: bytes(image.bytes),
    built: at === undefined ? null : { at: when(at, 'moment', now), ago: ago(now - at) },
    revision: revision === null ? null : { whole: revision, short: shortRevision(labelled), href: commitUrl(labelled) || null },
    source: labelled.sources,
    isPulled: image.pulled,
    served: generation && generation.image !== image.id ? (generation.digest ?? generation.image).replace(/^.*:/, '').slice(0, 8) : '',
  }
} // prettier-ignore

function digestOf({ digest, id }: Image): string {
  return digest ?? id
}
