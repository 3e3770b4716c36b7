/** Each preview with a stack has a network of its own: its services and its application reach each other there by name. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../shared/config/config.ts'
import { EngineError, type Engine, type StackNetwork } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import { isOnItsWay } from '../../shared/preview/preview.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import { stackNetworkName } from '../../shared/slots/container-name.ts'
import { networkName, overlaps } from '../../shared/slots/slots.ts'
import { mostStacksIn, stackPoolFor, stackSubnetOf } from '../../shared/slots/stack-pool.ts'
import type { Store } from '../../shared/store/store.ts'
import { dueOf, LEFT_MS, leftOf } from './plan-stack-networks.ts'

/** A machine that refuses so many subnets refuses all. */
const MAX_TRIES = 20

export interface JoinedNetwork {
  name: string
  subnet: string
}

export type StackNetworks = ReturnType<typeof openStackNetworks>

export function openStackNetworks(deps: {
  engine: Pick<
    Engine,
    'listStackNetworks' | 'createStackNetwork' | 'connect' | 'removeNetwork' | 'previewsWithContainers'
  >
  store: Pick<Store, 'stackNetworks' | 'facts' | 'list'>
  config: Pick<Config, 'instance'>
  log: Log
}) {
  const { engine, store, config, log } = deps
  const { instance } = config
  const rows = store.stackNetworks
  const underWay = new Map<PreviewId, Promise<unknown>>()
  const leftSince = new Map<number, number>()

  /** One after the other for one preview: a network that is being removed is not joined. */
  function inTurn<T>(id: PreviewId, work: () => Promise<T>): Promise<T> {
    const before = underWay.get(id) ?? Promise.resolve()
    const done = before.then(work, work)
    underWay.set(id, done)
    const forget = () => void (underWay.get(id) === done && underWay.delete(id))
    done.then(forget, forget)
    return done
  }

  async function ensure(id: PreviewId): Promise<JoinedNetwork> {
    const refused = new Set<number>()
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { own, taken } = await engine.listStackNetworks()
      adopt(own)
      const found = own.find(({ number, preview }) => number === rows.of(id) && preview === id)
      if (found?.subnet) return { name: found.name, subnet: found.subnet }
      const pool = poolBeside(taken)
      const number = rows.take(id, mostStacksIn(pool))
      if (number === undefined) throw new EngineError('start-failed', `all networks of ${pool} are taken`)
      const subnet = stackSubnetOf(pool, number)
      const began = Date.now()
      // The number of another's network, or what a former pool was.
      const isTaken = own.some((one) => one.number === number || overlaps(subnet, [one.subnet ?? '']))
      if (!isTaken && (await engine.createStackNetwork({ number, preview: id, subnet }))) {
        log.info({ ...logFields(id), network: number, subnet, ms: Date.now() - began }, 'network of a stack is made')
        return { name: stackNetworkName(instance, number), subnet }
      }
      refused.add(number)
      rows.free(id)
    }
    throw new EngineError('start-failed', `the engine refuses each network of a stack: ${[...refused].join(', ')}`)
  }

  /** Of previews that the database does not know a network of, or knows another preview's by that number. */
  function adopt(own: StackNetwork[]) {
    for (const { preview, number } of own)
      if (preview !== undefined && rows.of(preview) === undefined) rows.adopt(preview, number)
  }

  async function remove(id: PreviewId): Promise<void> {
    const number = rows.of(id)
    if (number === undefined) return
    await engine.removeNetwork(stackNetworkName(instance, number))
    rows.free(id)
    log.info({ ...logFields(id), network: number }, 'network of a stack is removed')
  }

  /** The recorded one, unless another network lies in it. */
  function poolBeside(taken: string[]): string {
    const recorded = store.facts.get('stackPool')
    if (recorded !== undefined && !overlaps(recorded, taken)) return recorded
    const pool = stackPoolFor(taken, instance)
    log.info({ pool, was: recorded ?? null }, 'networks of stacks have a pool')
    store.facts.set('stackPool', pool)
    return pool
  }

  /** Removes what a crash has left behind, once it has been seen so for a minute. @returns whether there are networks */
  async function sweep(now = performance.now()): Promise<boolean> {
    const { own } = await engine.listStackNetworks()
    adopt(own)
    if (own.length === 0 && !hasRows()) return false
    const inUse = await engine.previewsWithContainers()
    // Read after the engine's list: a start that has begun since is seen here.
    for (const preview of store.list()) if (isOnItsWay(preview)) inUse.add(idOf(preview))
    for (const id of underWay.keys()) inUse.add(id)
    const left = leftOf({ rows: rows.list(), found: own, inUse })
    for (const number of dueOf(left, leftSince, now)) {
      const preview = left.get(number)
      if (preview !== undefined) await inTurn(preview, () => remove(preview))
      else await engine.removeNetwork(stackNetworkName(instance, number))
      leftSince.delete(number)
    }
    return true
  }

  function hasRows(): boolean {
    return rows.list().some(({ preview }) => preview !== null)
  }

  return {
    sweep,

    /** Runs until the signal. Where no preview has a stack, the engine is asked once. */
    async keep(signal: AbortSignal): Promise<void> {
      for (let isDue = true; !signal.aborted;) {
        try {
          if (isDue || hasRows()) isDue = await sweep()
        } catch (error) {
          // network.ts and watch/engine.ts report that the engine is down.
          log.debug({ error: (error as Error).message }, 'networks of stacks cannot be compared')
          isDue = true
        }
        await sleep(LEFT_MS * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {})
      }
    },

    /** The preview's, made where there is none, or none any more. @throws EngineError */
    network: (id: PreviewId): Promise<JoinedNetwork> => inTurn(id, () => ensure(id)),

    /**
     * Connects a container, or a sandbox by its name, to its preview's network, which has to be there. It may run already;
     * where it is connected nothing happens. @throws EngineError
     */
    join(id: PreviewId, container: string, aliases: string[]): Promise<void> {
      return inTurn(id, async () => {
        const number = rows.of(id)
        if (number === undefined) throw new EngineError('missing', 'its stack has no network')
        await engine.connect(stackNetworkName(instance, number), container, { aliases })
      })
    },

    /** For a service with a way out, or with a second host. @param address null for any of the dynamic ones */
    connectMain: (container: string, address: string | null): Promise<void> =>
      engine.connect(networkName(instance), container, { address }),

    /** What hangs on it leaves it. One that is gone is no error. */
    remove: (id: PreviewId): Promise<void> => inTurn(id, () => remove(id)),
  }
}
