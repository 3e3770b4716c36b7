import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh, type Image, type Preview } from '../../shared/preview/preview.ts'
import { builtAt, sourceOf, sourceOfPreview, shortRevision } from './image-source.ts'

const now = Date.UTC(2026, 10, 20)
const image = (created: string | null, labels: Record<string, string> = {}): Image => ({
  id: 'new',
  digest: null,
  pulled: true,
  bytes: 1,
  created,
  labels,
  ports: [],
})
const label = (created: string) => ({ 'org.opencontainers.image.created': created })

test('an image was built when its label says, else when the engine says', () => {
  const table: [what: string, image: Image, created: string | null, built: string | undefined][] = [
    ['nobody says', image(null), null, undefined],
    ['the engine says', image('2026-11-19T10:00:00Z'), '2026-11-19T10:00:00Z', '2026-11-19T10:00:00.000Z'],
    [
      'the label knows better than a fixed date',
      image('1970-01-01T00:00:00Z', label('2026-11-18T12:30:00.5+02:00')),
      '2026-11-18T12:30:00.5+02:00',
      '2026-11-18T10:30:00.500Z',
    ],
    ['a fixed date is no day of a build', image('1980-01-01T00:00:01Z'), '1980-01-01T00:00:01Z', undefined],
    ['nor is a day to come', image('2027-01-01T00:00:00Z'), '2027-01-01T00:00:00Z', undefined],
    ...['<b>soon</b>', '2026', '2026-13-45T99:00:00Z', ''].map((words): [string, Image, string, string] => [
      `a label that is no time: ${words}`,
      image('2026-11-19T10:00:00Z', label(words)),
      '2026-11-19T10:00:00Z',
      '2026-11-19T10:00:00.000Z',
    ]),
  ]
  for (const [what, image, created, built] of table) {
    assert.equal(sourceOf(image).created, created, what)
    const at = builtAt(sourceOf(image), now)
    assert.equal(at && new Date(at).toISOString(), built, what)
  }
})

test('a revision is short where there is little room', () => {
  const short = (revision: string) =>
    shortRevision(sourceOf(image(null, { 'org.opencontainers.image.revision': revision })))
  assert.equal(short('5b1c9c8ffcdd5d4bbd3fe8ebcf2c1f1e3a2b1c0d'), '5b1c9c8ffc')
  assert.equal(short('v1.2'), 'v1.2')
  assert.equal(short('\u001b[31mred'), '[31mred')
  assert.equal(short(''), '')
})

test('of an older image that still serves nothing is told that is a newer one’s', () => {
  const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'old', digest: null, port: 80 }
  const preview: Preview = {
    ...fresh,
    repository: '',
    tag: 'red',
    since: 0,
    image: image('2026-11-19T10:00:00Z'),
    state: 'running',
    generation,
    readyAt: 0,
    pending: null,
  }
  assert.equal(sourceOfPreview(preview).created, null)
  const newer = { ...preview, generation: { ...generation, image: 'new' } }
  assert.equal(sourceOfPreview(newer).created, '2026-11-19T10:00:00Z')
  assert.equal(sourceOfPreview({ ...preview, image: null }).created, null)
})
