import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TAG } from '../tag.ts'
import { mayBeOfAChange, numberIn, tagsOf, tagTemplateOf } from './tag-templates.ts'

const read = (text: string) => text.split(' ').map((one) => tagTemplateOf(one)!)
const change = { number: 3001, sha: 'a41f09c2'.padEnd(40, '0'), branch: 'feature/Größe' }

const given: [templates: string, tags: string[]][] = [
  ['pr-{number}', ['pr-3001']],
  ['{sha}', [change.sha]],
  ['{sha7}', ['a41f09c']],
  ['{branch}', ['feature-Gr--e']],
  ['v1.0-{number}-{sha7}', ['v1.0-3001-a41f09c']],
  ['pr-{number} {sha7} pr-{number}', ['pr-3001', 'a41f09c']],
]

for (const [templates, tags] of given)
  test(`${templates} gives ${tags.join(', ')}`, () => {
    assert.deepEqual(tagsOf(change, read(templates)), tags)
    for (const tag of tags) assert.ok(mayBeOfAChange(tag, read(templates)), tag)
  })

for (const text of [
  '',
  'pr',
  '{nummer}',
  '{number',
  'number}',
  '{}',
  '{{number}}',
  '-{number}',
  '.{sha}',
  'pr/{number}',
  'ä{number}',
])
  test(`'${text}' is no template`, () => assert.equal(tagTemplateOf(text), undefined))

test('a branch whose name makes no tag gives none', () => {
  assert.deepEqual(tagsOf({ ...change, branch: '-x' }, read('{branch}')), [])
  assert.deepEqual(tagsOf({ ...change, branch: 'x'.repeat(129) }, read('{branch} pr-{number}')), ['pr-3001'])
})

const told: [tag: string, templates: string, mayBe: boolean, number: number | null][] = [
  ['pr-3001', 'pr-{number}', true, 3001],
  ['pr-03', 'pr-{number}', false, null],
  ['pr-3001x', 'pr-{number}', false, null],
  ['xpr-3001', 'pr-{number}', false, null],
  ['v1.0-7', 'v1.0-{number}', true, 7],
  ['v1x0-7', 'v1.0-{number}', false, null],
  ['a41f09c', 'pr-{number} {sha7}', true, null],
  ['a41f09c-12', '{sha7}-{number}', true, 12],
  ['main', 'pr-{number} {sha7}', false, null],
  ['main', '{branch}', true, null],
]

for (const [tag, templates, mayBe, number] of told)
  test(`${tag} ${mayBe ? 'may' : 'cannot'} be of a change by ${templates}`, () => {
    assert.equal(mayBeOfAChange(tag, read(templates)), mayBe)
    assert.equal(numberIn(tag, read(templates)), number)
  })

test('whatever a change is called, its tags are tags, and are known for those of a change', () => {
  const sha = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 40, maxLength: 40 })
  fc.assert(
    fc.property(
      fc.record({
        number: fc.integer({ min: 1, max: 2_000_000_000 }),
        sha,
        branch: fc.string({ unit: 'binary', minLength: 1 }),
      }),
      fc.subarray(['pr-{number}', '{sha}', '{sha7}', '{branch}', 'x_{branch}.{sha7}', '{number}-{branch}'], {
        minLength: 1,
      }),
      (change, texts) => {
        const templates = read(texts.join(' '))
        for (const tag of tagsOf(change, templates)) {
          assert.match(tag, TAG)
          assert.ok(mayBeOfAChange(tag, templates), tag)
        }
      },
    ),
  )
})
