/**
 * An engine for one test, on a small disk (a mounted file) and in a network namespace: two engines in one namespace
 * would change each other's bridges and rules.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { http } from '../../shared/http.ts'
import { isAlive, processes, processesAbout } from './processes.ts'
import { surroundings } from './surroundings.ts'
import { until } from './until.ts'

const run = promisify(execFile)
const prefix = 'lotan-own-engine-'

export type OwnEngine = Awaited<ReturnType<typeof startOwnEngine>>

export async function startOwnEngine({ megabytes }: { megabytes: number }) {
  await sweepEngines()
  const name = `${prefix}${process.pid}`
  const dir = path.join(os.tmpdir(), name)
  const disk = path.join(dir, 'disk')
  const socket = path.join(dir, 'docker.sock')
  const log = path.join(dir, 'dockerd.log')
  const netns = `/run/netns/${name}`
  await fs.mkdir(disk, { recursive: true })
  const inside = (command: string[]) => ['--pdeathsig', 'TERM', '--', 'nsenter', `--net=${netns}`, ...command]

  async function start(): Promise<ChildProcess> {
    await run('truncate', ['-s', `${megabytes}M`, `${dir}/disk.img`])
    await run('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', `${dir}/disk.img`])
    await run('mount', ['-o', 'loop', `${dir}/disk.img`, disk])
    await run('ip', ['netns', 'add', name])
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
    const out = await fs.open(log, 'a')
    const child = spawn(
      'setpriv',
      inside([
        ...['unshare', '--mount', '--propagation', 'private'],
        ...['dockerd', '--data-root', disk, '--exec-root', `${dir}/exec`, '--pidfile', `${dir}/pid`],
        ...['-H', `unix://${socket}`, '--shutdown-timeout', '3'],
        // A containerd of the machine is used where it runs, under names of our own.
        ...['--containerd-namespace', name, '--containerd-plugins-namespace', `${name}-plugins`],
      ]),
      { env: surroundings, stdio: ['ignore', out.fd, out.fd] },
    )
    await out.close()
    return child
  }

  async function close(): Promise<void> {
    if (engine && engine.exitCode === null) {
      const ended = once(engine, 'exit')
      engine.kill('SIGTERM')
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10_000).unref())])
    }
    await sweepEngine(name)
  }

  let engine: ChildProcess | undefined
  try {
    engine = await start()
    await until('the engine of its own answers', () => ping(socket), { within: 60_000, every: 50 })
  } catch (error) {
    const said = await fs.readFile(log, 'utf8').catch(() => '')
    await close()
    throw new Error(`the engine of its own does not start: ${said.slice(-2_000)}`, { cause: error })
  }
  return {
    disk,
    env: { ...surroundings, DOCKER_HOST: `unix://${socket}` },

    said: () => fs.readFile(log, 'utf8'),

    /** Runs one of our programs in the namespace, with this engine. @returns its exit status and standard output */
    async run(program: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
      const child = spawn('setpriv', inside([process.execPath, program, ...args]), {
        env: { ...surroundings, DOCKER_HOST: `unix://${socket}` },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      const [code] = (await once(child, 'close')) as [number | null]
      return { code, output }
    },

    close,
  }
}

/** Also removes engines of tests that were killed. */
async function sweepEngines(): Promise<void> {
  for (const name of new Set([...(await namesIn(os.tmpdir())), ...(await namesIn('/run/netns'))])) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : NaN
    if (Number.isInteger(owner) && (owner === process.pid || !isAlive(owner))) await sweepEngine(name)
  }
}

async function sweepEngine(name: string): Promise<void> {
  const dir = path.join(os.tmpdir(), name)
  await until('its processes have ended', () => {
    const left = family(processesAbout(`${dir}/`).map(({ pid }) => pid))
    for (const pid of left) kill(pid)
    return left.length === 0
  })
  const mounts = (await fs.readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${dir}/`))
  for (const point of mounts.reverse()) await run('umount', ['-l', point])
  if ((await namesIn('/run/netns')).includes(name)) await run('ip', ['netns', 'del', name])
  await fs.rm(dir, { recursive: true, force: true })
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await fs.readdir(dir)
  } catch {
    return []
  }
}

/** What runs in a container does not name its engine, so descendants count. */
function family(pids: number[]): number[] {
  const all = processes()
  const found = new Set(pids)
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  return [...found].filter((pid) => pid !== process.pid)
}

function kill(pid: number) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function ping(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path: '/_ping' }, (answer) => {
        answer.resume()
        resolve(answer.statusCode === 200)
      })
      .on('error', reject)
  })
}
