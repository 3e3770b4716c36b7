/** From its labels (OCI image annotations): its author wrote them. */
import { generationOf, type Image, type Preview } from '../../shared/preview/preview.ts'

export interface ImageSource {
  /** ISO 8601. */
  created: string | null
  /** A commit, usually. */
  revision: string | null
}

/** A reproducible build has a fixed date in the engine and the true one as a label. */
export function sourceOf({ created, labels }: Pick<Image, 'created' | 'labels'>): ImageSource {
  const label = labels['org.opencontainers.image.created'] ?? ''
  return {
    created: isTime(label) ? label : created,
    revision: labels['org.opencontainers.image.revision'] || null,
  }
}

/** An older image that serves until its successor is up is known by digest alone. */
export function sourceOfPreview(preview: Preview): ImageSource {
  const { image } = preview
  const generation = generationOf(preview)
  if (!image || (generation && generation.image !== image.id)) return { created: null, revision: null }
  return sourceOf(image)
}

/** Undefined for a date that is no build's. */
export function builtAt({ created }: ImageSource, now: number): number | undefined {
  const at = Date.parse(created ?? '')
  // Some tools date builds 1970 or 1980.
  return at > Date.UTC(2001) && at <= now ? at : undefined
}

export function shortRevision({ revision }: ImageSource): string {
  return (revision ?? '').replace(/[\x00-\x1f\x7f]/g, '').slice(0, 10)
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
}
