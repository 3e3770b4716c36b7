/** The repositories whose tags may run. Pure. */
import { NAMELESS, splitId, type PreviewId } from './preview/preview-id.ts'
import type { Tag } from './tag.ts'

export interface Repository {
  /** Empty for the one that REPOSITORY gives. */
  name: string
  /** `registry.example.com/team/app`, without a tag. */
  reference: string
  /** Which of its tags are offered, listed and started. */
  offers: (tag: Tag) => boolean
  /** What its containers are given beside what all are. */
  containerEnv: Record<string, string>
}

/** Undefined for one that is not listed. */
export function findRepository<R extends { name: string }>(
  id: PreviewId,
  { repositories }: { repositories: readonly R[] },
): R | undefined {
  const { repository } = splitId(id)
  return repositories.find(({ name }) => name === repository)
}

/** For a preview of a listed one, but no copy: copyImageName. `registry.example.com/team/app:pr-7` */
export function imageNameOf(id: PreviewId, config: { repositories: readonly Repository[] }): string {
  return `${referenceOf(id, config)}:${splitId(id).tag}`
}

/** @throws for a preview of one that is not listed: nothing may be asked for of it */
export function referenceOf(id: PreviewId, config: { repositories: readonly Repository[] }): string {
  const found = findRepository(id, config)
  if (!found) throw new Error(`no repository is listed for ${id}`)
  return found.reference
}

/** The setting that says which of its tags are offered. */
export function filterSettingOf(name: string): string {
  return name === NAMELESS ? 'TAG_FILTER' : `TAG_FILTER_${name.toUpperCase()}`
}

/** What people are told of it: its name, or where its images are. */
export function titleOf({ name, reference }: Pick<Repository, 'name' | 'reference'>): string {
  return name === NAMELESS ? reference : name
}
