/** Keeps the instance's network and firewall rules in place: other programs may remove them at any time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../shared/config/config.ts'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import {
  hostPortOf,
  slotSchemeIn,
  portsIn,
  isSameScheme,
  type SlotScheme,
  type SlotKind,
} from '../../shared/slots/slot-scheme.ts'
import { generationOf, isRouted } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import { CutOff, type Firewall } from './firewall.ts'
import { fillPool } from './port-pool.ts'
import { kindOfSlots } from './slot-scheme.ts'

const LONGEST_PAUSE_MS = 10_000
/** How many previews a containerised Lotan connects to in one check. */
const MOST_ASKED = 3

/** Milliseconds. */
export interface Rounds {
  /** Between two full set-ups. In a container one takes half a second of the engine's time. */
  again: number
  /** Between two checks of the rules: 6 ms each, without the engine. */
  look: number
  /** The shortest time between two repairs: another program may be changing the rules as well. */
  rest: number
}

const usual: Rounds = { again: 5 * 60_000, look: 10_000, rest: 60_000 }

export type Network = ReturnType<typeof openNetwork>

export function openNetwork(parts: {
  engine: Pick<Engine, 'ensureNetwork' | 'bridge' | 'ownContainer' | 'list'>
  store: Pick<Store, 'meta' | 'list' | 'apply'>
  firewall: Pick<Firewall, 'stand' | 'stands'>
  config: Pick<Config, 'slots' | 'slotKind' | 'dockerHost' | 'listen' | 'tls'>
  log: Log
  rounds?: Rounds
}) {
  const { engine, store, firewall, config, log, rounds = usual } = parts
  const { meta } = store
  let kind: SlotKind | undefined
  let known: SlotScheme | undefined
  let asking: Promise<SlotScheme> | undefined

  function ensure(): Promise<SlotScheme> {
    asking ??= make().finally(() => (asking = undefined))
    return asking
  }

  async function make(): Promise<SlotScheme> {
    const subnet = await engine.ensureNetwork(meta.get('subnet') ?? null)
    kind ??= await choose()
    const places: SlotScheme = kind === 'network' ? { kind, subnet } : { kind, ports: await ports() }
    moveTo(places, subnet)
    await guard(subnet)
    return (known = places)
  }

  async function guard(subnet: string) {
    try {
      note((await firewall.stand(subnet)) ?? 'yes')
      meta.set('cut_off', '')
    } catch (error) {
      if (error instanceof CutOff) {
        note(error.message)
        meta.set('cut_off', 'yes')
      }
      throw error
    }
  }

  async function stands(): Promise<boolean> {
    const places = known
    if (!places) return true
    const running = store.list().flatMap((preview) => {
      const generation = generationOf(preview)
      return generation && isRouted(generation) ? [hostPortOf(places, generation)] : []
    })
    return firewall.stands(running.slice(0, MOST_ASKED))
  }

  async function choose(): Promise<SlotKind> {
    const choice = await kindOfSlots(engine, config)
    if ('problem' in choice) {
      meta.set('unreachable', choice.problem)
      throw new EngineError('start-failed', choice.problem)
    }
    meta.set('slot_why', choice.why)
    log.info(choice, 'slots are chosen')
    return choice.kind
  }

  /** The pool of ports. After a lost database the containers still tell theirs. */
  async function ports(): Promise<number[]> {
    const recorded = portsIn(meta)
    if (recorded.length >= config.slots) return recorded
    const known = (await engine.list()).flatMap(({ published }) => published ?? [])
    // Last in the pool: slots are given out from the front, and running containers must be adopted first.
    const published = known.filter((port) => !recorded.includes(port))
    const listens = [config.listen.port, config.tls?.listen.port ?? 0]
    const others = await fillPool(recorded, config.slots - published.length, [...listens, ...published])
    return [...others, ...published]
  }

  /** Records the slots. Previews at former slots are stopped: no route may lead there any more. */
  function moveTo(places: SlotScheme, subnet: string) {
    const was = slotSchemeIn(meta)
    if (was?.kind === places.kind && isSameScheme(was, places) && meta.get('subnet') === subnet) return
    if (was && was.kind !== places.kind) {
      log.warn({ was: was.kind, kind: places.kind }, 'slots are reached in another way: what runs is made anew')
      for (const { tag } of store.list()) store.apply(tag, { type: 'stop', why: 'moved' })
    }
    // In this order, a concurrent reader finds either the earlier slots or these.
    const recorded = meta.get('subnet') ?? null
    if (subnet !== recorded) log.info({ subnet, was: recorded }, 'network has a subnet')
    if (places.kind === 'network') meta.set('subnet', subnet)
    else meta.set('slot_ports', JSON.stringify(places.ports))
    meta.set('slot_kind', places.kind)
    meta.set('subnet', subnet)
  }

  /** `yes`, or why not. The launcher waits for it in the database and prints it. */
  function note(guarded: string) {
    if (guarded === meta.get('guarded')) return
    if (guarded !== 'yes') log.warn({ why: guarded }, 'previews are not kept off everything')
    meta.set('guarded', guarded)
  }

  return {
    ensure,

    places: async (): Promise<SlotScheme> => known ?? ensure(),

    /** Runs until the signal: the engine may start later than Lotan. */
    async keep(signal: AbortSignal): Promise<void> {
      let due = 0
      let early = 0
      for (let tries = 0; !signal.aborted;) {
        let rest = rounds.look
        try {
          // A clock that never steps back.
          const now = performance.now()
          const gone = now < due && now >= early && !(await stands())
          if (gone) log.warn({}, 'firewall rules were taken away, setting them again')
          if (gone || now >= due) {
            await ensure()
            due = performance.now() + rounds.again
            early = gone ? performance.now() + rounds.rest : 0
          }
          tries = 0
        } catch (error) {
          due = 0
          log.warn({ error: (error as Error).message }, 'network not ready, trying again')
          rest = Math.min(250 * 2 ** tries++, LONGEST_PAUSE_MS)
        }
        await sleep(rest * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {})
      }
    },
  }
}
