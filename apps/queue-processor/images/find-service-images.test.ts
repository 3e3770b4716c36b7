import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areKept, findByName, findServiceImages } from './find-service-images.ts'

const digest = `sha256:${'d'.repeat(64)}`
const images = [
  { id: 'new', names: ['postgres:16'], digestNames: ['mirror.test/postgres@sha256:m', `postgres@${digest}`] },
  { id: 'old', names: [], digestNames: ['postgres@sha256:o'] },
  { id: 'built', names: ['reg.test/team/mail:1'], digestNames: [] },
]
const db = { name: 'db', image: 'docker.io/library/postgres:16' }
const mail = { name: 'mail', image: 'reg.test/team/mail:1' }
const row = { ...db, imageId: 'old', digest: 'sha256:o', container: null }

test('an image is found by each of its names', () => {
  assert.deepEqual(findByName(db.image, images), { id: 'new', digest })
  assert.deepEqual(findByName(`postgres@${digest}`, images), { id: 'new', digest })
  assert.deepEqual(findByName(`postgres:16@${digest}`, images), { id: 'new', digest })
  assert.deepEqual(findByName(mail.image, images), { id: 'built', digest: null })
  assert.equal(findByName('postgres:17', images), undefined)
  assert.equal(findByName('reg.test/postgres:16', images), undefined)
})

test('what was decided stays while it is here and the stack names the same; else the name decides', () => {
  const of = (...rows: (typeof row)[]) => findServiceImages([db, mail], rows, images).get('db')?.id
  assert.equal(of(), 'new')
  assert.equal(of(row), 'old')
  assert.equal(of({ ...row, imageId: 'gone' }), 'new')
  assert.equal(of({ ...row, image: 'postgres:15' }), 'new')
  assert.equal(of({ ...row, name: 'cache' }), 'new')
})

test('one that is not here is not in it', () => {
  assert.deepEqual([...findServiceImages([db, { name: 'x', image: 'x:1' }], [], images).keys()], ['db'])
})

test('only containers of the same images, of all services, are kept ones', () => {
  const kept = { ...row, container: 'c' }
  assert.ok(areKept([db], [kept]))
  assert.ok(!areKept([db], [row]))
  assert.ok(!areKept([db], [{ ...kept, image: 'postgres:15' }]))
  assert.ok(!areKept([db, mail], [kept]))
  assert.ok(areKept([], []))
})
