import os from 'node:os'
import type Docker from 'dockerode'
import { infoOf, isThisMachine } from './info.ts'

/** Another engine may take its place at the same socket. */
const KNOWN_MS = 60_000

/** Bytes. `available`: what programs can take without anything being swapped out. */
export interface Memory {
  total: number
  available: number
}

/** `local`: the engine is reached by a unix socket. Only then its machine may be this one. */
export function openMemory(docker: Docker, local: boolean) {
  let known: { here: boolean; at: number } | undefined

  async function isHere(): Promise<boolean> {
    if (!local) return false
    if (!known || Date.now() - known.at >= KNOWN_MS)
      known = { here: isThisMachine(await infoOf(docker, 'asking for its memory')), at: Date.now() }
    return known.here
  }

  /** The machine's, of all programs. undefined for an engine on another machine. */
  return async function memory(): Promise<Memory | undefined> {
    // By Node, MemAvailable of /proc/meminfo.
    return (await isHere()) ? { total: os.totalmem(), available: os.freemem() } : undefined
  }
}
