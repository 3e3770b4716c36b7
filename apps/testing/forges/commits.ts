/** A repository's commits: what is whose parent, as `git rev-list` would tell. */
import { randomBytes } from 'node:crypto'

export function commitGraph() {
  const parents = new Map<string, readonly string[]>()

  function reachable(from: string): Set<string> {
    const seen = new Set<string>()
    const left = [from]
    for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
      if (seen.has(sha)) continue
      seen.add(sha)
      left.push(...(parents.get(sha) ?? []))
    }
    return seen
  }

  return {
    add(of: readonly string[], sha = randomBytes(20).toString('hex')): string {
      parents.set(sha, of)
      return sha
    },
    parentsOf: (sha: string) => parents.get(sha) ?? [],
    has: (sha: string) => parents.has(sha),
    /** A whole id, or the beginning of one. */
    find: (revision: string) =>
      /^[0-9a-f]{7,64}$/.test(revision) ? [...parents.keys()].find((sha) => sha.startsWith(revision)) : undefined,
    /** Commits of the one that the other has not. */
    beyond(sha: string, other: string): string[] {
      const known = reachable(other)
      return [...reachable(sha)].filter((one) => !known.has(one))
    },
    /** The newest commit that both have. */
    mergeBase(sha: string, other: string): string | undefined {
      const known = reachable(other)
      return [...reachable(sha)].find((one) => known.has(one))
    },
  }
}

export type CommitGraph = ReturnType<typeof commitGraph>
