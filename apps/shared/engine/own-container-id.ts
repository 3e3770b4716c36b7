/** Which container a process is in, as the kernel tells: the engine mounts files from a directory named after it. */
import fs from 'node:fs'
import type { OwnContainer } from './own-container.ts'

interface OwnContainerFinder {
  ownContainer(id: string): Promise<OwnContainer | undefined>
}

/**
 * The container of this engine that Lotan itself runs in, or whose network it shares.
 * @returns undefined where it runs in none; of another engine's (this machine may be a container itself) nothing is known
 */
export async function ownContainer(engine: OwnContainerFinder): Promise<OwnContainer | undefined> {
  const id = containerIn(fs.readFileSync('/proc/self/mountinfo', 'utf8'))
  return id === undefined ? undefined : engine.ownContainer(id)
}

/**
 * The id of the container whose name and addresses a process was given.
 * @param mounts the text of /proc/PID/mountinfo
 */
export function containerIn(mounts: string): string | undefined {
  return /^(?:\S+ ){3}\S*\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf) \/etc\//m.exec(mounts)?.[1]
}
