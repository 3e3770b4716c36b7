/**
 * The instance's network, kept in being with the rules around it: every start needs to know where slots are, somebody may
 * prune the network at any time, and somebody may load the firewall anew.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../shared/config/config.ts'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import {
  hostPortOf,
  slotSchemeIn,
  portsIn,
  same,
  type SlotScheme,
  type SlotKind,
} from '../../shared/slots/slot-scheme.ts'
import { generationOf, isRouted } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import { CutOff, type Firewall } from './firewall.ts'
import { fillPool } from './port-pool.ts'
import { kindOfSlots } from './slot-scheme.ts'

const LONGEST_PAUSE_MS = 10_000
/** So many previews are asked, in a container, whether they can be reached. */
const MOST_ASKED = 3

/** How often it is looked after unasked, milliseconds. */
export interface Rounds {
  /** All of it is made sure of anew. In a container that takes half a second of the engine's time. */
  again: number
  /** The rules are looked at, as far as that costs nothing to speak of: 6 ms, and the engine is not asked. */
  look: number
  /** What a look found missing is not set again sooner: somebody else may be at it as well. */
  rest: number
}

const usual: Rounds = { again: 5 * 60_000, look: 10_000, rest: 60_000 }

export type Network = ReturnType<typeof openNetwork>

/** Nothing is asked yet. */
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

  /** Where slots are on the network, which is made anew if it is gone, rules and all. @throws EngineError */
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

  /** Whether the rules are there still, as far as can be told. */
  async function stands(): Promise<boolean> {
    const places = known
    if (!places) return true
    const running = store.list().flatMap((preview) => {
      const generation = generationOf(preview)
      return generation && isRouted(generation) ? [hostPortOf(places, generation)] : []
    })
    return firewall.stands(running.slice(0, MOST_ASKED))
  }

  /** Once for as long as this process lives. */
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

  /** The pool of ports. Of a database that was lost the containers still know theirs. */
  async function ports(): Promise<number[]> {
    const recorded = portsIn(meta)
    if (recorded.length >= config.slots) return recorded
    const known = (await engine.list()).flatMap(({ published }) => published ?? [])
    // They come last: the first ones are given out first, and what runs is to be taken over before.
    const published = known.filter((port) => !recorded.includes(port))
    const listens = [config.listen.port, config.tls?.listen.port ?? 0]
    const others = await fillPool(recorded, config.slots - published.length, [...listens, ...published])
    return [...others, ...published]
  }

  /** Notes where slots are. What runs elsewhere is ended: no route may lead there any more. */
  function moveTo(places: SlotScheme, subnet: string) {
    const was = slotSchemeIn(meta)
    if (was?.kind === places.kind && same(was, places) && meta.get('subnet') === subnet) return
    if (was && was.kind !== places.kind) {
      log.warn({ was: was.kind, kind: places.kind }, 'slots are reached in another way: what runs is made anew')
      for (const { tag } of store.list()) store.apply(tag, { type: 'stop', why: 'moved' })
    }
    // In such an order that whoever reads meanwhile finds the earlier places, or these.
    const recorded = meta.get('subnet') ?? null
    if (subnet !== recorded) log.info({ subnet, was: recorded }, 'network has a subnet')
    if (places.kind === 'network') meta.set('subnet', subnet)
    else meta.set('slot_ports', JSON.stringify(places.ports))
    meta.set('slot_kind', places.kind)
    meta.set('subnet', subnet)
  }

  /** `yes`, or why not. The launcher, which waits for it and says it too, reads it in the database. */
  function note(guarded: string) {
    if (guarded === meta.get('guarded')) return
    if (guarded !== 'yes') log.warn({ why: guarded }, 'previews are not kept off everything')
    meta.set('guarded', guarded)
  }

  return {
    ensure,

    /** Where slots are, as it was last seen; asked for where it is not known yet. @throws EngineError */
    places: async (): Promise<SlotScheme> => known ?? ensure(),

    /** Sees to it until the signal: the engine may come up later than Lotan. */
    async keep(signal: AbortSignal): Promise<void> {
      let due = 0
      let early = 0
      for (let tries = 0; !signal.aborted;) {
        let rest = rounds.look
        try {
          // By a clock that never steps back.
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
