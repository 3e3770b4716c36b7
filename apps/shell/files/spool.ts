/**
 * Takes an upload whole before anything of it is written: a bad entry may come last, and a client may vanish. What is
 * kept is a new tar, of what was looked at, in a file without a name: nothing is left of it, however this process ends.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import tar from 'tar-stream'
import { inWords } from '../../shared/disk-space.ts'
import { NoEntry } from '../no-entry.ts'
import { plainName, whyRefused } from './entry.ts'
import { END, headOf, padding } from './tar-header.ts'

/** How much comes between two looks at the disk. Bytes. */
const LOOK_EVERY = 8 * 1024 ** 2
/** So much stays free beside it and what is unpacked of it, which may be on the same disk. Bytes. */
const RESERVE = 256 * 1024 ** 2

/** Names as bytes. Its types do not have this. */
const BYTES = { filenameEncoding: 'latin1' } as object
type Pax = { path?: string } | null

export interface Spooled {
  read: () => Readable
  close: () => Promise<void>
}

/**
 * @param options.seen told that bytes have come
 * @param options.room free bytes of the disk that it is on
 * @throws NoEntry
 */
export async function spool(
  upload: Readable,
  dir: string,
  { seen = () => {}, room = roomIn }: { seen?: () => void; room?: (dir: string) => Promise<number> } = {},
): Promise<Spooled> {
  const name = path.join(dir, `upload-${randomBytes(8).toString('hex')}`)
  const file = await fs.open(name, 'wx+', 0o600)
  try {
    await fs.rm(name)
    upload.on('data', seen)
    const bytes = await checkInto(file, upload, () => room(dir))
    return {
      read: () => file.createReadStream({ start: 0, end: bytes - 1, autoClose: false, highWaterMark: 256 * 1024 }),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** @returns bytes of its own tar */
async function checkInto(file: fs.FileHandle, upload: Readable, room: () => Promise<number>): Promise<number> {
  const entries = tar.extract(BYTES)
  let [bytes, looked] = [0, -LOOK_EVERY]
  async function write(part: Buffer) {
    if (bytes - looked >= LOOK_EVERY) await look()
    await file.write(part, 0, part.length, bytes)
    bytes += part.length
  }
  async function look() {
    looked = bytes
    const free = await room()
    if (free - bytes < RESERVE)
      throw new NoEntry('no-room', `The disk has ${inWords(free)} left, which is not enough for more than ${inWords(bytes)} of this.`) // prettier-ignore
  }
  const cut = () => upload.readableEnded || entries.destroy(new NoEntry('bad-body', 'The tar is cut off. Nothing was written.')) // prettier-ignore
  upload.once('error', cut).once('close', cut)
  // Not a pipeline: whoever has sent it is still to be answered.
  upload.pipe(entries)
  try {
    for await (const entry of entries) {
      const { header } = entry
      // A pax header is UTF-8, all other names are bytes.
      const name = (header.pax as Pax)?.path === undefined ? header.name : Buffer.from(header.name).toString('latin1')
      const type = header.type ?? null
      const size = header.size ?? 0
      const why = whyRefused({ name, type, size })
      if (why) throw new NoEntry('bad-body', `${why} Nothing was written.`)
      const plain = plainName(name)
      if (plain === '') {
        entry.resume()
        continue
      }
      const isFolder = type === 'directory'
      const modified = (header.mtime?.getTime() ?? 0) / 1_000
      const mode = header.mode ?? (isFolder ? 0o755 : 0o644)
      await write(headOf({ name: Buffer.from(plain, 'latin1'), isFolder, size, mode, modified }))
      for await (const part of entry) await write(part as Buffer)
      await write(padding(size))
    }
  } catch (error) {
    upload.unpipe(entries)
    entries.destroy()
    if (error instanceof NoEntry || isOfDisk(error)) throw error
    throw new NoEntry(
      'bad-body',
      `This is no tar that can be read, without compression: ${(error as Error).message.replace(/\.$/, '')}. Nothing was written.`,
    )
  }
  // A file that is its last may be cut off.
  if (!upload.readableEnded) throw new NoEntry('bad-body', 'The tar is cut off. Nothing was written.')
  await write(END)
  return bytes
}

function isOfDisk(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

async function roomIn(dir: string): Promise<number> {
  const { bavail, bsize } = await fs.statfs(dir)
  return bavail * bsize
}
