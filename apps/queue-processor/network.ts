/** The instance's network, kept in being: every start needs its subnet, and somebody may prune it at any time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../shared/engine.ts'
import type { Log } from '../shared/log.ts'
import type { Store } from '../shared/store.ts'

const LONGEST_PAUSE_MS = 10_000

export type Network = ReturnType<typeof openNetwork>

/** Nothing is asked yet. */
export function openNetwork(parts: { engine: Pick<Engine, 'ensureNetwork'>; store: Pick<Store, 'meta'>; log: Log }) {
  const { engine, store, log } = parts
  let known: string | undefined
  let asking: Promise<string> | undefined

  /** The subnet of the network, which is made anew if it is gone. @throws EngineError */
  function ensure(): Promise<string> {
    asking ??= make().finally(() => (asking = undefined))
    return asking
  }

  async function make(): Promise<string> {
    const recorded = store.meta.get('subnet') ?? null
    const subnet = await engine.ensureNetwork(recorded)
    if (subnet !== recorded) {
      store.meta.set('subnet', subnet)
      log.info({ subnet, was: recorded }, 'network has a subnet')
    }
    return (known = subnet)
  }

  return {
    ensure,

    /** The subnet as it was last seen; asked for where it is not known yet. @throws EngineError */
    subnet: async (): Promise<string> => known ?? ensure(),

    /** Tries until the network is there: the engine may come up later than Lotan. */
    async untilThere(signal: AbortSignal): Promise<void> {
      for (let tries = 0; !signal.aborted; tries++) {
        try {
          await ensure()
          return
        } catch (error) {
          log.warn({ error: (error as Error).message }, 'network not ready, trying again')
        }
        const rest = Math.min(250 * 2 ** tries, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2)
        await sleep(rest, undefined, { signal }).catch(() => {})
      }
    },
  }
}
