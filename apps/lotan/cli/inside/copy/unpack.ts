/** Writes a tar that came from inside below a folder here, and nowhere else. */
import { constants } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { once } from 'node:events'
import type { Extract } from 'tar-stream'
import { Failure, exit } from '../../command.ts'
import { plain } from '../../table/width.ts'
import { meantBy } from './entry.ts'
import type { Packed } from './pack.ts'

export interface Unpacking {
  /** What was asked for: `hosts`; empty for the root, and where the content of a folder is meant. */
  name: string
  strip: 0 | 1
  /** A path here, as it was written. */
  to: string
  skip: (file: string, why: string) => void
}

/** @throws Failure; what came before is written then */
export async function unpack(tar: AsyncIterable<Uint8Array>, { name, strip, to, skip }: Unpacking): Promise<Packed> {
  const entries = await entriesOf(tar)
  const packed: Packed = { files: 0, bytes: 0 }
  let base: Base | undefined
  for await (const entry of entries) {
    const { header } = entry
    const meant = meantBy(header, strip)
    if (meant.does === 'refuse') throw new Failure(exit.unexpected, `${plain(header.name)} is not written here: ${meant.why}`) // prettier-ignore
    if (meant.does === 'skip') {
      skip(plain(header.name), meant.why)
      entry.resume()
      continue
    }
    base ??= await baseOf(to, name, meant.does === 'folder' || meant.parts.length > 0)
    const parts = [...base.parts, ...meant.parts]
    const mode = header.mode ?? 0o644
    if (meant.does === 'folder') {
      await makeFolders(base.folder, parts, mode)
      entry.resume()
      continue
    }
    await makeFolders(base.folder, parts.slice(0, -1), 0o755)
    const file = at(base.folder, parts)
    await refuseOther(file)
    // Never through a link.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
    await using open = await fs.open(file, flags, mode & 0o777).catch((error: Error) => {
      throw new Failure(exit.unexpected, `${file} cannot be written: ${error.message}`)
    })
    await open.writeFile(entry as AsyncIterable<Uint8Array>)
    if (header.mtime) await open.utimes(header.mtime, header.mtime)
    packed.files += 1
    packed.bytes += header.size ?? 0
  }
  return packed
}

/** What breaks it is thrown where entries are read. */
export async function entriesOf(tar: AsyncIterable<Uint8Array>): Promise<Extract> {
  // Other commands need not load it.
  const entries = (await import('tar-stream')).default.extract()
  const feed = async () => {
    for await (const piece of tar) if (!entries.write(piece)) await once(entries, 'drain')
    entries.end(undefined)
  }
  feed().catch((error: Error) => entries.destroy(error))
  return entries
}

interface Base {
  /** Exists, and is what the user named: it may be reached by links. */
  folder: string
  parts: string[]
}

/** As `docker cp` has it: into a folder that is there, else by that name. */
async function baseOf(to: string, name: string, isFolder: boolean): Promise<Base> {
  const found = await fs.stat(to).catch(() => null)
  if (found?.isDirectory()) return { folder: await fs.realpath(to), parts: name === '' ? [] : [name] }
  if (found && isFolder) throw new Failure(exit.usage, `${to} is a file here, and what comes is a folder`)
  if (!found && !isFolder && /[/\\]\.?$/.test(to)) throw new Failure(exit.usage, `there is no folder ${to} here`)
  const folder = path.dirname(path.resolve(to))
  const real = await fs.realpath(folder).catch(() => null)
  if (real === null) throw new Failure(exit.usage, `there is no folder ${folder} here`)
  return { folder: real, parts: [path.basename(path.resolve(to))] }
}

async function makeFolders(folder: string, parts: string[], mode: number): Promise<void> {
  for (let many = 1; many <= parts.length; many++) {
    const one = at(folder, parts.slice(0, many))
    const isLast = many === parts.length
    // What it holds is written after it.
    await fs.mkdir(one, (isLast ? mode & 0o777 : 0o755) | 0o700).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST' && (await fs.lstat(one)).isDirectory()) return
      const why = error.code === 'EEXIST' ? 'something else than a folder is there' : error.message
      throw new Failure(exit.unexpected, `${one} cannot be made: ${why}`)
    })
  }
}

/** Opening what is no file may wait for ever. */
async function refuseOther(file: string): Promise<void> {
  const found = await fs.lstat(file).catch(() => null)
  if (found && !found.isFile())
    throw new Failure(exit.unexpected, `${file} cannot be written: something else than a file is there`)
}

/** @throws Failure for names that this system takes for several */
function at(folder: string, parts: string[]): string {
  const strange = path.sep === '\\' && parts.find((part) => /[\\:]/.test(part))
  if (strange) throw new Failure(exit.unexpected, `${plain(strange)} is no name of a file here`)
  return path.join(folder, ...parts)
}
