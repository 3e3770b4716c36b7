/**
 * Where a container's control group stands, in groups of version 1 or 2.
 * @param groups what /proc/PID/cgroup says of a process of it
 * @returns undefined where the pid is of another machine or namespace
 */
export function groupDirectory(groups: string, id: string, controller: string): string | undefined {
  const lines = groups.split('\n').flatMap((line) => {
    const [, controllers, path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    return controllers !== undefined && path.includes(id) ? [{ controllers, path }] : []
  })
  const own = lines.find(({ controllers }) => controllers.split(',').includes(controller))
  const group = own ?? lines.find(({ controllers }) => controllers === '')
  return group && ['/sys/fs/cgroup', group.controllers].filter(Boolean).join('/') + group.path
}
