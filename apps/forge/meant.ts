/** Which image a change means, and how its commit lies to the head. Pure. */
import type { Behind, KnownChange, TagImage } from '../shared/forge/change.ts'
import { tagsOf, type TagTemplate } from '../shared/forge/tag-templates.ts'
import type { Image } from '../shared/preview/preview.ts'
import type { Tag } from '../shared/tag.ts'

export const REVISION_LABEL = 'org.opencontainers.image.revision'

export interface Meant {
  tag: Tag
  image: Omit<TagImage, 'tag'> | null
}

/** `head`: also a merge commit whose second parent it is, which the forge is asked for: what it names as its own may be of an earlier head. `foreign`: it is not in the change's history. */
export type Commit =
  | { is: 'head'; revision: string }
  | { is: 'behind'; revision: string; commits: number }
  | { is: 'foreign'; revision: string }
  | { is: 'unknown' }
  /** The forge has to be asked. */
  | { is: 'unread'; revision: string }

/** What the registry, or else the preview of the tag, has. */
export type ImageOf = (tag: Tag) => Omit<TagImage, 'tag'> | null

/** The first tag that has an image, else the first one. Undefined where the change is given no tag that is offered. */
export function meantOf(tags: readonly Tag[], imageOf: ImageOf): Meant | undefined {
  for (const tag of tags) {
    const image = imageOf(tag)
    if (image) return { tag, image }
  }
  return tags[0] === undefined ? undefined : { tag: tags[0], image: null }
}

/** What the registry told wins: a preview may still have an older image. */
export function imageOf(told: TagImage | undefined, here: Image | null): Omit<TagImage, 'tag'> | null {
  const own = here?.digest
    ? // Its bytes are those of the unpacked image: no registry counts so.
      { digest: here.digest, revision: revisionIn(here), bytes: null, created: here.created }
    : null
  if (!told) return own
  const { digest, revision, bytes, created } = told
  return { digest, revision: revision ?? (own?.digest === digest ? own.revision : null), bytes, created }
}

function revisionIn({ labels }: Image): string | null {
  return labels[REVISION_LABEL] || null
}

export function commitOf(
  change: Pick<KnownChange, 'number' | 'sha' | 'branch' | 'behind'>,
  { tag, image }: Meant,
  templates: readonly TagTemplate[],
): Commit {
  // A tag that is a commit's is of that commit, whatever label its image has from the image it was built upon.
  if (isOfCommit(tag, change, templates)) return { is: 'head', revision: change.sha }
  const revision = image?.revision?.trim()
  if (!revision) return { is: 'unknown' }
  if (isSame(revision, change.sha)) return { is: 'head', revision: change.sha }
  const { behind } = change
  if (!isCurrent(behind, revision, change.sha)) return { is: 'unread', revision }
  if (behind.commits === 0) return { is: 'head', revision: change.sha }
  return behind.commits === null ? { is: 'foreign', revision } : { is: 'behind', revision, commits: behind.commits }
}

function isOfCommit(
  tag: Tag,
  change: Pick<KnownChange, 'number' | 'sha' | 'branch'>,
  templates: readonly TagTemplate[],
): boolean {
  const ofCommits = templates.filter(({ pieces }) =>
    pieces.some((piece) => 'of' in piece && (piece.of === 'sha' || piece.of === 'sha7')),
  )
  return tagsOf(change, ofCommits).includes(tag)
}

function isCurrent(behind: Behind | null, revision: string, sha: string): behind is Behind {
  return behind?.revision === revision && behind.sha === sha
}

/** Some builders write the short form. */
function isSame(revision: string, sha: string): boolean {
  const text = revision.toLowerCase()
  return /^[0-9a-f]{7,64}$/.test(text) && sha.startsWith(text)
}
