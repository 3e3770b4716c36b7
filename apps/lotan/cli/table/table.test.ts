import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { age, left } from './age.ts'
import { tableOf, type Column } from './table.ts'
import { cut, plain, widthOf } from './width.ts'

type Row = Record<'tag' | 'state' | 'address' | 'note', string>

const columns: Column<Row>[] = [
  { head: 'TAG', cell: ({ tag }) => tag, least: 6 },
  { head: 'STATE', cell: ({ state }) => state, tone: ({ state }) => (state === 'failed' ? 'bad' : 'good') },
  { head: 'ADDRESS', cell: ({ address }) => address, rank: 2 },
  { head: 'NOTE', cell: ({ note }) => note, least: 8, rank: 4 },
]
const rows: Row[] = [
  { tag: 'pr-1', state: 'running', address: 'http://pr-1.example.com', note: '' },
  { tag: 'feature-branch', state: 'failed', address: 'http://feature-branch.example.com', note: 'it ended at once' },
]
const unpainted = (text: string) => text
const at = (width: number) => tableOf(columns, rows, { width, paint: unpainted })

test('a table has a column below each head, and nothing is cut in a pipe', () => {
  assert.deepEqual(at(Infinity), [
    'TAG             STATE    ADDRESS                            NOTE',
    'pr-1            running  http://pr-1.example.com',
    'feature-branch  failed   http://feature-branch.example.com  it ended at once',
  ])
})

test('a narrow table shortens what may be shortened, last column first, then leaves out what matters least', () => {
  assert.deepEqual(at(70), [
    'TAG             STATE    ADDRESS                            NOTE',
    'pr-1            running  http://pr-1.example.com',
    'feature-branch  failed   http://feature-branch.example.com  it ended…',
  ])
  assert.deepEqual(at(62), [
    'TAG       STATE    ADDRESS                            NOTE',
    'pr-1      running  http://pr-1.example.com',
    'feature…  failed   http://feature-branch.example.com  it ende…',
  ])
  assert.deepEqual(at(41), [
    'TAG             STATE    NOTE',
    'pr-1            running',
    'feature-branch  failed   it ended at once',
  ])
  assert.deepEqual(at(16), ['TAG      STATE', 'pr-1     running', 'featur…  failed'])
  assert.deepEqual(at(5), ['TAG', 'pr-1', 'feat…'])
})

test('a column that is empty in all rows is left out; without rows there are the heads', () => {
  assert.deepEqual(tableOf(columns, rows.slice(0, 1), { width: 80, paint: unpainted })[0], 'TAG   STATE    ADDRESS')
  assert.deepEqual(tableOf(columns, [], { width: 80, paint: unpainted }), ['TAG  STATE  ADDRESS  NOTE'])
})

test('a colour takes no room', () => {
  const painted = tableOf(columns, rows, { width: 70, paint: (text, tone) => (tone ? `<${tone}>${text}</>` : text) })
  assert.equal(painted[2], 'feature-branch  <bad>failed</>   http://feature-branch.example.com  it ended…')
  assert.deepEqual(
    painted.map((line) => line.replace(/<[^>]*>/g, '')),
    at(70),
  )
})

test('texts are as wide as terminals show them', () => {
  const table: [string, number][] = [
    ['', 0],
    ['pr-1', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['日本語', 6],
    ['한국', 4],
    ['ｱ', 1],
    ['Ａ', 2],
    ['🚀', 2],
    ['👩‍💻', 2],
    ['✔', 1],
    ['❤️', 2],
    ['a\u200bb', 2],
    ['…–’', 3],
  ]
  for (const [text, width] of table) assert.equal(widthOf(text), width, text)
  assert.equal(cut('日本語', 5), '日本…')
  assert.equal(cut('日本語', 4), '日…')
  assert.equal(cut('pr-1 red', 6), 'pr-1…')
  assert.equal(cut('x', 0), '')
})

test('what an image says cannot steer the terminal', () => {
  assert.equal(plain('red\u001b[2J\r\n\tblue\u0007'), 'red [2J blue')
  const [, line] = tableOf(columns, [{ ...rows[0]!, note: 'a\tb\u001b]0;title\u0007' }], {
    width: 200,
    paint: unpainted,
  })
  assert.ok(line!.endsWith('a b ]0;title'), line)
})

test('whatever the rows and the width are, no line is wider, and no line holds a tab', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 })
  const row = fc.record({ tag: text, state: text, address: text, note: text })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 1, max: 140 }), (rows, width) => {
      for (const line of tableOf(columns, rows, { width, paint: unpainted })) {
        assert.ok(widthOf(line) <= width, `${widthOf(line)}: ${line}`)
        assert.doesNotMatch(line, /\p{Cc}/u)
      }
    }),
  )
})

test('an age has one unit', () => {
  const table: [number, string][] = [[-5, '0 s'], [59_999, '59 s'], [60_000, '1 min'], [3_599_999, '59 min'], [7_200_000, '2 h'], [200_000_000, '2 d']] // prettier-ignore
  for (const [ms, text] of table) assert.equal(age(ms), text)
})

test('how long is left is rounded to the nearest', () => {
  const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
  const table: [number, string][] = [
    [90 * DAY - 1_000, 'in 90 d'],
    [3.4 * DAY, 'in 3 d'],
    [7 * DAY - 2 * MINUTE, 'in 7 d'],
    [11.9 * HOUR, 'in 12 h'],
    [DAY - 1_000, 'in 1 d'],
    [23 * HOUR, 'in 23 h'],
    [90 * MINUTE, 'in 2 h'],
    [700, 'in 1 s'],
    [1, 'in 0 s'],
    [0, 'over'],
    [-5, 'over'],
  ]
  for (const [ms, text] of table) assert.equal(left(ms), text, String(ms))
})
