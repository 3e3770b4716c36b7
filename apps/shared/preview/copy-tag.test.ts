import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isTag, TAG } from '../tag.ts'
import { baseTag, copyNameOf, copyTag, isCopy, isCopyName, readShownTag, shownTag } from './copy-tag.ts'
import { baseId, copyId, meantBy } from './copy.ts'

const names = fc.stringMatching(/^[a-z0-9](-?[a-z0-9]){0,9}$/)
const tags = fc.oneof(
  fc.stringMatching(TAG),
  // What could be taken for the separator.
  fc
    .array(fc.constantFrom('a', '-', '--as-', '-as-', 'as'), { minLength: 1, maxLength: 8 })
    .map((parts) => `x${parts.join('')}`),
)

test('a copy is written and read as people do, whatever its base is called', () => {
  fc.assert(
    fc.property(tags, names, (base, name) => {
      const copy = copyTag(base, name)
      assert.deepEqual([isCopy(copy), isTag(copy)], [true, false])
      assert.deepEqual([baseTag(copy), copyNameOf(copy)], [base, name])
      assert.equal(readShownTag(shownTag(copy)), copy)
    }),
  )
})

test('two copies are shown as two', () => {
  fc.assert(
    fc.property(tags, names, tags, names, (base, name, otherBase, otherName) => {
      const isSame = base === otherBase && name === otherName
      assert.equal(shownTag(copyTag(base, name)) === shownTag(copyTag(otherBase, otherName)), isSame)
    }),
  )
})

test('a tag that is no copy is itself', () => {
  fc.assert(
    fc.property(fc.stringMatching(TAG), (tag) => {
      assert.deepEqual([isCopy(tag), baseTag(tag), copyNameOf(tag), shownTag(tag)], [false, tag, null, tag])
    }),
  )
})

test('the name of a copy', () => {
  for (const name of ['a', 'anna', 'bug-12', '0', 'a-b-c', 'a'.repeat(20)]) assert.ok(isCopyName(name), name)
  for (const name of ['', '-a', 'a-', 'a--b', 'Anna', 'a_b', 'a.b', 'a~b', 'ä', 'a\n', 'a'.repeat(21)])
    assert.ok(!isCopyName(name), name)
})

test('a copy of a copy is one of the same base', () => {
  assert.equal(copyId('api/pr-7~bug-12', 'anna'), 'api/pr-7~anna')
  assert.equal(baseId('api/pr-7~anna'), 'api/pr-7')
})

test('what is written as a copy is meant where there is one, and else is the tag itself', () => {
  const known = new Set(['pr-7~anna', 'api/pr-7~anna'])
  const meant = (id: string) => meantBy(id, (copy) => known.has(copy))
  assert.equal(meant('pr-7--as-anna'), 'pr-7~anna')
  assert.equal(meant('api/pr-7--as-anna'), 'api/pr-7~anna')
  for (const id of ['web/pr-7--as-anna', 'pr-7--as-ben', 'pr-7--as-', '--as-anna', 'pr-7']) assert.equal(meant(id), id)
})
