/**
 * The largest layer of the images that tests push, which is Node's: the engine compresses it anew for each registry,
 * for 5 to 10 s, unless the registry says that it has it. So a new registry gets the file that an earlier one had.
 */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

const kept = path.join(os.tmpdir(), 'lotan-test-layers')
const LARGE = 10e6
const storage = 'docker/registry/v2'

/** @param data a registry's directory @param base names what the layer is of */
export async function giveLayer(data: string, repository: string, base: string): Promise<void> {
  for (const hex of await namesIn(path.join(kept, base))) {
    const blob = path.join(data, storage, 'blobs/sha256', hex.slice(0, 2), hex)
    const link = path.join(data, storage, 'repositories', repository, '_layers/sha256', hex)
    for (const dir of [blob, link]) await fs.mkdir(dir, { recursive: true })
    await fs.link(path.join(kept, base, hex), path.join(blob, 'data')).catch(unlessThere)
    await fs.writeFile(path.join(link, 'link'), `sha256:${hex}`)
  }
}

export async function keepLayer(data: string, base: string): Promise<void> {
  if ((await namesIn(path.join(kept, base))).length > 0) return
  const blobs = path.join(data, storage, 'blobs/sha256')
  let largest = { hex: '', size: LARGE }
  for (const name of await fs.readdir(blobs, { recursive: true })) {
    if (path.basename(name) !== 'data') continue
    const { size } = await fs.stat(path.join(blobs, name))
    if (size > largest.size) largest = { hex: path.basename(path.dirname(name)), size }
  }
  const { hex } = largest
  if (!hex) return
  await fs.rm(kept, { recursive: true, force: true })
  await fs.mkdir(path.join(kept, base), { recursive: true })
  await fs.link(path.join(blobs, hex.slice(0, 2), hex, 'data'), path.join(kept, base, hex)).catch(unlessThere)
}

async function namesIn(dir: string): Promise<string[]> {
  return fs.readdir(dir).catch(() => [])
}

function unlessThere({ code, message }: NodeJS.ErrnoException) {
  if (code !== 'EEXIST') throw new Error(message)
}
