import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { problemText } from './stack.ts'
import { stackOf } from './stack-of.ts'

const repository = (name: string, reference: string) => ({ name, reference, offers: () => true, containerEnv: {} })
const config = {
  stackText: null,
  stackImages: null,
  repositories: [repository('', 'ghcr.io/team/app'), repository('api', 'ghcr.io/other/api')],
}
const id = 'pr-1'
const ofApi = 'api/pr-1'

function said(of: string, label: string | undefined, more: Partial<Parameters<typeof stackOf>[2]> = {}) {
  const read = stackOf(of, { labels: label === undefined ? {} : { 'lotan.stack': label } }, { ...config, ...more })
  if (read === null) return null
  return 'stack' in read ? read.stack.services.map(({ image }) => image) : read.problems.map(problemText)
}

test('the file wins over the label, and an image without a label has none', () => {
  const label = 'services: { db: { image: redis } }'
  assert.equal(said(id, undefined), null)
  assert.deepEqual(said(id, label), ['redis'])
  assert.deepEqual(said(id, `gz:${gzipSync(label).toString('base64')}`), ['redis'])
  const stackText = 'services: { mail: { image: axllent/mailpit } }'
  assert.deepEqual(said(id, label, { stackText }), ['axllent/mailpit'])
  assert.deepEqual(said(id, undefined, { stackText, stackImages: ['redis'] }), ['axllent/mailpit'])
  assert.deepEqual(said(id, 'gz:!'), ['lotan.stack: is no base64 after gz:'])
})

test('a label may name images beside those of its own repository, or what the setting lists', () => {
  const team = 'services: { db: { image: ghcr.io/team/db } }'
  assert.deepEqual(said(id, team), ['ghcr.io/team/db'])
  assert.match(
    said(ofApi, team)![0]!,
    /^line 1, services\.db\.image: is ghcr\.io\/team\/db, and the admin .* ghcr\.io\/other\/\* /,
  )
  assert.deepEqual(said(ofApi, team, { stackImages: ['*'] }), ['ghcr.io/team/db'])
  assert.match(
    said(id, 'services: { db: { image: redis } }', { stackImages: ['ghcr.io/*'] })![0]!,
    /allows ghcr\.io\/\* /,
  )
  assert.match(said('gone/pr-1', team)![0]!, /allows docker\.io\/library\/\* /)
})

test('the same text is read once, and others do not pile up', () => {
  const image = { labels: { 'lotan.stack': 'services: { db: { image: redis:1 } }' } }
  const first = stackOf(id, image, config)
  assert.equal(stackOf('pr-2', image, config), first)
  for (let i = 0; i < 99; i++) said(id, `services: { db: { image: "redis:a${i}" } }`)
  assert.equal(stackOf(id, image, config), first)
  for (let i = 0; i < 100; i++) said(id, `services: { db: { image: "redis:b${i}" } }`)
  assert.notEqual(stackOf(id, image, config), first)
  assert.deepEqual(stackOf(id, image, config), first)
})
