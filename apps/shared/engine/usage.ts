/** What a container takes, read from its control group; where that cannot be read here, the engine is asked. */
import fs from 'node:fs'
import type Docker from 'dockerode'
import { call, undefinedIfMissing } from './call.ts'
import { groupDirectory } from './group-directory.ts'

const MAX_KNOWN = 5_000

export interface Usage {
  /** Bytes, without page cache that the kernel can drop. */
  memory: number
  /** Milliseconds of processor time since its start. */
  cpu: number
}

interface Directories {
  memory: string
  cpu: string
}

/** `local`: the engine is reached by a unix socket. Only then its processes may be this machine's. */
export function openUsage(docker: Docker, local: boolean) {
  /** By container: they stay the same when it is started again. Null: they cannot be read here. */
  const known = new Map<string, Directories | null>()

  /** undefined where it does not run. Nothing of a control group is on a disk: 0.1 ms, where the engine takes 900. */
  return async function usage(id: string): Promise<Usage | undefined> {
    if (!local) return askEngine(id)
    const directories = known.get(id)
    if (directories === null) return askEngine(id)
    const read = directories && readUsage(directories)
    return read ?? find(id)
  }

  async function find(id: string): Promise<Usage | undefined> {
    known.delete(id)
    const found = await undefinedIfMissing(
      call(`inspecting ${id}`, (abort) => docker.getContainer(id).inspect({ ...abort })),
    )
    if (!found?.State.Running) return undefined
    const groups = textOf(`/proc/${found.State.Pid}/cgroup`)
    const memory = groupDirectory(groups, found.Id, 'memory')
    const cpu = groupDirectory(groups, found.Id, 'cpuacct')
    const directories = memory !== undefined && cpu !== undefined ? { memory, cpu } : null
    const read = directories && readUsage(directories)
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(id, read ? directories : null)
    return read ?? askEngine(id)
  }

  async function askEngine(id: string): Promise<Usage | undefined> {
    const measured = call('measuring', (abort) =>
      docker.getContainer(id).stats({ stream: false, 'one-shot': true, ...abort }),
    )
    const { memory_stats, cpu_stats } = (await undefinedIfMissing(measured)) ?? {}
    const { usage = NaN, stats } = memory_stats ?? {}
    const total = Number(cpu_stats?.cpu_usage?.total_usage)
    if (!Number.isFinite(usage) || !(Number.isFinite(total) && total >= 0)) return undefined
    const cache = Number(stats?.total_inactive_file ?? stats?.inactive_file) || 0
    return { memory: Math.max(0, usage - cache), cpu: total / 1e6 }
  }
}

/** In groups of version 1, then 2. */
function readUsage({ memory, cpu }: Directories): Usage | undefined {
  const used = numberIn(`${memory}/memory.usage_in_bytes`) ?? numberIn(`${memory}/memory.current`)
  if (used === undefined) return undefined
  const stat = textOf(`${memory}/memory.stat`)
  const cache = lineIn(stat, 'total_inactive_file') ?? lineIn(stat, 'inactive_file') ?? 0
  const nanoseconds = numberIn(`${cpu}/cpuacct.usage`)
  const microseconds = nanoseconds === undefined ? lineIn(textOf(`${cpu}/cpu.stat`), 'usage_usec') : nanoseconds / 1e3
  return microseconds === undefined ? undefined : { memory: Math.max(0, used - cache), cpu: microseconds / 1e3 }
}

function numberIn(file: string): number | undefined {
  const text = textOf(file).trim()
  return /^\d+$/.test(text) ? Number(text) : undefined
}

function lineIn(text: string, name: string): number | undefined {
  const digits = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
