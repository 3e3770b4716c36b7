import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { unpackLabel } from './label.ts'

const packed = (bytes: string | Buffer) => `gz:${gzipSync(bytes).toString('base64')}`

test('a label is YAML, or packed', () => {
  const text = 'services: { db: { image: "postgres" } } # ü\n'.repeat(500)
  assert.deepEqual(unpackLabel('services: {}'), { text: 'services: {}' })
  assert.deepEqual(unpackLabel(packed(text)), { text })
  // Programs that make base64 break its lines.
  assert.deepEqual(unpackLabel(packed(text).replace(/.{76}/g, '$&\n')), { text })
})

test('a label that is too long, or no gzip, is told of', () => {
  const whole = packed('services: {}')
  const table: [label: string, problem: RegExp][] = [
    ['x'.repeat(16_385), /^is longer than 16 kB: write gz:/],
    ['ü'.repeat(8_193), /^is longer than 16 kB/],
    [`gz:${'A'.repeat(16_384)}`, /^is longer than 16 kB$/],
    [packed(Buffer.alloc(10_000_000)), /^is longer than 64 kB once it is unpacked$/],
    [packed('x'.repeat(65_537)), /^is longer than 64 kB once it is unpacked$/],
    ['gz:', /^is no base64/],
    ['gz:%%%', /^is no base64/],
    ['gz:abcd', /^is not what gzip makes/],
    [whole.slice(0, -12), /^is not what gzip makes/],
    [`gz:${Buffer.from('services: {}').toString('base64')}`, /^is not what gzip makes/],
    [packed(Buffer.from([0xff, 0xfe])), /^is no UTF-8$/],
  ]
  for (const [label, expected] of table) {
    const read = unpackLabel(label)
    assert.ok('problem' in read, label.slice(0, 50))
    assert.match(read.problem, expected)
  }
  assert.ok('text' in unpackLabel('x'.repeat(16_384)))
  assert.ok('text' in unpackLabel(packed('x'.repeat(65_536))))
})

test('no label does anything else', () => {
  const damaged = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(40)).map(([bytes, at]) => {
    const whole = gzipSync('services: { db: { image: redis } }')
    whole.set(bytes, Math.min(at, whole.length - bytes.length))
    return `gz:${whole.toString('base64')}`
  })
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        anyText.map((text) => `gz:${text}`),
        damaged,
      ),
      (label) => {
        const read = unpackLabel(label)
        assert.ok('text' in read ? read.text.length <= 65_536 : read.problem.length > 0)
      },
    ),
  )
})
