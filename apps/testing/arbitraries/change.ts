import type { KnownChange } from '../../shared/forge/change.ts'

/** An open one of its own repository, but for what is given. */
export function aChange(given: Partial<KnownChange> = {}): KnownChange {
  const number = given.number ?? 3001
  return {
    repository: '',
    number,
    title: 'Show the basket on every page',
    author: 'anna',
    branch: 'basket',
    base: 'main',
    sha: 'a41f09c'.padEnd(40, '0'),
    fork: false,
    state: 'open',
    url: `https://git.example.com/shop/todowrangler/pull/${number}`,
    updated: 1,
    closedAt: null,
    approval: null,
    behind: null,
    ...given,
  }
}
