/** The disk the engine keeps images and containers on, as far as it can be seen from here. */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type Docker from 'dockerode'
import type { Disk } from '../disk-space.ts'
import { call } from './call.ts'

/** Where the engine keeps its things does not change while it runs; it is asked again now and then all the same. */
const ROOT_MS = 60_000

interface Info {
  DockerRootDir: string
  Driver: string
  Name: string
  KernelVersion: string
  MemTotal: number
}

/** @param local whether the engine is reached by a unix socket: only then its paths may be this machine's */
export function openDisk(docker: Docker, local: boolean) {
  let known: { root: string | undefined; at: number } | undefined

  async function root(): Promise<string | undefined> {
    if (!local) return undefined
    if (known && Date.now() - known.at < ROOT_MS) return known.root
    const info = await call('asking for its data root', (asked) => (docker as Asked).info(asked))
    known = { root: (await isHere(info)) ? info.DockerRootDir : undefined, at: Date.now() }
    return known.root
  }

  /**
   * How full the engine's disk is; undefined where the engine is not on this machine, or its data root cannot be seen.
   * @throws EngineError
   */
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

/** What the client's types leave out. */
interface Asked {
  info(options: object): Promise<Info>
}

/**
 * Whether the engine's data root is a directory of this machine. A socket may lead to another one (forwarded by ssh, a
 * desktop engine's), or into this one from a container that has a directory of that name itself: the kernel and its
 * memory are compared, and the host's name, or else that an engine's own directories are there.
 */
async function isHere(info: Info): Promise<boolean> {
  if (info.KernelVersion !== os.release() || info.MemTotal !== os.totalmem()) return false
  const own = info.Name === os.hostname() ? info.DockerRootDir : path.join(info.DockerRootDir, 'image', info.Driver)
  return fs.stat(own).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
