import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { demultiplexer } from './output.ts'

function framed(stream: number, text: string): Buffer {
  const body = Buffer.from(text)
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

async function text(chunks: Buffer[]): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of Readable.from(chunks).pipe(demultiplexer())) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

test('both streams come as they were written, however they were cut', async () => {
  const whole = Buffer.concat([framed(1, 'starting\n'), framed(2, 'wäit\n'), framed(1, ''), framed(2, 'failed\n')])
  for (const size of [1, 3, 8, 11, whole.length]) {
    const chunks = []
    for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size))
    assert.equal(await text(chunks), 'starting\nwäit\nfailed\n', `in pieces of ${size}`)
  }
})

test('a terminal’s output passes as it is', async () => {
  assert.equal(await text([Buffer.from('plain\n'), Buffer.from('\x01 more\n')]), 'plain\n\x01 more\n')
})

test('any frames come out as their text however they are cut, and any bytes at all as no more bytes', async () => {
  const frame = fc.tuple(fc.constantFrom(1, 2), fc.string({ unit: 'binary', maxLength: 20 }))
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), async (frames, size) => {
      const whole = Buffer.concat(frames.map(([stream, text]) => framed(stream, text)))
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => whole.subarray(i * size, (i + 1) * size))
      assert.equal(await text(chunks), Buffer.from(frames.map(([, text]) => text).join('')).toString())
    }),
    { numRuns: 100 },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 5 }), async (chunks) => {
      const given = chunks.reduce((sum, { length }) => sum + length, 0)
      let taken = 0
      for await (const part of Readable.from(chunks.map((chunk) => Buffer.from(chunk))).pipe(demultiplexer()))
        taken += (part as Buffer).length
      assert.ok(taken <= given)
    }),
    { numRuns: 100 },
  )
}) // prettier-ignore
