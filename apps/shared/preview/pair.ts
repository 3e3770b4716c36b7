/** Which previews of other repositories a preview goes with ("Several repositories" in the contract). Pure. */
import { baseTag } from './copy-tag.ts'
import { NAMELESS, splitId, idOf, type PreviewId, type Tag } from './preview-id.ts'

interface Pairing {
  repositories: readonly { name: string }[]
  /** The tags that stand for one that another repository does not have, the first choice first. */
  pairFallback: readonly Tag[]
}

/** Which preview a container was made to go with. Its address is in the variable `pairVariable(name)`. */
export interface Pair {
  /** Null where no candidate existed. */
  preview: PreviewId | null
  /** False where a registry did not say what exists: `preview` is what was known without it. */
  isSure: boolean
}

/** By the other repository's name. */
export type Pairs = Record<string, Pair>

/**
 * Whether a candidate exists. `listed`: its registry does not answer, and the list of its tags, as last read, has it;
 * `unlisted`: that list does not have it.
 */
export type Existence = 'exists' | 'absent' | 'listed' | 'unlisted'

/** By the other repository's name: the first of them that exists is its pair. A copy goes with what its base would. */
export function pairCandidates(id: PreviewId, { repositories, pairFallback }: Pairing): Map<string, PreviewId[]> {
  const { repository, tag } = splitId(id)
  const others = repositories.map(({ name }) => name).filter((name) => name !== repository)
  const tags = [...new Set([baseTag(tag), ...pairFallback])]
  return new Map(others.map((name) => [name, tags.map((tag) => idOf({ repository: name, tag }))]))
}

/**
 * The first candidate that exists. Where registries do not say, the pair of its container so far, else the first that
 * their lists have, else the fallback.
 * @param candidates in the order of `found`
 */
export function choosePair(
  candidates: readonly PreviewId[],
  found: readonly Existence[],
  { fallback, soFar }: { fallback: PreviewId; soFar?: Pair },
): Pair {
  const first = found.findIndex((one) => one === 'exists' || one === 'listed')
  const asked = first < 0 ? found : found.slice(0, first + 1)
  if (asked.every((one) => one === 'exists' || one === 'absent'))
    return { preview: candidates[first] ?? null, isSure: true }
  if (soFar?.preview != null && candidates.includes(soFar.preview)) return soFar
  return { preview: candidates[first] ?? fallback, isSure: false }
}

/** Whether a container that was made for `was` can serve `now`. It is not known for what one of an earlier Lotan was made. */
export function isPairedAlike(was: Pairs | undefined, now: Pairs = {}): boolean {
  if (was === undefined) return true
  const names = new Set([...Object.keys(was), ...Object.keys(now)])
  return [...names].every((name) => (was[name]?.preview ?? null) === (now[name]?.preview ?? null))
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
