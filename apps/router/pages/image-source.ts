/** What an image tells of where it comes from (OCI image annotations, as labels). They are its author's words. */
import { generationOf, type Image, type Preview } from '../../shared/preview/preview.ts'

export interface Origin {
  /** When it was built, ISO 8601. */
  created: string | null
  /** What it was built from: a commit, as a rule. */
  revision: string | null
}

/** A build that is meant to be reproducible gives the engine a fixed date, and the true one as a label. */
export function originOf({ created, labels }: Pick<Image, 'created' | 'labels'>): Origin {
  const told = labels['org.opencontainers.image.created'] ?? ''
  return {
    created: isTime(told) ? told : created,
    revision: labels['org.opencontainers.image.revision'] || null,
  }
}

/**
 * The same of what a preview runs, or would run. An older image that serves until a newer one has come up is known by
 * its digest alone.
 */
export function originOfPreview(preview: Preview): Origin {
  const { image } = preview
  const generation = generationOf(preview)
  if (!image || (generation && generation.image !== image.id)) return { created: null, revision: null }
  return originOf(image)
}

/** When it was built, milliseconds since 1970; undefined where nobody says, or what is said is no day of a build. */
export function builtAt({ created }: Origin, now: number): number | undefined {
  const at = Date.parse(created ?? '')
  // Some tools date what they build 1970, or 1980.
  return at > Date.UTC(2001) && at <= now ? at : undefined
}

/** Its beginning, as one writes commits. */
export function shortRevision({ revision }: Origin): string {
  return (revision ?? '').replace(/[\x00-\x1f\x7f]/g, '').slice(0, 10)
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
}
