/** Which previews of other repositories a preview goes with ("Several repositories" in the contract). Pure. */
import { NAMELESS, splitId, idOf, type PreviewId, type Tag } from './preview-id.ts'

interface Pairing {
  repositories: readonly { name: string }[]
  /** The tags that stand for one that another repository does not have, the first choice first. */
  pairFallback: readonly Tag[]
}

/** By the other repository's name: the first of them that exists is its pair. */
export function pairCandidates(id: PreviewId, { repositories, pairFallback }: Pairing): Map<string, PreviewId[]> {
  const { repository, tag } = splitId(id)
  const others = repositories.map(({ name }) => name).filter((name) => name !== repository)
  const tags = [...new Set([tag, ...pairFallback])]
  return new Map(others.map((name) => [name, tags.map((tag) => idOf({ repository: name, tag }))]))
}

/** Whether the front lets a preview call another one: its tag's, or a fallback's, in another listed repository. */
export function mayCall(caller: PreviewId, target: PreviewId, pairing: Pairing): boolean {
  const { repository } = splitId(target)
  return pairCandidates(caller, pairing).get(repository)?.includes(target) ?? false
}

/** `LOTAN_URL_API`; the repository without a name is called after its setting, REPOSITORY. */
export function pairVariable(name: string): string {
  return `LOTAN_URL_${name === NAMELESS ? 'REPOSITORY' : name.toUpperCase()}`
}
