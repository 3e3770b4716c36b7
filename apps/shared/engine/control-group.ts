/** Where the engine puts a container's control group among those of the machine. */
import fs from 'node:fs'
import os from 'node:os'
import type Docker from 'dockerode'
import { call } from './call.ts'
import { ownContainer } from './own-container.ts'
import { containerIn } from './own-container-id.ts'

const AGAIN_MS = 60_000

export interface Info {
  CgroupDriver: string
  KernelVersion: string
  SecurityOptions?: string[] | null
}

/**
 * The parent for the groups of previews; undefined for the engine's own choice.
 * @throws EngineError
 */
export function openGroup(docker: Docker, instance: string) {
  let known: { parent: string | undefined; at: number } | undefined
  return async function groupParent(): Promise<string | undefined> {
    if (known && performance.now() - known.at < AGAIN_MS) return known.parent
    const info = await call('asking for its control groups', (asked) => (docker as Asked).info(asked))
    const inside = containerIn(fs.readFileSync('/proc/self/mountinfo', 'utf8'))
    const own = inside === undefined ? undefined : await ownContainer(docker, instance, inside)
    known = { parent: own ? undefined : parentFor(info, os.release()), at: performance.now() }
    return known.parent
  }
}

/**
 * An engine without systemd puts all containers into one group, which has the weight of a single process of the machine:
 * one preview that takes all it can get then takes it from its neighbours, whatever their weights. At the top each has
 * its own, as under systemd, where no other parent may be named. Where Lotan is a container of the same engine it is in
 * that group itself, and previews at the top would outweigh it: they stay beside it.
 *
 * @param kernel this machine's: where the engine's is another one, its groups are left as they are
 */
export function parentFor({ CgroupDriver, KernelVersion, SecurityOptions }: Info, kernel: string): string | undefined {
  const isRootless = SecurityOptions?.some((option) => option.includes('rootless'))
  return CgroupDriver === 'cgroupfs' && KernelVersion === kernel && !isRootless ? '/' : undefined
}

/** What the client's types leave out. */
interface Asked {
  info(options: object): Promise<Info>
}
