import fs from 'node:fs'
import { groupDirectory } from './group-directory.ts'

const MAX_KNOWN = 5_000

/** `local`: the engine is reached by a unix socket. Only then its processes may be this machine's. */
export function openRefusedForks(local: boolean) {
  /** By container: where its group stands. */
  const known = new Map<string, string>()

  /**
   * Forks that the kernel refused since the container's start. undefined where it has ended, or is unreadable here. Not by
   * a promise: nothing of a control group is on a disk, and 200 containers are looked at each second.
   */
  return function refusedForks(id: string, pid: number): number | undefined {
    if (!local) return undefined
    const file = known.get(id) ?? eventsFile(textOf(`/proc/${pid}/cgroup`), id)
    if (file === undefined) return undefined
    const refused = refusedIn(textOf(file))
    if (refused === undefined || known.size >= MAX_KNOWN) known.delete(id)
    else known.set(id, file)
    return refused
  }
}

export function eventsFile(groups: string, id: string): string | undefined {
  const directory = groupDirectory(groups, id, 'pids')
  return directory && `${directory}/pids.events`
}

/** `max 7493` → 7493. */
export function refusedIn(text: string): number | undefined {
  const count = /^max (\d+)$/m.exec(text)?.[1]
  return count === undefined ? undefined : Number(count)
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
