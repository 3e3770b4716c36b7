import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Say } from '../../console.ts'
import { groupEnded, killGroup } from './process-group.ts'
import { openOutput, whereToLook, type Output } from './output.ts'
import { crashesAfter, isLongest, restartDelay, HEALTHY_AFTER_MS } from './restart-delay.ts'

/** For the rest of the output after the end: a grandchild may keep it open for ever. */
const LAST_OUTPUT_MS = 500

export interface End {
  code: number | null
  signal: NodeJS.Signals | null
  /** Milliseconds. */
  lasted: number
}

export interface ProcessPlan {
  name: string
  /** Called before every start; `last` is undefined at the first. */
  command: (last: End | undefined) => string[] | Promise<string[]>
  env: NodeJS.ProcessEnv
  cwd: string
  /** A file for standard input, which its children inherit: `../leftovers.ts` finds them by it. */
  input: string
  output: Output
}

export interface SupervisedProcess {
  name: string
  pid: () => number | undefined
  /** SIGTERM, then SIGKILL for its group after `grace` milliseconds. */
  stop: (grace: number) => Promise<void>
  /** SIGKILL for its group. */
  kill: () => void
  /** SIGKILL for its group, and a new start at once. */
  restart: () => void
  reload: () => void
}

export function superviseProcess(plan: ProcessPlan, say: Say): SupervisedProcess {
  const { name, output } = plan
  let child: ChildProcess | undefined
  let last: End | undefined
  let crashes = 0
  let stopping = false
  let restartWanted = false
  const stopped = new AbortController()
  const done = watch()

  async function watch() {
    while (!stopping) {
      last = await runOnce()
      if (stopping) return
      if (restartWanted) {
        restartWanted = false
        continue
      }
      const before = crashes
      crashes = crashesAfter(crashes, last.lasted)
      const pause = restartDelay(crashes, Math.random())
      // A process that keeps crashing for days must not fill the log.
      if (!(isLongest(before) && isLongest(crashes)))
        say(`${name} ended (${endText(last)}), ${restartText(crashes, pause)}; ${whereToLook(output)}`, 'bad')
      if (pause > 0) await sleep(pause, undefined, { signal: stopped.signal }).catch(() => {})
    }
  }

  async function runOnce(): Promise<End> {
    const began = performance.now()
    const ended = (code: number | null, signal: NodeJS.Signals | null): End => ({
      code,
      signal,
      lasted: performance.now() - began,
    })
    const out = openOutput(output)
    try {
      const command = await plan.command(last)
      if (stopping) return ended(0, null)
      child = start(command, plan, out.stdio)
      out.read(child.stdout)
      out.read(child.stderr)
    } catch (error) {
      out.write(`lotan: ${name} cannot be started: ${(error as Error).message}`)
      return ended(null, null)
    } finally {
      out.close()
    }
    const { pid } = child
    const healthyTimer = isLongest(crashes)
      ? setTimeout(() => say(`${name} runs again`, 'good'), HEALTHY_AFTER_MS)
      : undefined
    const closed = once(child, 'close').catch(() => {})
    const end = await new Promise<End>((resolve) => {
      child?.once('exit', (code, signal) => resolve(ended(code, signal)))
      child?.once('error', () => resolve(ended(null, null)))
    })
    child = undefined
    clearTimeout(healthyTimer)
    // nginx's workers must not outlive nginx.
    killGroup(pid)
    if (pid !== undefined) await groupEnded(pid)
    await Promise.race([closed, sleep(LAST_OUTPUT_MS)])
    return end
  }

  return {
    name,
    pid: () => child?.pid,
    async stop(grace) {
      stopping = true
      stopped.abort()
      child?.kill('SIGTERM')
      const timer = setTimeout(() => killGroup(child?.pid), grace)
      await done
      clearTimeout(timer)
    },
    kill() {
      stopping = true
      stopped.abort()
      killGroup(child?.pid)
    },
    reload: () => void child?.kill('SIGHUP'),
    restart() {
      restartWanted = child !== undefined
      killGroup(child?.pid)
    },
  }
}

/** `--pdeathsig`: the kernel ends it with the launcher, even by kill -9. `detached`: its own process group. */
function start(command: string[], { env, cwd, input }: ProcessPlan, out: number | 'pipe'): ChildProcess {
  const from = fs.openSync(input, fs.constants.O_RDONLY | fs.constants.O_CREAT, 0o600)
  try {
    return spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...command], {
      detached: true,
      stdio: [from, out, out],
      env,
      cwd,
    })
  } finally {
    fs.closeSync(from)
  }
}

function restartText(crashes: number, pause: number): string {
  if (pause === 0) return 'starting it again at once'
  if (isLongest(crashes)) return 'again; from now on Lotan starts it about every 10 s'
  return `starting it again in ${(pause / 1000).toFixed(1)} s`
}

function endText({ code, signal }: End): string {
  if (signal) return signal
  return code === null ? 'it could not be started' : `status ${code}`
}
