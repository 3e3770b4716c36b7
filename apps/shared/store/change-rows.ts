import type { Approval, Behind, KnownChange } from '../forge/change.ts'

export type ChangeRow = Omit<KnownChange, 'fork' | 'closedAt' | 'approval' | 'behind'> & {
  fork: number
  closed_at: number | null
  approval: string | null
  behind: string | null
}

/** All but what the forge part alone reads, which may be long. */
export const changeColumns = [
  'repository',
  'number',
  'title',
  'author',
  'branch',
  'base',
  'sha',
  'fork',
  'state',
  'url',
  'updated',
  'closed_at',
  'approval',
  'behind',
] as const

export function changeOf(row: ChangeRow): KnownChange {
  const { repository, number, title, author, branch, base, sha, state, url, updated } = row
  return {
    ...{ repository, number, title, author, branch, base, sha, state, url, updated },
    fork: row.fork === 1,
    closedAt: row.closed_at,
    approval: row.approval === null ? null : (JSON.parse(row.approval) as Approval),
    behind: row.behind === null ? null : (JSON.parse(row.behind) as Behind),
  }
}
