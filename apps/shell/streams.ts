import type { Readable } from 'node:stream'

/** For what is small. A connection that breaks is its end. */
export async function readAll(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = []
  await new Promise<void>((resolve) => {
    stream.on('data', (part: Buffer) => void parts.push(part))
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve())
  })
  return Buffer.concat(parts)
}
