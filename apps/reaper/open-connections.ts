/** Who is here without asking anything: bytes that move on an open connection, a WebSocket or a stream, are activity. */
import { setTimeout as sleep } from 'node:timers/promises'
import { movedBetween, type Connection } from '../shared/connections.ts'
import type { Log } from '../shared/log.ts'
import { addressOf } from '../shared/slots.ts'
import type { Store } from '../shared/store.ts'

export interface Parts {
  /** The connections open into a subnet. */
  sample: (subnet: string) => Promise<Connection[]>
  store: Pick<Store, 'list' | 'meta' | 'touch'>
  log: Log
}

/** Notes activity until the signal ends it. @param every milliseconds between two looks */
export async function noteOpenConnections({ sample, store, log }: Parts, every: number, signal: AbortSignal) {
  let before: Connection[] = []
  let failing = false
  while (!signal.aborted) {
    const subnet = store.meta.get('subnet')
    const running = store.list().filter((preview) => preview.state === 'running')
    if (subnet && running.length > 0) {
      try {
        const after = await sample(subnet)
        const moved = movedBetween(before, after)
        const now = Date.now()
        const used = running.filter(({ generation }) => moved.has(addressOf(subnet, generation.slot)))
        store.touch(used.map(({ tag }) => [tag, now]))
        before = after
        failing = false
      } catch (error) {
        // Said once: it is asked every two seconds. Requests alone count until then.
        if (!failing)
          log.error({ error: (error as Error).message }, 'open connections cannot be read; is iproute2 there?')
        failing = true
      }
    }
    await sleep(every, undefined, { signal }).catch(() => {})
  }
}
