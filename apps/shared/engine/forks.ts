/** What the kernel has refused a container's processes, from its own files where these can be read here. */
import fs from 'node:fs/promises'

/**
 * How many new processes a running container was refused since it started, for there were as many as it may have. Two
 * small files are read, and the engine is not asked.
 *
 * @param pid of its first process, as the engine's machine counts
 * @returns undefined where it does not run any more, or its files cannot be read here
 */
export async function refusedForks(id: string, pid: number): Promise<number | undefined> {
  const file = eventsFile(await textOf(`/proc/${pid}/cgroup`), id)
  return file === undefined ? undefined : refusedIn(await textOf(file))
}

/**
 * Where the kernel tells of the processes of a container's control group: the group of that kind (version 1), or the one
 * for all kinds (version 2).
 *
 * @param groups of its first process, as `/proc/PID/cgroup` tells them
 * @returns undefined where these are another's: then this is not the engine's machine, or its numbers are not seen here
 */
export function eventsFile(groups: string, id: string): string | undefined {
  const lines = groups.split('\n').flatMap((line) => {
    const [, controllers, path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    return controllers !== undefined && path.includes(id) ? [{ controllers, path }] : []
  })
  const own = lines.find(({ controllers }) => controllers.split(',').includes('pids'))
  const group = own ?? lines.find(({ controllers }) => controllers === '')
  return group && ['/sys/fs/cgroup', group.controllers].filter(Boolean).join('/') + `${group.path}/pids.events`
}

/** @param text `max 7493` */
export function refusedIn(text: string): number | undefined {
  const count = /^max (\d+)$/m.exec(text)?.[1]
  return count === undefined ? undefined : Number(count)
}

function textOf(file: string): Promise<string> {
  return fs.readFile(file, 'utf8').catch(() => '')
}
