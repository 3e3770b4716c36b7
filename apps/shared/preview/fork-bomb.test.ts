import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCurbed, lately } from './fork-bomb.ts'
import { withCurbed, type Notice } from './notice.ts'

/** Looks a second apart, from how many were refused in each. */
function looksOf(...refused: number[]) {
  let sum = 0
  return [0, ...refused].map((count, i) => ({ at: 50_000 + i * 1_000, refused: (sum += count) }))
}
const times = (count: number, value: number) => new Array<number>(count).fill(value)

const cases: [what: string, refused: number[], before: boolean, after: boolean][] = [
  ['nothing refused', [0, 0, 0, 0], false, false],
  ['a bomb that is too young', [5_000, 5_000], false, false],
  ['a bomb of three seconds', [5_000, 5_000, 5_000], false, true],
  ["a shell's bomb", [300, 300, 300], false, true],
  ['one burst', [9_000, 0, 0, 0], false, false],
  ['bursts', [9_000, 0, 9_000, 0, 9_000], false, false],
  ['a pool that tries again', times(20, 20), false, false],
  ['a bomb after peace', [...times(20, 0), 400, 400, 400], false, true],
  ['a curbed bomb', times(12, 50), true, true],
  ['a curbed bomb that has stopped a moment ago', [...times(4, 500), 0, 0], true, true],
  ['a curbed bomb that stopped', [500, ...times(10, 0)], true, false],
  ['one that an earlier process curbed', [0, 0], true, true],
  ['one without looks', [], true, true],
]
for (const [what, refused, before, after] of cases)
  test(`${what} is ${after ? 'curbed' : 'not curbed'}`, () => {
    assert.equal(isCurbed(looksOf(...refused), before), after)
  })

test('looks are kept as far back as they are needed', () => {
  const looks = looksOf(...times(60, 300))
  const last = looks.at(-1)!.at
  const kept = lately(looks, last)
  assert.equal(kept[0]?.at, last - 5_000)
  for (const before of [true, false]) assert.equal(isCurbed(kept, before), isCurbed(looks, before))
})

test('the notice joins others, and leaves them as they were', () => {
  for (const notices of [[], [{ code: 'label', text: 'The label x=y is not used.' }]] as Notice[][]) {
    const curbed = withCurbed(notices, true)
    assert.deepEqual(curbed, [...notices, { code: 'curbed' }])
    assert.equal(withCurbed(curbed, true), curbed)
    assert.deepEqual(withCurbed(curbed, false), notices)
    assert.equal(withCurbed(notices, false), notices)
  }
})
