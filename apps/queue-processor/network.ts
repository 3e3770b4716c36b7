/**
 * The instance's network, kept in being with the rules around it: every start needs its subnet, somebody may prune it at
 * any time, and somebody may load the firewall anew.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../shared/engine.ts'
import type { Log } from '../shared/log.ts'
import type { Store } from '../shared/store.ts'
import type { Firewall } from './firewall.ts'

const LONGEST_PAUSE_MS = 10_000
/** How often it is looked after unasked. In a container that takes half a second of the engine's time. */
const AGAIN_MS = 5 * 60_000

export type Network = ReturnType<typeof openNetwork>

/** Nothing is asked yet. */
export function openNetwork(parts: {
  engine: Pick<Engine, 'ensureNetwork'>
  store: Pick<Store, 'meta'>
  firewall: Pick<Firewall, 'stand'>
  log: Log
}) {
  const { engine, store, firewall, log } = parts
  let known: string | undefined
  let asking: Promise<string> | undefined

  /** The subnet of the network, which is made anew if it is gone, rules and all. @throws EngineError */
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
    note((await firewall.stand(subnet)) ?? 'yes')
    return (known = subnet)
  }

  /** `yes`, or why not. The launcher, which waits for it and says it too, reads it in the database. */
  function note(guarded: string) {
    if (guarded === store.meta.get('guarded')) return
    if (guarded !== 'yes') log.warn({ why: guarded }, 'previews are not kept off everything')
    store.meta.set('guarded', guarded)
  }

  return {
    ensure,

    /** The subnet as it was last seen; asked for where it is not known yet. @throws EngineError */
    subnet: async (): Promise<string> => known ?? ensure(),

    /** Sees to it until the signal: the engine may come up later than Lotan. */
    async keep(signal: AbortSignal): Promise<void> {
      for (let tries = 0; !signal.aborted;) {
        let rest = AGAIN_MS
        try {
          await ensure()
          tries = 0
        } catch (error) {
          log.warn({ error: (error as Error).message }, 'network not ready, trying again')
          rest = Math.min(250 * 2 ** tries++, LONGEST_PAUSE_MS)
        }
        await sleep(rest * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {})
      }
    },
  }
}
