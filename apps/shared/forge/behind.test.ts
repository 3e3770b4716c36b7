import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commitsBehind } from './behind.ts'
import { changeShown } from './shown-change.ts'
import type { KnownChange } from './change.ts'

const [sha, other, older] = ['a41f09c', 'b5', 'c0ffee0'].map((start) => start.padEnd(40, '0')) as [
  string,
  string,
  string,
]

test('an image is behind only where that is known', () => {
  const behind = { revision: older, sha, commits: 2 }
  const table: [revision: string | null, behind: KnownChange['behind'], commits: number | null][] = [
    [sha, null, 0],
    [sha.toUpperCase(), null, 0],
    ['a41f09c', null, 0],
    // A merge commit: whether its second parent is the head, the forge has to be asked.
    [other, null, null],
    [other, { revision: other, sha, commits: 0 }, 0],
    [older, behind, 2],
    [older, null, null],
    // It was reckoned for another head, or of another image.
    [older, { ...behind, sha: other }, null],
    ['d0d0d0d', behind, null],
    [older, { ...behind, commits: null }, null],
    [null, behind, null],
    ['', null, null],
    ['a41', null, null],
    ['v1.2.3', { revision: 'v1.2.3', sha, commits: 4 }, null],
  ]
  for (const [revision, behind, commits] of table)
    assert.equal(commitsBehind(revision, { sha, behind }), commits, `${revision} ${JSON.stringify(behind)}`)
})

test('a preview shows the newest open change, else the newest; a shared one shows none that is over', () => {
  const change = (number: number, state: KnownChange['state']) => ({ number, state }) as KnownChange
  const shown = (isShared: boolean, ...changes: KnownChange[]) => changeShown({ changes, isShared })?.number
  assert.equal(shown(false), undefined)
  assert.equal(shown(false, change(3, 'merged'), change(1, 'open'), change(2, 'open')), 2)
  assert.equal(shown(false, change(3, 'merged'), change(5, 'closed'), change(4, 'merged')), 5)
  assert.equal(shown(true, change(3, 'merged')), undefined)
  assert.equal(shown(true, change(3, 'merged'), change(1, 'open')), 1)
})
