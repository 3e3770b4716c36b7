/** Of several repositories: what the list shows of one alone, and of which a tag is added. Pure. */
import type { Preview } from '../../../shared/preview/preview.ts'
import { NAMELESS } from '../../../shared/preview/preview-id.ts'
import type { Repository } from '../../../shared/repository.ts'
import type { Tag } from '../../../shared/tag.ts'
import { shortNames } from '../../words/preview-names.ts'

type Listed = readonly Pick<Repository, 'name' | 'reference'>[]

/** The nameless one in addresses: no other is called so (LOTAN_REPOSITORIES). */
const NAMELESS_KEY = 'repository'

export function keyOf(repository: string): string {
  return repository === NAMELESS ? NAMELESS_KEY : repository
}

/** @param key of an address; what means none is none @returns undefined for all of them */
export function chosenOf(key: string, repositories: Listed): string | undefined {
  return repositories.find(({ name }) => keyOf(name) === key)?.name
}

export interface Chip {
  name: string
  count: number
  href: string
  current: boolean
}

/** None where there is one repository alone. @param hrefOf of the page of one, and with '' of all */
export function repositoryChips(
  repositories: Listed,
  { previews, chosen, hrefOf }: { previews: readonly Preview[]; chosen: string | undefined; hrefOf: (key: string) => string },
): Chip[] {
  if (repositories.length < 2) return []
  const names = shortNames(repositories)
  return [
    { name: 'All repositories', count: previews.length, href: hrefOf(''), current: chosen === undefined },
    ...repositories.map(({ name }) => ({
      name: names.get(name)!,
      count: previews.filter(({ repository }) => repository === name).length,
      href: hrefOf(keyOf(name)),
      current: chosen === name,
    })),
  ]
} // prettier-ignore

export interface Addable {
  /** The repository's own, empty for the nameless one. */
  repository: string
  name: string
  /** Of its list of suggestions, in the page. */
  list: string
  tags: readonly Tag[]
  selected: boolean
}

/** @param selected of which a tag is added unless the reader chooses another one; undefined: the first */
export function addablesOf(
  repositories: Listed,
  { suggested, selected }: { suggested: ReadonlyMap<string, readonly Tag[]>; selected: string | undefined },
): Addable[] {
  const names = shortNames(repositories)
  const first = repositories.find(({ name }) => name === selected) ?? repositories[0]
  return repositories.map(({ name }) => ({
    repository: name,
    name: names.get(name)!,
    list: name === first?.name ? 'tags' : `tags-${keyOf(name)}`,
    tags: suggested.get(name) ?? [],
    selected: name === first?.name,
  }))
}
