import { isDeepStrictEqual } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config, Place } from '../../shared/config/config.ts'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import { ownContainer } from '../../shared/engine/own-container-id.ts'
import { pairFrontOf, pairPlaceOf } from '../../shared/slots/pair-front.ts'
import {
  hostPortOf,
  hostPortText,
  slotSchemeIn,
  portsIn,
  isSameScheme,
  type SlotScheme,
} from '../../shared/slots/slot-scheme.ts'
import type { SlotKind } from '../../shared/slots/slots.ts'
import { generationOf } from '../../shared/preview/preview.ts'
import { isRouted } from '../../shared/preview/generation.ts'
import type { Store } from '../../shared/store/store.ts'
import { CutOffError, type Firewall } from './firewall.ts'
import { fillPool } from './port-pool.ts'
import { kindOfSlots } from './slot-scheme.ts'
import { idOf } from '../../shared/preview/preview-id.ts'

const LONGEST_PAUSE_MS = 10_000
const MAX_PREVIEWS_CHECKED = 3
/** nginx is started once slots are known, and then says where it listens for previews. */
const NGINX_MS = 500

/** Milliseconds. */
export interface Rounds {
  /** Between two full set-ups. In a container one takes half a second of the engine's time. */
  setUp: number
  /** Between two checks of the rules: 6 ms each, without the engine. */
  check: number
  /** The shortest time between two repairs: another program may be changing the rules as well. */
  repairPause: number
}

const defaultRounds: Rounds = { setUp: 5 * 60_000, check: 10_000, repairPause: 60_000 }

export type Network = ReturnType<typeof openNetwork>

