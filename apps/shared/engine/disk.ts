import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type Docker from 'dockerode'
import type { Disk } from '../disk-space.ts'
import { infoOf, isThisMachine, type Info } from './info.ts'

/** The data root is fixed while the engine runs; another engine may take its place. */
const ROOT_MS = 60_000

/** `local`: the engine is reached by a unix socket. Only then its paths may be this machine's. */
export function openDisk(docker: Docker, local: boolean) {
  let known: { root: string | undefined; at: number } | undefined

  async function root(): Promise<string | undefined> {
    if (!local) return undefined
    if (known && Date.now() - known.at < ROOT_MS) return known.root
    const info = await infoOf(docker, 'asking for its data root')
    known = { root: (await isHere(info)) ? info.DockerRootDir : undefined, at: Date.now() }
    return known.root
  }

  /** undefined on another machine, or where its data root cannot be read. */
  return async function disk(): Promise<Disk | undefined> {
    const dir = await root()
    if (dir === undefined) return undefined
    try {
      const { blocks, bfree, bavail, bsize, ffree } = await fs.statfs(dir)
      return { total: (blocks - bfree + bavail) * bsize, free: bavail * bsize, inodes: ffree, root: dir }
    } catch {
      return undefined
    }
  }
}

/**
 * A socket may also lead out of a container that has such a directory too: so the data root must exist here, and under
 * another host name also its `image/DRIVER`.
 */
async function isHere(info: Info): Promise<boolean> {
  if (!isThisMachine(info)) return false
  const own = info.Name === os.hostname() ? info.DockerRootDir : path.join(info.DockerRootDir, 'image', info.Driver)
  return fs.stat(own).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
