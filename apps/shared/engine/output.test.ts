import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
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
