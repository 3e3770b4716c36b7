import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aChange } from '../../testing/arbitraries/change.ts'
import { standingOf, type ForkPolicy, type Standing, type StandingFacts } from './standing.ts'
import { tagTemplateOf } from './tag-templates.ts'

const open = aChange({ number: 7 })
const fork = aChange({ number: 7, fork: true })
const closed = aChange({ number: 7, state: 'closed', closedAt: 5 })
const merged = aChange({ number: 7, state: 'merged', closedAt: 5 })
const approval = { who: 'admin', at: 1 }

const facts: StandingFacts = {
  tag: 'pr-7',
  templates: [tagTemplateOf('pr-{number}')!],
  forks: 'ask',
  fallback: ['main', 'latest'],
  changes: [],
  approval: null,
  isPinned: false,
  isBase: false,
}

type Told = `${Standing['is']}` | 'free and trusted'

const table: [what: string, given: Partial<StandingFacts>, told: Told][] = [
  ['a tag of no change', { tag: 'v1' }, 'free and trusted'],
  ['an open change', { changes: [open] }, 'free and trusted'],
  ['a closed one', { changes: [closed] }, 'closed'],
  ['a merged one', { changes: [merged] }, 'closed'],
  ['a closed one that is pinned', { changes: [closed], isPinned: true }, 'free and trusted'],
  ['a closed and an open one of the same branch', { changes: [merged, aChange({ number: 8 })] }, 'free and trusted'],
  ['an older open one beside a closed one', { changes: [aChange({ number: 6 }), closed] }, 'free and trusted'],
  ['a fallback of pairs', { tag: 'main', templates: [tagTemplateOf('{branch}')!] }, 'free and trusted'],
  ['a fallback that was merged', { tag: 'main', changes: [merged] }, 'free and trusted'],
  ['a branch that others go into', { changes: [merged], isBase: true }, 'free and trusted'],
  ['a fork', { changes: [fork] }, 'asks'],
  ['a fork that is approved', { changes: [{ ...fork, approval }] }, 'free'],
  ['a fork that is pinned', { changes: [fork], isPinned: true }, 'free'],
  ['a closed fork', { changes: [{ ...closed, fork: true, approval }] }, 'closed'],
  ['a fork where they open', { changes: [fork], forks: 'open' }, 'free'],
  ['a fork where they never do', { changes: [{ ...fork, approval }], forks: 'never' }, 'refused'],
  ['an own one where forks never open', { changes: [open], forks: 'never' }, 'free and trusted'],
  ['a tag whose change is not known', {}, 'asks'],
  ['such a tag where forks open', { forks: 'open' }, 'free'],
  ['such a tag where they never do', { forks: 'never' }, 'refused'],
  ['such a tag that is approved', { approval }, 'free'],
]

for (const [what, given, told] of table)
  test(`${what}: ${told}`, () => {
    const standing = standingOf({ ...facts, ...given })
    assert.equal(standing.is === 'free' && standing.isTrusted ? 'free and trusted' : standing.is, told)
  })

test('the newest change is the one that a preview shows', () => {
  const changes = [3, 9, 5].map((number) => aChange({ number }))
  const standing = standingOf({ ...facts, changes })
  assert.equal(standing.is === 'free' && standing.change?.number, 9)
})

test('what a fork is given is never trusted, whatever lets it run', () => {
  for (const forks of ['ask', 'open', 'never'] satisfies ForkPolicy[])
    for (const isPinned of [false, true])
      for (const one of [fork, { ...fork, approval }]) {
        const standing = standingOf({ ...facts, forks, isPinned, changes: [one], approval })
        assert.ok(standing.is !== 'free' || !standing.isTrusted)
      }
})
