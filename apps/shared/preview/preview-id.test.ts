import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { idOf, logFields, splitId, type PreviewId } from './preview-id.ts'
import { TAG, type Tag } from '../tag.ts'

const known: [id: string, repository: string, tag: string][] = [
  ['pr-7', '', 'pr-7'],
  ['1.9.5', '', '1.9.5'],
  ['_x.Y-z', '', '_x.Y-z'],
  ['api/pr-7', 'api', 'pr-7'],
  ['a1/1.9.5', 'a1', '1.9.5'],
]

test('an id is the tag alone in the nameless repository, and is led by the name of any other', () => {
  for (const [id, repository, tag] of known) {
    assert.equal(idOf({ repository, tag }), id)
    assert.deepEqual(splitId(id), { repository, tag })
  }
})

const repositories = fc.oneof(fc.constant(''), fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/))
const tags = fc.stringMatching(TAG)

test('an id comes back as what it was made of, and two previews have two ids', () => {
  fc.assert(
    fc.property(repositories, tags, repositories, tags, (repository, tag, otherRepository, otherTag) => {
      const id = idOf({ repository, tag })
      assert.deepEqual(splitId(id), { repository, tag })
      const isSame = repository === otherRepository && tag === otherTag
      assert.equal(idOf({ repository: otherRepository, tag: otherTag }) === id, isSame)
    }),
  )
})

test('a log line names the repository only where it has a name', () => {
  assert.deepEqual(logFields('pr-7'), { tag: 'pr-7' })
  assert.deepEqual(logFields('api/pr-7'), { repository: 'api', tag: 'pr-7' })
})

test('the compiler refuses a tag where a preview is meant, and a preview where a tag is', () => {
  const tag: Tag = 'pr-7'
  const id: PreviewId = 'api/pr-7'
  // @ts-expect-error: a tag alone names no preview
  splitId(tag)
  // @ts-expect-error: a preview is no tag
  idOf({ repository: '', tag: id })
})
