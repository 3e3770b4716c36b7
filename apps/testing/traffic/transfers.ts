/** Slow downloads, uploads and streams. */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { begin, WATCHED, type Scene, type Traffic } from './account.ts'

/** Bytes in a piece, and the time between two. */
const PIECE = 1_000
const EVERY_MS = 500
/** Bytes a millisecond of a slow reader. The kernel and nginx buffer some MB. */
const READ_RATE = 3_000

export async function slowDownload({ lotan, tag, timeout }: Scene): Promise<Traffic> {
  const { used, transfer } = begin()
  const pieces = piecesFor(timeout)
  const response = await lotan.open(tag, { path: `/drip?pieces=${pieces}&size=${PIECE}&every=${EVERY_MS}` })
  return transfer(async () => {
    let bytes = 0
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length
      used()
    }
    return bytes === pieces * PIECE ? undefined : `${bytes} of ${pieces * PIECE} bytes came`
  })
}

export async function slowUpload({ lotan, tag, timeout }: Scene): Promise<Traffic> {
  const { used, transfer } = begin()
  const pieces = piecesFor(timeout)
  async function* slowly() {
    for (let i = 0; i < pieces; i++) {
      yield Buffer.alloc(PIECE, 'todowrangler')
      used()
      await sleep(EVERY_MS)
    }
  }
  return transfer(async () => {
    const headers = { 'Content-Length': pieces * PIECE }
    const { status, text } = await lotan.request(tag, { method: 'PUT', headers, body: Readable.from(slowly()) })
    used()
    if (status !== 200) return `the upload was answered ${status}`
    const { bytes } = JSON.parse(text) as { bytes: number }
    return bytes === pieces * PIECE ? undefined : `${bytes} of ${pieces * PIECE} bytes arrived`
  })
}

export async function slowReader({ lotan, tag }: Scene): Promise<Traffic> {
  const { used, signal, lasting } = begin()
  const response = await lotan.open(tag, { path: `/bytes/${2 ** 40}`, signal })
  return lasting(async () => {
    for await (const piece of response as AsyncIterable<Buffer>) {
      used()
      await sleep(piece.length / READ_RATE, undefined, { signal })
    }
    return 'the download ended'
  })
}

export async function stream({ lotan, tag }: Scene, path: string, headers = {}): Promise<Traffic> {
  const { used, signal, lasting } = begin()
  const response = await lotan.open(tag, { path, headers: { Accept: 'text/event-stream', ...headers }, signal })
  used()
  return lasting(async () => {
    for await (const piece of response as AsyncIterable<Buffer>) if (piece.length > 0) used()
    return 'the stream ended'
  })
}

/** Lasts a little longer than it is watched. */
function piecesFor(timeout: number): number {
  return Math.ceil((WATCHED * timeout + 2_000) / EVERY_MS)
}
