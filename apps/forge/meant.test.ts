import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tagTemplateOf, type TagTemplate } from '../shared/forge/tag-templates.ts'
import { commitOf, imageOf, meantOf } from './meant.ts'

const sha = 'a41f09c1111111111111111111111111111111aa'
const older = '77be210222222222222222222222222222222222'
const change = { number: 7, sha, branch: 'topic', behind: null }
const templates = ['pr-{number}', 'sha-{sha7}', '{sha}'].map((text): TagTemplate => tagTemplateOf(text)!)
const image = (revision: string | null) => ({ digest: 'sha256:1', revision, bytes: 1, created: null })

test('the first tag that has an image is meant, and the first one where none has', () => {
  const has = (tag: string) => (name: string) => (name === tag ? image(sha) : null)
  assert.deepEqual(meantOf(['a', 'b', 'c'], has('b')), { tag: 'b', image: image(sha) })
  assert.deepEqual(meantOf(['a', 'b'], has('c')), { tag: 'a', image: null })
  assert.equal(meantOf([], has('a')), undefined)
})

test('the commit of an image is the head, or behind it, or not the change’s, or unknown: never a false “behind”', () => {
  const behind = (commits: number | null, of = sha) => ({ revision: older, sha: of, commits })
  const cases: [string | null, Partial<typeof change> | { behind: ReturnType<typeof behind> }, unknown][] = [
    [sha, {}, { is: 'head', revision: sha }],
    [sha.slice(0, 7), {}, { is: 'head', revision: sha }],
    [sha.toUpperCase(), {}, { is: 'head', revision: sha }],
    [null, {}, { is: 'unknown' }],
    ['  ', {}, { is: 'unknown' }],
    [older, {}, { is: 'unread', revision: older }],
    [older, { behind: behind(2) }, { is: 'behind', revision: older, commits: 2 }],
    // The merge commit of an earlier test, whose second parent is the head.
    [older, { behind: behind(0) }, { is: 'head', revision: sha }],
    [older, { behind: behind(null) }, { is: 'foreign', revision: older }],
    // What was told of the head before.
    [older, { behind: behind(2, older) }, { is: 'unread', revision: older }],
  ]
  for (const [revision, more, expected] of cases)
    assert.deepEqual(
      commitOf({ ...change, ...more }, { tag: 'pr-7', image: image(revision) }, templates),
      expected,
      String(revision),
    )
})

test('a tag that is a commit’s is of that commit, whatever label its image has inherited', () => {
  for (const tag of [`sha-${sha.slice(0, 7)}`, sha])
    assert.deepEqual(commitOf(change, { tag, image: image(older) }, templates), { is: 'head', revision: sha })
})

test('what the registry told wins over the image that is here, whose label is taken where both are the same', () => {
  const here = {
    id: 'i',
    digest: 'sha256:1',
    pulled: true,
    bytes: 9,
    created: null,
    labels: { 'org.opencontainers.image.revision': older },
    ports: [],
  }
  const told = { tag: 'pr-7', ...image(null) }
  assert.equal(imageOf(told, here)?.revision, older)
  assert.equal(imageOf({ ...told, digest: 'sha256:2' }, here)?.revision, null)
  assert.deepEqual(imageOf(undefined, here), { digest: 'sha256:1', revision: older, bytes: null, created: null })
  assert.equal(imageOf(undefined, { ...here, digest: null }), null)
})
