/**
 * What each container of previews and their services takes, as it was last measured. No reader waits for the engine: where a container's control group
 * cannot be read here, the engine takes some 900 ms for each, and fifty at once several seconds.
 */
import type { Engine } from '../shared/engine/engine.ts'
import type { Usage } from '../shared/engine/usage.ts'
import { containerInUse } from '../shared/stack/service-state.ts'
import type { Store } from '../shared/store/store.ts'

/** While somebody asks, and no more often. */
const REFRESH_MS = 5_000
/** Containers that the engine is asked about side by side. */
const AT_ONCE = 8
/** The first who asks has figures at once, where they can be read from control groups. */
const FIRST_MS = 200

export interface Figure {
  /** Bytes. */
  memory: number
  /** Processors, on average since it was measured before; null where that is not known. */
  cpu: number | null
  /** When it was measured, milliseconds since 1970. */
  at: number
}

/** By container. */
export type Figures = Record<string, Figure>

interface Measured extends Figure {
  usage: Usage
  /** By the clock that no step of the time changes. */
  clock: number
}

export interface Dependencies {
  engine: Pick<Engine, 'usage'>
  store: Pick<Store, 'list'> & { services: Pick<Store['services'], 'list'> }
}

/** @param clock milliseconds that no step of the time changes */
export function openFigures({ engine, store }: Dependencies, clock = () => performance.now()) {
  const last = new Map<string, Measured>()
  let refreshing: Promise<void> | undefined
  let refreshedAt = -Infinity

  /** As the engine's own, and kept. @throws EngineError, and then the last one stays */
  async function usage(container: string): Promise<Usage | undefined> {
    const found = await engine.usage(container)
    if (found) last.set(container, measured(last.get(container), found, clock()))
    else last.delete(container)
    return found
  }

  async function refresh(): Promise<void> {
    const waiting = running()
    const work = async () => {
      // After a failure the last one stays.
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await usage(next).catch(() => {})
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  function running(): string[] {
    const ofPreviews = store
      .list()
      .flatMap((preview) =>
        preview.state === 'running' || preview.state === 'paused' ? preview.generation.container : [],
      )
    return [...ofPreviews, ...store.services.list().flatMap((service) => containerInUse(service) ?? [])]
  }

  return {
    usage,

    /** At once, whatever the engine does; only the very first waits a moment for them. */
    async known(): Promise<Figures> {
      if (!refreshing && clock() - refreshedAt >= REFRESH_MS) {
        refreshedAt = clock()
        refreshing = refresh().finally(() => (refreshing = undefined))
      }
      if (last.size === 0 && refreshing) await Promise.race([refreshing, pause(FIRST_MS)])
      const containers = new Set(running())
      for (const container of last.keys()) if (!containers.has(container)) last.delete(container)
      return Object.fromEntries([...last].map(([container, { memory, cpu, at }]) => [container, { memory, cpu, at }]))
    },
  }
}

function measured(before: Measured | undefined, usage: Usage, clock: number): Measured {
  const figure = { memory: usage.memory, at: Date.now(), usage, clock }
  // Two looks within a moment say nothing of the processor.
  if (before && clock - before.clock < REFRESH_MS / 2) return { ...before, memory: usage.memory, at: figure.at }
  return { ...figure, cpu: (before && cpuBetween(before, figure)) ?? null }
}

/** Undefined where the container was started again between. */
export function cpuBetween(
  before: { usage: Usage; clock: number },
  now: { usage: Usage; clock: number },
): number | undefined {
  const used = now.usage.cpu - before.usage.cpu
  if (used < 0 || now.clock <= before.clock) return undefined
  return rounded(used / (now.clock - before.clock))
}

/** Processors. */
export function rounded(cpu: number): number {
  return Math.round(cpu * 10_000) / 10_000
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
