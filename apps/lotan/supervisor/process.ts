/** One process that the launcher starts, watches, starts again when it ends by itself, and stops. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once as onceOf } from 'node:events'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Say } from '../console.ts'
import { groupEnded, killGroup } from './process-group.ts'
import { openOutput, whereIs, type Output } from './output.ts'
import { crashesAfter, isLongest, restartDelay, HEALTHY_AFTER_MS } from './restart-delay.ts'

/** How long the last words of one that has ended are waited for, should somebody keep its output open. */
const LAST_WORDS_MS = 500

/** How a process ended. `lasted` is milliseconds. */
export interface End {
  code: number | null
  signal: NodeJS.Signals | null
  lasted: number
}

export interface ProcessPlan {
  name: string
  /** The command, asked for anew before every start; `last` says how the start before ended, undefined at the first. */
  command: (last: End | undefined) => string[] | Promise<string[]>
  env: NodeJS.ProcessEnv
  cwd: string
  /** The file that is its standard input, and its children's: what an earlier start left behind is known by it. */
  input: string
  output: Output
}

export interface SupervisedProcess {
  name: string
  /** The id of the process that runs now. */
  pid: () => number | undefined
  /** Asks it to end, and ends it and its children by force after `grace` milliseconds. */
  stop: (grace: number) => Promise<void>
  /** Ends it and its children by force, now. */
  kill: () => void
  /** Ends it and its children by force and starts it anew, at once. */
  restart: () => void
  /** Asks it to read its configuration again (SIGHUP). */
  reload: () => void
}

/** Starts a part and keeps it running until it is stopped. */
export function superviseProcess(plan: ProcessPlan, say: Say): SupervisedProcess {
  const { name, output } = plan
  let child: ChildProcess | undefined
  let last: End | undefined
  let crashes = 0
  let stopping = false
  let again = false
  const over = new AbortController()
  const done = watch()

  async function watch() {
    while (!stopping) {
      last = await once()
      if (stopping) return
      if (again) {
        again = false
        continue
      }
      const before = crashes
      crashes = crashesAfter(crashes, last.lasted)
      const pause = restartDelay(crashes, Math.random())
      // Said until nothing is new in it: what keeps ending for days must not fill the log.
      if (!(isLongest(before) && isLongest(crashes)))
        say(`${name} ended (${how(last)}), ${whenAgain(crashes, pause)}; ${whereIs(output)}`, 'bad')
      if (pause > 0) await sleep(pause, undefined, { signal: over.signal }).catch(() => {})
    }
  }

  async function once(): Promise<End> {
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
    const well = isLongest(crashes) ? setTimeout(() => say(`${name} runs again`, 'good'), HEALTHY_AFTER_MS) : undefined
    const closed = onceOf(child, 'close').catch(() => {})
    const end = await new Promise<End>((resolve) => {
      child?.once('exit', (code, signal) => resolve(ended(code, signal)))
      child?.once('error', () => resolve(ended(null, null)))
    })
    child = undefined
    clearTimeout(well)
    // Its children, nginx's workers above all, must not outlive it.
    killGroup(pid)
    if (pid !== undefined) await groupEnded(pid)
    await Promise.race([closed, sleep(LAST_WORDS_MS)])
    return end
  }

  return {
    name,
    pid: () => child?.pid,
    async stop(grace) {
      stopping = true
      over.abort()
      child?.kill('SIGTERM')
      const timer = setTimeout(() => killGroup(child?.pid), grace)
      await done
      clearTimeout(timer)
    },
    kill() {
      stopping = true
      over.abort()
      killGroup(child?.pid)
    },
    reload: () => void child?.kill('SIGHUP'),
    restart() {
      again = child !== undefined
      killGroup(child?.pid)
    },
  }
}

/** In a process group of its own, and ended by the kernel when the launcher ends, even by kill -9. */
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

function whenAgain(crashes: number, pause: number): string {
  if (pause === 0) return 'starting it again at once'
  if (isLongest(crashes)) return 'as it did before; from now on it is tried about every 10 s'
  return `starting it again in ${(pause / 1000).toFixed(1)} s`
}

function how({ code, signal }: End): string {
  if (signal) return signal
  return code === null ? 'it could not be started' : `status ${code}`
}
