/** How the commit that an image shows lies to the commits of a change. Pure. */

export interface Commit {
  sha: string
  /** The first is the branch that a merge went into, the second what it brought. */
  parents: readonly string[]
}

/**
 * How many commits of the change an image of `shown` does not have.
 * @param commits of the change: those that its base has not
 * @returns null where `shown` is none of them, and no merge whose second parent is one
 */
export function commitsAfter(commits: readonly Commit[], shown: Commit): number | null {
  const parentsOf = new Map(commits.map(({ sha, parents }) => [sha, parents]))
  if (![shown.sha, shown.parents[1]].some((sha) => sha !== undefined && parentsOf.has(sha))) return null
  const had = new Set<string>()
  const toVisit = [shown.sha, ...shown.parents]
  while (toVisit.length > 0) {
    const sha = toVisit.pop()!
    if (had.has(sha)) continue
    had.add(sha)
    toVisit.push(...(parentsOf.get(sha) ?? []))
  }
  return [...parentsOf.keys()].filter((sha) => !had.has(sha)).length
}
