/**
 * Keeps sandboxes ready, so that a start need not wait for the engine's network: it takes two thirds of a container's
 * start. One that a generation has had is never given to another: it goes once no container joins it any more.
 */
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../shared/config/config.ts'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import { sandboxName } from '../../shared/slots/container-name.ts'
import { hostPortOf, hostPortText, type HostPort } from '../../shared/slots/slot-scheme.ts'
import type { Sandbox } from '../../shared/store/sandboxes.ts'
import type { Store } from '../../shared/store/store.ts'
import type { Network } from '../network/network.ts'
import { planSandboxes, type Action } from './plan-sandboxes.ts'
import { sandboxImage } from '../../shared/sandbox/sandbox-image.ts'
import { sandboxOptions } from './sandbox-options.ts'

/** Between two comparisons with the engine. A nudge in between reads the rows alone. */
const COMPARE_MS = 10_000
const PAUSE_AFTER_ERROR_MS = 5_000
/** After a look that found nothing to do. Every step of every preview nudges, and a look reads all previews. */
const REST_MS = 100
/** With less of the machine's memory left than this part, no stopped preview keeps a sandbox: each takes 2.8 MB. */
const SCARCE_MEMORY = 0.05

export type Sandboxes = ReturnType<typeof openSandboxes>

export function openSandboxes(deps: {
  config: Pick<Config, 'instance' | 'repositories' | 'slots' | 'sandboxes' | 'containerPort'>
  store: Pick<Store, 'sandboxes' | 'list' | 'spare' | 'facts'>
  engine: Pick<
    Engine,
    | 'listSandboxes'
    | 'inspect'
    | 'create'
    | 'start'
    | 'stop'
    | 'remove'
    | 'moveTo'
    | 'findImage'
    | 'build'
    | 'groupParent'
    | 'writeHosts'
  >
  network: Pick<Network, 'slotScheme'>
  log: Log
}) {
  const { config, store, engine, network, log } = deps
  const name = (number: number) => sandboxName(config.instance, number)
  let starts = 0
  let isNudged = true
  let wakeUp = new AbortController()
  let isFailing = false
  /** Sandboxes that are being changed here: a start of their preview waits for the end of it. */
  const changing = new Map<number, Promise<void>>()

  function nudge() {
    isNudged = true
    wakeUp.abort()
  }

  function wanted(): { ready: number; kept: number } {
    const { ready, kept } = config.sandboxes
    return { ready, kept: os.freemem() < os.totalmem() * SCARCE_MEMORY ? 0 : kept }
  }

  /** Waits until it is nudged, or the time is over, and no start is under way. */
  async function waitForWork(ms: number, signal: AbortSignal): Promise<void> {
    const end = performance.now() + ms
    for (;;) {
      wakeUp = new AbortController()
      const left = end - performance.now()
      if (signal.aborted || (starts === 0 && (isNudged || left <= 0))) break
      const waiting = AbortSignal.any([signal, wakeUp.signal])
      await sleep(starts > 0 ? COMPARE_MS : left, undefined, { signal: waiting, ref: false }).catch(() => {})
    }
    isNudged = false
  }

  /** @param isDue to be compared with the engine @returns whether there may be more to do */
  async function round(isDue: boolean): Promise<boolean> {
    const scheme = await network.slotScheme()
    const port = config.containerPort ?? store.facts.get('poolPort') ?? 80
    // Whether a container joins what no generation has any more, the engine alone knows.
    const compares = isDue || store.sandboxes.list().some(({ state, preview }) => state === 'given' && preview === null)
    const found = compares ? await engine.listSandboxes() : null
    // Read after the engine's list: a row that is ahead of it is being worked on.
    const facts = { rows: store.sandboxes.list(), found, previews: store.list(), spare: store.spare(Date.now()) }
    const actions = planSandboxes({ ...facts, scheme, port, slots: config.slots, wanted: wanted() })
    for (const action of actions) {
      // A start is more urgent.
      if (starts > 0) return true
      await act(action, port)
    }
    return actions.length > 0
  }

  async function act(action: Action, port: number): Promise<void> {
    if (action.do === 'make') return make(port)
    const { number } = action
    if (action.do === 'ready') return void store.sandboxes.ready(number)
    if (action.do === 'forget') return store.sandboxes.forget(number)
    if (!store.sandboxes.retire(number, action.do, action.do === 'stop' && action.givesSlot)) return
    const work = action.do === 'stop' ? engine.stop(name(number), 0) : remove(number)
    const done = work.finally(() => changing.delete(number))
    changing.set(
      number,
      done.catch(() => {}),
    )
    await done
    log.debug({ sandbox: number }, action.do === 'stop' ? 'sandbox stopped' : 'sandbox removed')
  }

  async function remove(number: number): Promise<void> {
    await engine.remove(name(number))
    store.sandboxes.forget(number)
  }

  async function make(containerPort: number): Promise<void> {
    const scheme = await network.slotScheme()
    const sandbox = store.sandboxes.begin(scheme.kind === 'port' ? containerPort : null)
    if (!sandbox) return
    const { number, slot } = sandbox
    const began = Date.now()
    try {
      await create(sandbox, hostPortOf(scheme, { slot: slot!, port: containerPort }))
    } catch (error) {
      store.sandboxes.forget(number)
      // It is of a time that the database does not know of: the next one has another number.
      if (error instanceof EngineError && error.code === 'taken') return
      throw error
    }
    try {
      await engine.start(name(number))
    } catch (error) {
      await remove(number)
      // Another program has the address or the port: the next one has another.
      if (error instanceof EngineError && error.code === 'occupied') return
      throw error
    }
    if (!store.sandboxes.ready(number)) return engine.remove(name(number))
    log.debug({ sandbox: number, slot, ms: Date.now() - began }, 'sandbox is ready')
  }

  async function create(sandbox: Pick<Sandbox, 'number' | 'port'>, hostPort: HostPort): Promise<void> {
    const [image, groupParent] = await Promise.all([sandboxImage(engine), engine.groupParent()])
    await engine.create(sandboxOptions(config, sandbox, hostPort, image, groupParent))
  }

  return {
    /** Something may be due: a sandbox was given away, or its generation has gone. */
    nudge,

    /** Runs a start, beside which no sandbox is made. */
    async during<T>(start: () => Promise<T>): Promise<T> {
      starts++
      try {
        return await start()
      } finally {
        if (--starts === 0) nudge()
      }
    },

    /** Waits for what is being done with a sandbox, before the container that joins it is started. */
    settled: (number: number): Promise<void> => changing.get(number) ?? Promise.resolve(),

    /**
     * Which hosts the container that joins it finds at which address, instead of those of before.
     * @throws EngineError `unjoined` or `missing` where it has to be woken first, `occupied` where it takes none
     */
    writeHosts: (number: number, address: string, hosts: string[]): Promise<void> =>
      engine.writeHosts(name(number), address, hosts),

    /**
     * Starts the sandbox of a container that is to start: it was stopped, or ended with the engine. One that was removed is
     * made anew at its slot: what was sent to the old one is refused there at once, and tried again.
     * @throws EngineError `occupied` where its slot cannot be had
     */
    async wake(number: number, port: number, hostPort: HostPort): Promise<void> {
      const found = await engine.inspect(name(number))
      if (!found) await create({ number, port }, hostPort)
      else if (found.published !== hostPort.published)
        throw new EngineError('occupied', `its sandbox is not at ${hostPortText(hostPort)}`)
      else if (found.running && found.address === hostPort.address) return
      else if (hostPort.address !== null && found.address !== hostPort.address) {
        await engine.stop(name(number), 0)
        await engine.moveTo(name(number), hostPort.address)
      }
      await engine.start(name(number))
    },

    /** Runs until the signal. */
    async keep(signal: AbortSignal): Promise<void> {
      store.sandboxes.doubt()
      let pauseMs = 0
      for (let comparedAt = -Infinity; !signal.aborted;) {
        await waitForWork(pauseMs, signal)
        if (signal.aborted) return
        const compares = performance.now() - comparedAt >= COMPARE_MS
        try {
          const hasMore = await round(compares)
          if (compares && !hasMore) comparedAt = performance.now()
          pauseMs = hasMore ? 0 : COMPARE_MS
          isFailing = false
          if (!hasMore) await sleep(REST_MS, undefined, { signal, ref: false }).catch(() => {})
        } catch (error) {
          // network.ts and watch/engine.ts report that the engine is down.
          if (!isFailing) log.warn({ error: (error as Error).message }, 'sandboxes cannot be kept: starts take longer')
          isFailing = true
          pauseMs = PAUSE_AFTER_ERROR_MS
        }
      }
    },
  }
}
