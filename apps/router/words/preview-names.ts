/** Pure. What people are told a preview, and a repository, is called. The admin, the API and the command line write its id. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { NAMELESS, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Repository } from '../../shared/repository.ts'

/** In a visitor's sentence: `pr-7`, and `pr-7 of api`; of a service `mail of pr-7`. */
export function spokenName(id: PreviewId, service: string | null = null): string {
  return `${service === null ? '' : `${service} of `}${shownTag(splitId(id).tag)}${behindTag(id)}`
}

/** What follows the tag, which is set in another font: nothing, or ` of api`. */
export function behindTag(id: PreviewId): string {
  const { repository } = splitId(id)
  return repository === NAMELESS ? '' : ` of ${repository}`
}

/** What stands before the tag where previews of all repositories stand: nothing, or `api/`. */
export function beforeTag(id: PreviewId): string {
  const { repository } = splitId(id)
  return repository === NAMELESS ? '' : `${repository}/`
}

type Named = Pick<Repository, 'name' | 'reference'>

/** What is built there: the last part of `ghcr.io/team/shop`. */
export function applicationOf({ reference }: Pick<Repository, 'reference'>): string {
  return reference.slice(reference.lastIndexOf('/') + 1)
}

/** A short name for each, by its own: the nameless one is called by what it builds, unless another has that name. */
export function shortNames(repositories: readonly Named[]): ReadonlyMap<string, string> {
  const isTaken = (text: string) => repositories.some(({ name }) => name === text)
  const shortOf = ({ name, reference }: Named) => {
    if (name !== NAMELESS) return name
    const application = applicationOf({ reference })
    return isTaken(application) ? reference : application
  }
  return new Map(repositories.map((repository) => [repository.name, shortOf(repository)]))
}

/** The setting that says which tags of the repository are offered. */
export function filterName(repository: string): string {
  return repository === NAMELESS ? 'TAG_FILTER' : `TAG_FILTER_${repository.toUpperCase()}`
}
