/** Its layer, its volumes without a name, its own `/etc/hosts` and the like. Output is not counted: the engine rotates it. */
import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import type Docker from 'dockerode'
import { call } from './call.ts'
import { EngineError } from './error.ts'

/** A longer measurement returns what it has found so far. 200 000 files take 1.4 s. */
const LOOK_MS = 20_000
/** The engine walks all files too. */
const ENGINE_MS = 60_000
/** An empty file counts as one block, since a disk has a limited number of inodes. */
const LEAST_PER_FILE = 4_096
const MAX_KNOWN = 5_000

type Find = { args: string[]; devices?: ReadonlySet<number> }

/** `local`: the engine is reached by a unix socket. Only then its paths may be this machine's. */
export function openWritten(docker: Docker, local: boolean) {
  /** By container: fixed for its lifetime. */
  const known = new Map<string, string[]>()

  /**
   * Bytes in disk blocks; stops above `most`. Where files cannot be read here, the engine's figure: without volumes,
   * and sparse files in full. undefined where there is no such container.
   */
  return async function written(id: string, most: number): Promise<number | undefined> {
    const found = await inspect(id)
    if (!found) {
      known.delete(id)
      return undefined
    }
    const paths = known.get(id) ?? (local ? await readable(pathsOf(found as unknown as Info)) : null)
    if (known.size >= MAX_KNOWN) known.clear()
    if (paths) known.set(id, paths)
    const bytes = paths && (await measure(paths, found.Id, found.State.Pid, most))
    return bytes ?? measureByEngine(id)
  }

  async function inspect(id: string) {
    return undefinedIfMissing(call(`inspecting ${id}`, (abort) => docker.getContainer(id).inspect({ ...abort })))
  }

  async function measureByEngine(id: string): Promise<number | undefined> {
    const pendingByEngine = (abort: object) => (docker.getContainer(id) as WithSize).inspect({ size: true, ...abort })
    const found = await undefinedIfMissing(call(`measuring ${id}`, pendingByEngine, { ms: ENGINE_MS }))
    return found && (found.SizeRw ?? 0)
  }
}

interface WithSize {
  inspect(options: object): Promise<{ SizeRw?: number }>
}

type Info = Pick<Docker.ContainerInspectInfo, 'ResolvConfPath' | 'HostnamePath' | 'HostsPath' | 'Mounts'> & {
  GraphDriver?: { Data?: { UpperDir?: string } | null } | null
}

/** Empty where the engine's layer is not a directory. */
function pathsOf({ GraphDriver, Mounts, HostsPath, HostnamePath, ResolvConfPath }: Info): string[] {
  const layer = GraphDriver?.Data?.UpperDir
  if (!layer) return []
  // Those with a name are measured by themselves: several containers of a preview may have one (volume-bytes.ts).
  const volumes = Mounts.filter(({ Type, Name }) => (Type as string | undefined) === 'volume' && !isNamed(Name)).map(
    ({ Source }) => Source,
  )
  return [layer, ...volumes, HostsPath, HostnamePath, ResolvConfPath].filter((path) => path.startsWith('/'))
}

/** The engine's own names are 64 hexadecimal digits. */
function isNamed(volume = ''): boolean {
  return !/^[0-9a-f]{64}$/.test(volume)
}

export async function readable(paths: string[]): Promise<string[] | null> {
  if (paths.length === 0) return null
  const { R_OK, X_OK } = fs.constants
  const all = paths.map(async (path) => {
    const isDirectory = (await fs.stat(path)).isDirectory()
    await fs.access(path, isDirectory ? R_OK | X_OK : R_OK)
  })
  return Promise.all(all).then(
    () => paths,
    () => null,
  )
}

/** @param pid of a process of the container `id`, whose open files count too; 0 for none */
export async function measure(paths: string[], id: string, pid: number, most: number): Promise<number | undefined> {
  const pids = pid > 0 ? await pidsOf(pid, id) : []
  const looks: Find[] = [{ args: ['-P', ...paths, '-xdev'] }]
  const [first] = pids
  if (first !== undefined) {
    // A removed file takes its blocks while a process has it open or mapped. Files in memory do not count.
    const opened = pids.flatMap((pid) => [`/proc/${pid}/fd`, `/proc/${pid}/map_files`])
    const devices = new Set(await Promise.all([`/proc/${first}/root`, ...paths].map(deviceOf)))
    looks.push({ args: ['-L', ...opened, '-maxdepth', '1', '-type', 'f', '-links', '0'], devices })
  }
  let bytes = 0
  const seen = new Set<string>()
  for (const look of looks) {
    const went = await find(look, (file) => {
      // One file under several names, or open several times.
      if (file.links !== 1) {
        const key = `${file.device}:${file.inode}`
        if (seen.has(key)) return true
        seen.add(key)
      }
      bytes += Math.max(file.blocks * 512, LEAST_PER_FILE)
      return bytes <= most
    })
    if (!went) return undefined
  }
  return bytes
}

interface File {
  blocks: number
  links: number
  device: number
  inode: string
}

/** Many times as fast as one call per file. @returns false where there is no such program */
function find({ args, devices }: Find, onFile: (file: File) => boolean): Promise<boolean> {
  const child = spawn('find', [...args, '-printf', '%b %n %D %i\n'], {
    // Files may vanish meanwhile.
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: LOOK_MS,
    killSignal: 'SIGKILL',
  })
  let rest = ''
  let continues = true
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    if (!continues) return
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const [blocks, links, device, inode] = line.split(' ')
      if (inode === undefined || (devices && !devices.has(Number(device)))) continue
      continues = onFile({ blocks: Number(blocks), links: Number(links), device: Number(device), inode })
      if (!continues) return void child.kill('SIGKILL')
    }
  })
  return new Promise((resolve) => {
    child.once('error', () => resolve(false))
    child.once('close', () => resolve(true))
  })
}

async function pidsOf(pid: number, id: string): Promise<number[]> {
  const groups = await fs.readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')
  for (const line of groups.split('\n')) {
    const [, controllers, path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    // Otherwise the pid is another machine's.
    if (controllers === undefined || !path.includes(id)) continue
    const procs = `/sys/fs/cgroup/${controllers.replace(/^name=/, '')}${path}/cgroup.procs`
    const found = await fs.readFile(procs, 'utf8').catch(() => '')
    const pids = found.split('\n').filter(Boolean).map(Number)
    if (pids.length > 0) return pids
  }
  return []
}

async function deviceOf(path: string): Promise<number> {
  return fs.stat(path).then(
    ({ dev }) => dev,
    () => -1,
  )
}

async function undefinedIfMissing<T>(abort: Promise<T>): Promise<T | undefined> {
  return abort.catch((error: unknown) => {
    if (error instanceof EngineError && error.code === 'missing') return undefined
    throw error
  })
}
