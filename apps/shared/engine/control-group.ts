import fs from 'node:fs'
import os from 'node:os'
import type Docker from 'dockerode'
import { call, readAnswer } from './call.ts'
import { ownContainer } from './own-container.ts'
import { containerIn } from './own-container-id.ts'

const AGAIN_MS = 60_000

export interface Info {
  CgroupDriver: string
  KernelVersion: string
  SecurityOptions?: string[] | null
}

export function openGroup(docker: Docker, instance: string) {
  let known: { parent: string | undefined; at: number } | undefined
  return async function groupParent(): Promise<string | undefined> {
    if (known && performance.now() - known.at < AGAIN_MS) return known.parent
    const info = await call('asking for its control groups', (abort) => (docker as WithInfo).info(abort))
    const inside = containerIn(fs.readFileSync('/proc/self/mountinfo', 'utf8'))
    const own = inside === undefined ? undefined : await ownContainer(docker, instance, inside)
    const parent = readAnswer('reading its control groups', () => parentFor(info, os.release()))
    known = { parent: own ? undefined : parent, at: performance.now() }
    return known.parent
  }
}

/**
 * Without systemd the engine puts all containers into one group with the weight of a single process, where one preview
 * takes CPU time from the others. At the top each has a group of its own, as under systemd, which allows no other
 * parent. A containerised Lotan is in the engine's group, and previews at the top would outweigh it.
 */
export function parentFor({ CgroupDriver, KernelVersion, SecurityOptions }: Info, kernel: string): string | undefined {
  const isRootless = SecurityOptions?.some((option) => option.includes('rootless'))
  return CgroupDriver === 'cgroupfs' && KernelVersion === kernel && !isRootless ? '/' : undefined
}

interface WithInfo {
  info(options: object): Promise<Info>
}
