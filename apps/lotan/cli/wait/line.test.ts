import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration, lineOf, took, usually } from './line.ts'
import { nothing, type Seen } from './seen.ts'

const progress = { bytes: 12_345_678, total: 30_100_000, layers: 7, layersDone: 3, percent: 41.2 }
const pulling: Seen = { ...nothing, stage: 'pulling', progress, percent: 41, usual: 11_600 }

test('a line says the stage, how far it is, for how long, and what is usual', () => {
  const table: [Partial<Seen>, string][] = [
    [{}, 'pr-1  asking Lotan  4 s'],
    [{ stage: 'queued', position: 2 }, 'pr-1  queued, number 2 in line  4 s'],
    [{ stage: 'queued', position: 1, usual: 400 }, 'pr-1  queued, number 1 in line  4 s, usually under 1 s'],
    [{ stage: 'queued', reason: 'exited' }, 'pr-1  waiting for another try, after exited  4 s'],
    [{ stage: 'missing', missing: 'tag' }, 'pr-1  the registry does not have it yet, asking again  4 s'],
    [{ stage: 'missing', missing: 'repository' }, 'pr-1  the registry does not have the repository yet, asking again  4 s'],
    [{ stage: 'pulling' }, 'pr-1  pulling the image  4 s'],
    [{ ...pulling, progress: { ...progress, bytes: 0, total: 0 }, percent: 0 }, 'pr-1  pulling the image  4 s, usually 12 s'],
    [pulling, 'pr-1  pulling the image  [========            ]   41 %  12.3 of 30.1 MB  3 of 7 layers  4 s, usually 12 s'],
    [{ ...pulling, progress: { ...progress, bytes: 30_100_000, phase: 'unpacking' }, percent: 80 }, 'pr-1  unpacking the image  [================    ]   80 %  3 of 7 layers  4 s, usually 12 s'],
    [{ ...pulling, stage: 'starting' }, 'pr-1  starting the container  4 s, usually 12 s'],
    [{ stage: 'waiting' }, 'pr-1  waiting for the first answer  4 s'],
    [{ stage: 'waking' }, 'pr-1  being woken  4 s'],
    [{ stage: 'stopping' }, 'pr-1  being stopped first  4 s'],
  ] // prettier-ignore
  for (const [seen, line] of table) assert.equal(lineOf('pr-1', { ...nothing, ...seen }, 4_900, 120), line)
})

test('a line fits its terminal, and gives up what matters least first', () => {
  const table: [columns: number, line: string][] = [
    [90, 'pr-1  pulling the image  [========            ]   41 %  12.3 of 30.1 MB  4 s, usually 12 s'],
    [75, 'pr-1  [========            ]   41 %  12.3 of 30.1 MB  4 s, usually 12 s'],
    [50, 'pr-1  [====      ]   41 %  4 s, usually 12 s'],
    [30, 'pr-1   41 %  4 s'],
    [8, 'pr-1   4'],
  ]
  for (const [columns, line] of table) assert.equal(lineOf('pr-1', pulling, 4_000, columns), line)
  for (let columns = 1; columns < 130; columns++)
    assert.ok(lineOf('x'.repeat(20), pulling, 4_000, columns).length <= columns)
})

test('sizes are written in the unit of the whole', () => {
  const at = (bytes: number, total: number) => {
    const seen: Seen = { ...pulling, progress: { bytes, total, layers: 0, layersDone: 0, percent: 1 }, percent: 1 }
    return /% {2}(.*?) {2}/.exec(lineOf('t', seen, 0, 200))?.[1]
  }
  assert.equal(at(0, 900), '0 of 1 kB')
  assert.equal(at(412_000, 1_064_338), '0.4 of 1.1 MB')
  assert.equal(at(900_000_000, 2_500_000_000), '0.9 of 2.5 GB')
})

test('times are at most two units', () => {
  assert.deepEqual([0, 999, 59_999, 60_000, 100_000, 4_920_000].map(duration), [
    '0 s',
    '0 s',
    '59 s',
    '1 min 0 s',
    '1 min 40 s',
    '1 h 22 min',
  ])
  assert.deepEqual([40, 11_660, 59_960].map(took), ['0.0 s', '11.7 s', '1 min 0 s'])
  assert.deepEqual([999, 1_400, 11_600].map(usually), ['under 1 s', '1 s', '12 s'])
})
