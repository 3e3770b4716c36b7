/** What a page says of an image's age, and of the change that it was built from. */
import type { Preview } from '../../shared/preview/preview.ts'
import { age } from './format.ts'
import { builtAt, shortRevision, sourceOfPreview } from './image-source.ts'

export interface Built {
  /** `2 h`; empty where no date is known. */
  built: string
  /** Short; empty where none is known. */
  revision: string
  /** Of the commit. */
  href: string | null
}

/** Null where nothing is known. */
export function builtOf(preview: Preview, now: number): Built | null {
  const source = sourceOfPreview(preview)
  const at = builtAt(source, now)
  const revision = shortRevision(source)
  if (at === undefined && !revision) return null
  const site = preview.image?.labels['org.opencontainers.image.source']
  return { built: at === undefined ? '' : age(now - at), revision, href: commitAt(site, source.revision) }
}

/** As GitHub, GitLab and Gitea have it. The labels are their author's: anything else than a commit of a site is no link. */
export function commitAt(source: string | undefined, revision: string | null): string | null {
  if (!source || !revision || !/^[0-9a-f]{7,64}$/i.test(revision) || !URL.canParse(source)) return null
  const { protocol, host, pathname, username, password } = new URL(source)
  const isPlain = (protocol === 'https:' || protocol === 'http:') && !username && !password
  return isPlain ? `${protocol}//${host}${pathname.replace(/(\.git)?\/*$/, '')}/commit/${revision}` : null
}
