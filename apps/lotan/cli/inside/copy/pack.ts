/** A file or a folder of this machine as a tar. */
import fs from 'node:fs/promises'
import path from 'node:path'
import { once } from 'node:events'
import { Failure, exit } from '../../command.ts'

export interface Packed {
  files: number
  bytes: number
}

export interface Packing {
  from: string
  /** What it is called there; empty: what is in the folder, without the folder. */
  name: string
  /** Told of what is left out. */
  skip: (file: string, why: string) => void
}

/**
 * What `from` is a link to is packed; links below it are left out, since they may lead to what was not asked for.
 * @param packed counts @throws Failure (the stream)
 */
export async function pack({ from, name, skip }: Packing, packed: Packed): Promise<AsyncIterable<Uint8Array>> {
  // Other commands need not load it.
  const tar = (await import('tar-stream')).default.pack()

  async function add(file: string, at: string): Promise<void> {
    const found = await (file === from ? fs.stat(file) : fs.lstat(file))
    const header = { mode: found.mode & 0o777, mtime: found.mtime, uid: 0, gid: 0 }
    if (found.isDirectory()) {
      if (at !== '') tar.entry({ ...header, name: `${at}/`, type: 'directory' })
      for (const child of (await fs.readdir(file)).toSorted()) await add(path.join(file, child), at === '' ? child : `${at}/${child}`) // prettier-ignore
    } else if (found.isFile()) await addFile(file, { ...header, name: at })
    else skip(file, found.isSymbolicLink() ? 'it is a link' : 'it is neither a file nor a folder')
  }

  async function addFile(file: string, header: { name: string; mode: number; mtime: Date }): Promise<void> {
    await using open = await fs.open(file, 'r')
    const { size } = await open.stat()
    const sink = tar.entry({ ...header, size })
    let left = size
    // Of a file that grows, as much as it had.
    const read = size > 0 ? open.createReadStream({ end: size - 1, autoClose: false, highWaterMark: 256 * 1024 }) : []
    for await (const piece of read as AsyncIterable<Buffer>) {
      left -= piece.length
      if (!sink.write(piece)) await once(sink, 'drain')
    }
    if (left > 0) throw new Error('it became shorter while it was read')
    sink.end(undefined)
    packed.files += 1
    packed.bytes += size
  }

  add(from, name).then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(new Failure(exit.unexpected, `${from} cannot be read: ${error.message}`)),
  )
  return tar as AsyncIterable<Uint8Array>
}
