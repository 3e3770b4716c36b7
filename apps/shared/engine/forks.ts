import fs from 'node:fs/promises'

/** Forks that the kernel refused since the container's start. undefined where it has ended, or is unreadable here. */
export async function refusedForks(id: string, pid: number): Promise<number | undefined> {
  const file = eventsFile(await textOf(`/proc/${pid}/cgroup`), id)
  return file === undefined ? undefined : refusedIn(await textOf(file))
}

/** In control groups of version 1 or 2. undefined where the pid is of another machine or namespace. */
export function eventsFile(groups: string, id: string): string | undefined {
  const lines = groups.split('\n').flatMap((line) => {
    const [, controllers, path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    return controllers !== undefined && path.includes(id) ? [{ controllers, path }] : []
  })
  const own = lines.find(({ controllers }) => controllers.split(',').includes('pids'))
  const group = own ?? lines.find(({ controllers }) => controllers === '')
  return group && ['/sys/fs/cgroup', group.controllers].filter(Boolean).join('/') + `${group.path}/pids.events`
}

/** `max 7493` → 7493. */
export function refusedIn(text: string): number | undefined {
  const count = /^max (\d+)$/m.exec(text)?.[1]
  return count === undefined ? undefined : Number(count)
}

function textOf(file: string): Promise<string> {
  return fs.readFile(file, 'utf8').catch(() => '')
}
