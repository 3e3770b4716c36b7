/** The engine mounts files from a directory named after the container's id. */
import fs from 'node:fs'
import type { OwnContainer } from './own-container.ts'

interface OwnContainerFinder {
  ownContainer(id: string): Promise<OwnContainer | undefined>
}

/** undefined outside of a container, and in another engine's. */
export async function ownContainer(engine: OwnContainerFinder): Promise<OwnContainer | undefined> {
  const id = containerIn(fs.readFileSync('/proc/self/mountinfo', 'utf8'))
  return id === undefined ? undefined : engine.ownContainer(id)
}

export function containerIn(mounts: string): string | undefined {
  return /^(?:\S+ ){3}\S*\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf) \/etc\//m.exec(mounts)?.[1]
}
