/** How far a commit is behind the head of its change: as `git rev-list --count REVISION..HEAD` would tell. */
import type { Behind } from '../../../shared/forge/change.ts'
import { countOf, fieldsOf, isFields, shaOf, textOf } from '../fields.ts'
import type { Forge } from '../forge.ts'
import type { openSession } from './session.ts'

const COMPARE = { does: 'compare commits', right: '"Contents: read"' }
const MOST_KNOWN = 5_000

interface Comparison {
  sha: string
  /** Of commits; null where the head's history does not have the first one. */
  behind: number | null
  /** The second parent of a merge commit. */
  merged: string | null
}

export function openCommits(
  session: ReturnType<typeof openSession>,
  unless404: <T, U>(asked: Promise<T>, otherwise: U) => Promise<T | U>,
): Forge['commitsBehind'] {
  /** Commits never change: what one asking told stays true, but that there is no such commit. By revision and head. */
  const known = new Map<string, Behind['commits']>()

  async function compare(revision: string, head: string): Promise<Comparison | undefined> {
    const asked = session.ask(COMPARE, (octokit, given) =>
      // GitHub lists all changed files on the first page alone, megabytes of them, and Lotan needs the numbers only.
      octokit.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
        ...given,
        ...{ basehead: `${revision}...${head}`, per_page: 1, page: 2 },
      }),
    )
    const answered = await unless404(asked, undefined)
    return answered && comparisonOf(answered.data)
  }

  async function count(revision: string, head: string): Promise<number | null> {
    const found = await compare(revision, head)
    // A branch may have a name like a commit's id.
    if (!found?.sha.startsWith(revision)) return null
    if (found.behind !== null || found.merged === null) return found.behind
    // Common build actions build what head and base make together, and label the image with that merge.
    if (found.merged === head) return 0
    return (await compare(found.merged, head))?.behind ?? null
  }

  return async ({ sha }, label) => {
    const revision = label.toLowerCase()
    // A version, or a branch's name, is no commit.
    if (!/^[0-9a-f]{7,64}$/.test(revision)) return null
    if (sha.startsWith(revision)) return 0
    const key = `${revision} ${sha}`
    const before = known.get(key)
    if (before !== undefined) return before
    const counted = await count(revision, sha)
    if (counted === null) return null
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value!)
    known.set(key, counted)
    return counted
  }
}

function comparisonOf(data: unknown): Comparison {
  const what = 'a comparison of commits'
  const fields = fieldsOf(data, what)
  const base = fieldsOf(fields.base_commit, what)
  const parents = Array.isArray(base.parents) ? (base.parents as unknown[]) : []
  const status = textOf(fields.status, what)
  const [, second] = parents
  return {
    sha: shaOf(base.sha, what),
    behind: status === 'identical' ? 0 : status === 'ahead' ? countOf(fields.ahead_by, what) : null,
    merged: parents.length === 2 && isFields(second) ? shaOf(second.sha, what) : null,
  }
}