export function openNetwork(deps: {
  engine: Pick<Engine, 'ensureNetwork' | 'bridge' | 'ownContainer' | 'list'>
  store: Pick<Store, 'facts' | 'list' | 'apply' | 'stackNetworks'>
  firewall: Pick<Firewall, 'setUp' | 'isSetUp'>
  config: Pick<Config, 'slots' | 'slotKind' | 'dockerHost' | 'listen' | 'tls' | 'repositories' | 'publicUrl'>
  log: Log
  rounds?: Rounds
}) {
  const { engine, store, firewall, config, log, rounds = defaultRounds } = deps
  const { facts } = store
  let kind: SlotKind | undefined
  let known: SlotScheme | undefined
  /** Where previews may call nginx, by the rules that were set last. */
  let opened: string | null = null
  let ensuring: Promise<SlotScheme> | undefined

  function ensure(): Promise<SlotScheme> {
    ensuring ??= setUp().finally(() => (ensuring = undefined))
    return ensuring
  }

  async function setUp(): Promise<SlotScheme> {
    const subnet = await engine.ensureNetwork(facts.get('subnet') ?? null)
    kind ??= await chooseKind()
    const slotScheme: SlotScheme = kind === 'network' ? { kind, subnet } : { kind, ports: await ports() }
    await recordPairFront(slotScheme, subnet)
    recordSlots(slotScheme, subnet)
    await setUpFirewall(subnet)
    return (known = slotScheme)
  }

  async function setUpFirewall(subnet: string) {
    try {
      const calls = callsIn(facts)
      recordFirewall((await firewall.setUp(subnet, calls)) ?? null)
      opened = calls && hostPortText(calls)
      facts.forget('cutOff')
    } catch (error) {
      if (error instanceof CutOffError) {
        recordFirewall(error.message)
        facts.set('cutOff', true)
      }
      throw error
    }
  }

  async function recordPairFront(slotScheme: SlotScheme, subnet: string) {
    const own = config.repositories.length > 1 ? await ownContainer(engine) : undefined
    const front = pairFrontOf(config, slotScheme, subnet, own !== undefined && !own.onHost)
    const was = facts.get('pairFront')
    if (!front) return was && facts.forget('pairFront')
    if (isDeepStrictEqual(front, was)) return
    log.info(front, 'where previews reach those that they go with')
    facts.set('pairFront', front)
  }

  /** Where nginx listens for them, and no other program does. */
  function callsIn({ get }: Pick<Store['facts'], 'get'>): Place | null {
    const place = pairPlaceOf(get('pairFront'), config)
    return place && get('pairListen')?.address === hostPortText(place) ? place : null
  }

  /** nginx has begun to listen for previews, or has ceased to. */
  function isOpenOtherwise(): boolean {
    const calls = callsIn(facts)
    return known !== undefined && (calls && hostPortText(calls)) !== opened
  }

  function awaitsNginx(): boolean {
    return opened === null && facts.get('pairFront')?.address != null && !facts.get('pairListen')?.why
  }

  /** True where no preview is up, and no stack: the next look after a start is as near as the next look after rules went. */
  async function hasRules(): Promise<boolean> {
    const slotScheme = known
    if (!slotScheme) return true
    const running = store.list().flatMap((preview) => {
      const generation = generationOf(preview)
      return generation && isRouted(generation) ? [hostPortOf(slotScheme, generation)] : []
    })
    if (running.length === 0 && !store.stackNetworks.list().some(({ preview }) => preview !== null)) return true
    return firewall.isSetUp(running.slice(0, MAX_PREVIEWS_CHECKED))
  }

  async function chooseKind(): Promise<SlotKind> {
    const choice = await kindOfSlots(engine, config)
    if ('problem' in choice) {
      facts.set('unreachable', choice.problem)
      throw new EngineError('start-failed', choice.problem)
    }
    facts.set('slotWhy', choice.why)
    log.info(choice, 'slots are chosen')
    return choice.kind
  }

  /** After a lost database the containers still tell theirs. */
  async function ports(): Promise<number[]> {
    const recorded = portsIn(facts)
    if (recorded.length >= config.slots) return recorded
    const known = (await engine.list()).flatMap(({ published }) => published ?? [])
    // Last in the pool: slots are given out from the front, and running containers must be adopted first.
    const published = known.filter((port) => !recorded.includes(port))
    const listens = [config.listen.port, config.tls?.listen.port ?? 0]
    const others = await fillPool(recorded, config.slots - published.length, [...listens, ...published])
    return [...others, ...published]
  }

  /** Previews at former slots are stopped: no route may lead there any more. */
  function recordSlots(slotScheme: SlotScheme, subnet: string) {
    const was = slotSchemeIn(facts)
    if (was?.kind === slotScheme.kind && isSameScheme(was, slotScheme) && facts.get('subnet') === subnet) return
    if (was && was.kind !== slotScheme.kind) {
      log.warn({ was: was.kind, kind: slotScheme.kind }, 'the kind of slots has changed: stopping all previews')
      for (const preview of store.list()) store.apply(idOf(preview), { type: 'stop', why: 'moved' })
    }
    // In this order, a concurrent reader finds either the earlier slots or these.
    const recorded = facts.get('subnet') ?? null
    if (subnet !== recorded) log.info({ subnet, was: recorded }, 'network has a subnet')
    if (slotScheme.kind === 'network') facts.set('subnet', subnet)
    else facts.set('slotPorts', slotScheme.ports)
    facts.set('slotKind', slotScheme.kind)
    facts.set('subnet', subnet)
  }

  /** The launcher waits for it in the database and prints it. */
  function recordFirewall(why: string | null) {
    if (why === facts.get('firewall')?.why) return
    if (why !== null) log.warn({ why }, 'the firewall is incomplete: previews can reach more than they should')
    facts.set('firewall', { why })
  }

  return {
    ensure,

    slotScheme: async (): Promise<SlotScheme> => known ?? ensure(),

    /** The engine may start later than Lotan, and other programs may remove rules at any time. */
    async keep(signal: AbortSignal): Promise<void> {
      let due = 0
      let noRepairBefore = 0
      for (let tries = 0; !signal.aborted;) {
        let pauseMs = rounds.check
        try {
          const now = performance.now()
          const isNew = isOpenOtherwise()
          const areRulesGone = now < due && now >= noRepairBefore && !(await hasRules())
          if (areRulesGone) log.warn({}, 'firewall rules are gone, setting them again')
          if (areRulesGone || isNew || now >= due) {
            await ensure()
            due = performance.now() + rounds.setUp
            noRepairBefore = areRulesGone ? performance.now() + rounds.repairPause : 0
          }
          tries = 0
          if (awaitsNginx()) pauseMs = Math.min(pauseMs, NGINX_MS)
        } catch (error) {
          due = 0
          // Once: the engine may be away for long.
          if (tries === 0) log.warn({ error: (error as Error).message }, 'network not ready, trying again')
          pauseMs = Math.min(250 * 2 ** tries++, LONGEST_PAUSE_MS)
        }
        await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {})
      }
    },
  }
}
