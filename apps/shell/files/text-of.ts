import type { Readable } from 'node:stream'

const MOST = 4_096

/** Reads it to its end. @returns what it has said until now, of which the beginning is kept */
export function textOf(stream: Readable): () => string {
  let text = ''
  stream.on('data', (part: Buffer) => {
    if (text.length < MOST) text += part.toString('utf8')
  })
  stream.on('error', () => {})
  return () => text
}
