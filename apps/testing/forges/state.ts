/** What a forge keeps of one repository, in memory. People and Lotan both change it. */
import { commitGraph } from './commits.ts'
import type { NewChange, StandInChange, StandInComment, StandInDeployment, StandInStatus } from './forge.ts'

export type ForgeState = ReturnType<typeof forgeState>

export function forgeState() {
  const commits = commitGraph()
  const heads = new Map([['main', commits.add([])]])
  const changes = new Map<number, StandInChange>()
  const comments = new Map<number, StandInComment[]>()
  const statuses = new Map<string, StandInStatus[]>()
  const deployments: StandInDeployment[] = []
  let lastNumber = 3000
  let lastId = 1_000_000
  // Forges order by it: two changes of one moment would have no order.
  let lastMoment = 0
  const moment = () => (lastMoment = Math.max(Date.now(), lastMoment + 1))
  const nextId = () => String(++lastId)

  function change(number: number): StandInChange {
    const found = changes.get(number)
    if (!found) throw new Error(`there is no change ${number}`)
    return found
  }

  function headOf(base: string): string {
    const known = heads.get(base)
    if (known !== undefined) return known
    const made = commits.add([heads.get('main')!])
    heads.set(base, made)
    return made
  }

  function testMerge(number: number): string {
    const at = change(number)
    return (at.mergeSha = commits.add([headOf(at.base), at.sha]))
  }

  function head(number: number, sha: string): string {
    const at = change(number)
    at.sha = sha
    at.updated = moment()
    if (at.state === 'open') testMerge(number)
    return sha
  }

  function end(number: number, state: StandInChange['state']): void {
    const at = change(number)
    at.state = state
    at.updated = moment()
  }

  return {
    commits,
    statuses,
    deployments,
    headOf,
    /** Its head; undefined where there is no such branch. */
    branch: (name: string) => heads.get(name) ?? [...changes.values()].find((one) => one.branch === name)?.sha,
    change,
    testMerge,
    nextId,
    moment,
    find: (number: number) => changes.get(number),
    /** The newest first. */
    changes: () => [...changes.values()].sort((one, other) => other.number - one.number),

    openChange(given: NewChange = {}): StandInChange {
      const number = given.number ?? lastNumber + 1
      lastNumber = Math.max(lastNumber, number)
      const {
        title = `Change ${number}`,
        author = 'anna',
        branch = `feature/${number}`,
        base = 'main',
        fork = false,
      } = given
      const sha = commits.add([headOf(base)], given.sha)
      const at = moment()
      const made = {
        number,
        title,
        author,
        branch,
        base,
        sha,
        fork,
        state: 'open' as const,
        mergeSha: null,
        created: at,
        updated: at,
      }
      changes.set(number, made)
      comments.set(number, [])
      testMerge(number)
      return made
    },
    push: (number: number, sha?: string) => head(number, commits.add([change(number).sha], sha)),
    forcePush: (number: number, sha?: string) => head(number, commits.add([headOf(change(number).base)], sha)),
    merge(number: number): void {
      const at = change(number)
      heads.set(at.base, testMerge(number))
      end(number, 'merged')
    },
    close: (number: number) => end(number, 'closed'),
    reopen: (number: number) => end(number, 'open'),

    comments: (number: number) => comments.get(number) ?? [],
    comment: (id: string) => [...comments.values()].flat().find((one) => one.id === id),
    addComment(number: number, text: string, author = 'anna'): StandInComment {
      const at = moment()
      const made = { id: nextId(), author, text, created: at, updated: at }
      comments.set(number, [...(comments.get(number) ?? []), made])
      change(number).updated = at
      return made
    },
    deleteComment(number: number, id: string): void {
      const left = (comments.get(number) ?? []).filter((one) => one.id !== id)
      comments.set(number, left)
    },
    addStatus: (sha: string, status: StandInStatus) => void statuses.set(sha, [...(statuses.get(sha) ?? []), status]),
  }
}
