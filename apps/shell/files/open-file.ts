/**
 * A file that a client of SFTP has open. Clients ask for 32 kB at a time and have 64 questions under way: what is read
 * comes in larger pieces, of which the next one is read ahead, and what is written is written together.
 */
import type { FileLoop } from './file-loop.ts'

const PIECE = 512 * 1024
const KEPT = 4
const MOST_TOGETHER = 1024 * 1024

export interface Opened {
  path: string
  appends: boolean
  /** What it gets once it is closed; null: it has it. A file that its owner may not write is written first. */
  lastMode: number | null
}

export type OpenFile = ReturnType<typeof openFile>

export function openFile(loop: Pick<FileLoop, 'ask'>, { path, appends, lastMode }: Opened) {
  const pieces = new Map<number, Promise<Buffer>>()
  let next = 0
  let together: { offset: number; parts: Buffer[]; bytes: number; done: PromiseWithResolvers<void> } | null = null
  let writing: Promise<void> | null = null

  function piece(index: number): Promise<Buffer> {
    const known = pieces.get(index)
    if (known) return known
    const read = loop.ask('read', [path, index * PIECE, PIECE])
    pieces.set(index, read)
    read.catch(() => pieces.delete(index))
    for (const old of [...pieces.keys()].slice(0, -KEPT)) pieces.delete(old)
    return read
  }

  async function read(offset: number, length: number): Promise<Buffer> {
    await flushed()
    const index = Math.floor(offset / PIECE)
    const from = offset - index * PIECE
    let found = await piece(index)
    // Its end, as it was: it may be longer by now.
    if (found.length <= from && found.length < PIECE) {
      pieces.delete(index)
      found = await piece(index)
    }
    if (index === next && found.length === PIECE) {
      next++
      void piece(next).catch(() => {})
    }
    const here = found.subarray(from, from + length)
    if (here.length === length || found.length < PIECE) return here
    return Buffer.concat([here, await read((index + 1) * PIECE, length - here.length)])
  }

  /** Once it is written. */
  function write(offset: number, bytes: Buffer): Promise<void> {
    pieces.clear()
    if (together && (together.offset + together.bytes !== offset || together.bytes + bytes.length > MOST_TOGETHER))
      flush()
    together ??= { offset, parts: [], bytes: 0, done: Promise.withResolvers() }
    together.parts.push(bytes)
    together.bytes += bytes.length
    const { promise } = together.done
    if (!writing) flush()
    return promise
  }

  function flush() {
    if (!together) return
    const { offset, parts, bytes, done } = together
    together = null
    const words = appends ? [path, bytes] : [path, offset, bytes]
    const asked = loop.ask(appends ? 'append' : 'write', words, Buffer.concat(parts)).then(() => {})
    asked.then(done.resolve, done.reject)
    const over = asked
      .catch(() => {})
      .then(() => {
        if (writing !== over) return
        writing = null
        flush()
      })
    writing = over
  }

  async function flushed(): Promise<void> {
    while (writing) await writing
  }

  return {
    path,
    read,
    write,
    flushed,
    /** @throws FileProblem */
    async close(): Promise<void> {
      await flushed()
      if (lastMode !== null) await loop.ask('chmod', [path, lastMode.toString(8)])
    },
    setMode: (mode: number) => void (lastMode = lastMode === null ? null : mode),
  }
}
