/** From its labels (OCI image annotations): its author wrote them. */
import { generationOf, type Image, type Preview } from '../../shared/preview/preview.ts'

export interface ImageSource {
  /** ISO 8601. */
  created: string | null
  /** A commit, usually. */
  revision: string | null
  /** Where its sources are, http or https; null for anything else. */
  sources: string | null
}

/** A reproducible build has a fixed date in the engine and the true one as a label. */
export function sourceOf({ created, labels }: Pick<Image, 'created' | 'labels'>): ImageSource {
  const label = labels['org.opencontainers.image.created'] ?? ''
  return {
    created: isTime(label) ? label : created,
    revision: labels['org.opencontainers.image.revision'] || null,
    sources: webAddress(labels['org.opencontainers.image.source']),
  }
}

/** An older image that serves until its successor is up is known by digest alone. */
export function sourceOfPreview(preview: Preview): ImageSource {
  const { image } = preview
  const generation = generationOf(preview)
  if (!image || (generation && generation.image !== image.id)) return { created: null, revision: null, sources: null }
  return sourceOf(image)
}

/** Undefined for a date that is no build's. */
export function builtAt({ created }: ImageSource, now: number): number | undefined {
  const at = Date.parse(created ?? '')
  // Some tools date builds 1970 or 1980.
  return at > Date.UTC(2001) && at <= now ? at : undefined
}

export function shortRevision({ revision }: Pick<ImageSource, 'revision'>): string {
  return (revision ?? '').replace(/[\x00-\x1f\x7f]/g, '').slice(0, 10)
}

/** Of its commit, as GitHub, GitLab, Gitea and Forgejo have it; empty where there is none. */
export function commitUrl({ sources, revision }: ImageSource): string {
  return sources && /^[0-9a-f]{7,64}$/i.test(revision ?? '') ? `${sources}/commit/${revision}` : ''
}

/** Its author wrote it, and people click on it: no other scheme, no login in it. */
function webAddress(label: string | undefined): string | null {
  const url = label && URL.canParse(label) ? new URL(label) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return null
  return `${url.origin}${url.pathname.replace(/(\.git)?\/*$/, '')}`
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
}
