/** Many connections at once, from a process of its own: its work must not delay what the test measures. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { surroundings } from '../harness/surroundings.ts'
import { until } from '../harness/until.ts'

export interface Crowd {
  port: number
  connections: number
  /** What each says first; `{n}` stands for a number that no other has. */
  says?: string
  /** Then it says this, again and again; `every` in milliseconds. */
  goesOn?: { text: string; every: number }
  /** It says all again, on the same connection, as soon as an answer has begun. */
  floods?: boolean
  /** It reads so many bytes a second. Without, all that comes. */
  reads?: number
}

export interface CrowdSeen {
  /** Connections that are open now, and that were at most. */
  open: number
  most: number
  /** Opened in all: one that ends is opened again. */
  opened: number
  /** Answers that began, by status. */
  answers: Record<string, number>
  /** Connections that ended, by how: `closed` by the server, or an error's code. */
  ended: Record<string, number>
  bytes: number
}

export type RunningCrowd = ReturnType<typeof startCrowd>

export function startCrowd(crowd: Crowd) {
  const program = path.join(import.meta.dirname, 'crowd-process.ts')
  const child = fork(program, [JSON.stringify(crowd)], { env: surroundings, execArgv: [] })
  const ended = once(child, 'exit')
  let seen: CrowdSeen = { open: 0, most: 0, opened: 0, answers: {}, ended: {}, bytes: 0 }
  child.on('message', (told) => (seen = told as CrowdSeen))
  return {
    /** A tenth of a second old at most, where the processor has time. */
    seen: () => seen,
    answers: () => sum(seen.answers),
    ends: () => sum(seen.ended),
    /** @throws with what was seen, when time is up */
    async until(fact: string, check: () => boolean): Promise<void> {
      await until(fact, check).catch((cause: unknown) => {
        throw new Error(`${(cause as Error).message}: ${JSON.stringify(seen)}`, { cause })
      })
    },
    kill: () => void child.kill('SIGKILL'),
    /** @throws when it has ended before: out of memory, of files */
    async stop(): Promise<CrowdSeen> {
      if (child.exitCode !== null) throw new Error(`the crowd has ended by itself: ${child.exitCode}`)
      child.kill('SIGKILL')
      await ended
      return seen
    },
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0)
}
