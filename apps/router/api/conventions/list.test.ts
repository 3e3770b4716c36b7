import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cut, listQuery, pageOf, readCursor, writeCursor, type ListSent, type Order } from './list.ts'
import { readQuery } from './query.ts'

interface Row {
  repository: string
  tag: string
  seen: number | null
  why: string
}
type Field = 'tag' | 'seen' | 'why'

const order: Order<Row, Field> = { tag: ({ tag }) => tag, seen: ({ seen }) => seen, why: ({ why }) => why }
const fields = ['tag', 'seen', 'why'] as const
const query = listQuery(['up', 'down'], fields, { searches: 'nothing' })

const value = fc.record({
  seen: fc.oneof(fc.constant(null), fc.nat(3)),
  why: fc.constantFrom('', 'a', 'b'),
})
const key = fc.record({ repository: fc.constantFrom('', 'api'), tag: fc.constantFrom(...'abcdefghijklm') })
const nameOf = ({ repository, tag }: Pick<Row, 'repository' | 'tag'>) => `${repository}/${tag}`
const rows = fc
  .uniqueArray(fc.record({ key, value }), { selector: ({ key }) => nameOf(key), maxLength: 20 })
  .map((all) => all.map(({ key, value }) => ({ ...key, ...value })))
/** What happens between two pages: a row comes, goes, or has other values. */
const happening = fc.record({ key, becomes: fc.option(value) })

test('pages neither skip nor repeat a row that stays as it is, whatever happens to the others between them', () => {
  let crossed = 0
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom<ListSent<string, Field>['sort']>('tag', '-tag', 'seen', '-seen', 'why', '-why'),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.array(happening, { maxLength: 4 }), { maxLength: 10 }),
      (first, sort, limit, happenings) => {
        const now = new Map(first.map((row) => [nameOf(row), row]))
        const stays = new Map(now)
        const seen: Row[] = []
        let after: string | undefined
        for (let pages = 0; ; pages++) {
          const page = pageOf([...now.values()], { sort, limit, after }, order)
          assert.ok(page.rows.length <= limit)
          assert.ok(page.after === null || page.rows.length === limit)
          seen.push(...page.rows)
          if (page.after === null) break
          after = page.after
          for (const { key, becomes } of happenings[pages] ?? []) {
            stays.delete(nameOf(key))
            if (becomes) now.set(nameOf(key), { ...key, ...becomes })
            else now.delete(nameOf(key))
            crossed++
          }
        }
        const shown = seen.map(nameOf).filter((name) => stays.has(name))
        const whole = pageOf([...stays.values()], { sort }, order).rows
        assert.deepEqual(shown, whole.map(nameOf))
      },
    ),
    { numRuns: 500 },
  )
  assert.ok(crossed > 500, `${crossed} changes between pages`)
})

test('by tag, a row that stays is shown once even where it has changed', () => {
  const of = (tag: string, seen: number): Row => ({ repository: '', tag, seen, why: '' })
  const first = pageOf([of('a', 1), of('b', 1), of('c', 1)], { sort: 'tag', limit: 2 }, order)
  const second = pageOf([of('a', 9), of('b', 0), of('c', 9)], { sort: 'tag', limit: 2, after: first.after! }, order)
  assert.deepEqual([first, second].map(({ rows }) => rows.map(({ tag }) => tag).join('')), ['ab', 'c']) // prettier-ignore
})

test('without a limit there is one page', () => {
  const row: Row = { repository: '', tag: 'a', seen: null, why: '' }
  assert.deepEqual(pageOf([row], { sort: 'tag' }, order), { rows: [row], after: null })
  assert.deepEqual(cut([1, 2], 2, String), { rows: [1, 2], after: null })
  assert.deepEqual(cut([1, 2, 3], 2, String), { rows: [1, 2], after: '2' })
})

test('what a list takes, and what it refuses', () => {
  const after = writeCursor(['-seen', null, '', 'a'])
  const cases: [sent: Record<string, string>, taken: object | RegExp][] = [
    [{}, { q: '', sort: 'tag' }],
    [
      { state: 'up,down', limit: '1000', q: 'x' },
      { state: ['up', 'down'], limit: 1000, q: 'x', sort: 'tag' },
    ],
    [
      { sort: '-seen', after },
      { q: '', sort: '-seen', after },
    ],
    [{ after }, /^after is what/],
    [{ sort: 'seen', after }, /^after is what/],
    [{ after: '' }, /^after is what/],
    [{ after: 'AAAA' }, /^after is what/],
    [{ state: 'up,' }, /^state is one of up, down/],
    [{ state: '' }, /^state is one of/],
    [{ sort: 'state' }, /^sort is one of tag, -tag/],
    [{ sort: '+tag' }, /^sort is one of/],
    [{ limit: '0' }, /^limit is a number of rows, 1 to 1000/],
    [{ limit: '1001' }, /^limit is/],
    [{ limit: '1.5' }, /^limit is/],
    [{ limit: '' }, /^limit is/],
  ]
  for (const [sent, taken] of cases) {
    const read = readQuery(query, sent)
    if (taken instanceof RegExp) assert.match(read as string, taken, JSON.stringify(sent))
    else assert.deepEqual(read, taken, JSON.stringify(sent))
  }
})

test('no text is taken for a cursor that Lotan did not write', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json().map((text) => Buffer.from(text).toString('base64url'))), (text) => {
      const read = readCursor(text, 'tag')
      assert.ok(read === undefined || (read[0] === 'tag' && typeof read[3] === 'string'))
    }),
  ) // prettier-ignore
})
