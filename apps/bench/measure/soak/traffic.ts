/** Clients of every kind on every preview at once. Who is cut off comes back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '../../../testing/clients/load.ts'
import type { Lotan } from '../../../testing/harness/lotan.ts'
import { clientsOf, type Client } from './clients.ts'
import { openTally } from './tally.ts'

/** Of each visitor, milliseconds. */
const PAUSE = 400
const GIVE_UP_MS = 30_000
/** After what ended sooner than this: at once would be a storm of its own. */
const REFUSED_MS = 200

export type Traffic = ReturnType<typeof startTraffic>

/** @param options.vanishing some clients vanish, which the kernel finds out two minutes later */
export function startTraffic(lotan: Lotan, tags: string[], { vanishing }: { vanishing: boolean }) {
  const ending = new AbortController()
  const tally = openTally()
  const load = startLoad(lotan, tags, { pause: PAUSE })
  const clients = clientsOf(lotan, tally).filter(({ name }) => vanishing || name !== 'vanishes')
  const loops = clients.flatMap((client) => tags.map((tag) => comeAgain(client, tag)))

  async function comeAgain(client: Client, tag: string) {
    const { name, every, act } = client
    while (!ending.signal.aborted) {
      const began = performance.now()
      const gone = new AbortController()
      const leave = () => gone.abort()
      const timer = client.lasts ? undefined : setTimeout(leave, GIVE_UP_MS)
      ending.signal.addEventListener('abort', leave)
      const end = await act(tag, gone.signal).catch((error: NodeJS.ErrnoException) => error.code ?? error.message)
      ending.signal.removeEventListener('abort', leave)
      clearTimeout(timer)
      if (ending.signal.aborted) return
      tally.count(`${name}: ${end}`)
      const least = performance.now() - began < REFUSED_MS ? REFUSED_MS : 0
      const pause = Math.max(least, every * (0.5 + Math.random()))
      await sleep(pause, undefined, { signal: ending.signal }).catch(() => {})
    }
  }

  return {
    /** Answers of the applications to people, programs and robots. */
    served: () => [...load.served().values()].reduce((all, some) => all + some, 0),
    /** What was not of the preview that was asked for, or not whole. */
    wrong: () => [...[...load.wrong()].map(([what, times]) => `${what}: ${times} times`), ...tally.wrong()],
    /** How often which kind of client ended in which way. */
    counts: () => ({ visitors: Object.fromEntries(load.others()), ...tally.counts() }),
    async stop() {
      ending.abort()
      await Promise.all([load.stop(), ...loops])
    },
  }
}
