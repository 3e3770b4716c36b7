/** Visitors of one preview who come by the clock, so that a slow answer delays no other. */
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../../shared/http.ts'
import type { Lotan } from '../harness/lotan.ts'

const A_SECOND = 100
/** A person would have gone. */
const GIVE_UP_MS = 60_000
/** With as many under way the next ones stay away: a machine that has no time for them would never catch up. */
const MOST_VISITS = 100
/** A connection that is older is not used again: it may be just closing (nginx does that after 75 s). */
const IDLE_MS = 10_000

export interface Figures {
  /** Milliseconds. */
  p50: number
  p99: number
  visits: number
}

export type SteadyVisits = ReturnType<typeof startSteadyVisits>

/** Asks for a tag's `/plain`, which is `app.ts`'s, 100 times a second. */
export function startSteadyVisits(lotan: Lotan, tag: string) {
  const agent = new http.Agent({ keepAlive: true, timeout: IDLE_MS })
  const failures: string[] = []
  let measured: Promise<number>[] | undefined
  let over = false

  /** @returns milliseconds until the whole answer was here */
  async function visit(): Promise<number> {
    const began = performance.now()
    const signal = AbortSignal.timeout(GIVE_UP_MS)
    try {
      const { status, text, headers } = await lotan.request(tag, { path: '/plain', agent, signal })
      if (status !== 200 || text !== tag || headers['x-app-tag'] !== tag)
        failures.push(`${status}, by ${String(headers['x-app-tag'])}: ${text.slice(0, 200)}`)
    } catch (error) {
      failures.push(signal.aborted ? `no answer within ${GIVE_UP_MS / 1_000} s` : String(error))
    }
    return performance.now() - began
  }

  async function come(): Promise<void> {
    const open = new Set<Promise<number>>()
    const began = performance.now()
    for (let sent = 0; !over; await sleep(1_000 / A_SECOND))
      for (; sent < ((performance.now() - began) * A_SECOND) / 1_000; sent++) {
        if (open.size >= MOST_VISITS) continue
        const visiting = visit()
        open.add(visiting)
        void visiting.then(() => open.delete(visiting))
        measured?.push(visiting)
      }
    await Promise.all(open)
  }

  const coming = come()
  return {
    /** What was not the preview's own answer, of all visits so far. */
    failures,
    /** Of the visits that begin in so many milliseconds. */
    async measure(ms: number): Promise<Figures> {
      const visits: Promise<number>[] = (measured = [])
      await sleep(ms)
      measured = undefined
      const times = (await Promise.all(visits)).sort((a, b) => a - b)
      const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? NaN
      return { p50: at(0.5), p99: at(0.99), visits: times.length }
    },
    async stop(): Promise<void> {
      over = true
      await coming
      agent.destroy()
    },
  }
}
