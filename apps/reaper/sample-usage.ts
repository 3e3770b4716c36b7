/** Once a minute: what each preview takes and how often it is asked. One commit for all, and none where there is nothing. */
import path from 'node:path'
import { nextBeat } from '../shared/beat.ts'
import type { Config } from '../shared/config/config.ts'
import { EngineError, type Engine } from '../shared/engine/engine.ts'
import type { Usage } from '../shared/engine/usage.ts'
import { generationOf, type Preview } from '../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../shared/preview/preview-id.ts'
import { SAMPLE_EVERY_MS, type Sample } from '../shared/store/samples.ts'
import { containerInUse } from '../shared/stack/service-state.ts'
import type { Store } from '../shared/store/store.ts'
import { hostOf } from '../shared/tag.ts'
import { countRequests } from './count-requests.ts'
import { cpuBetween, rounded } from './figures.ts'
import type { openTraffic } from './traffic.ts'

/** The launcher rotates every 10 s. */
const READ_MS = 5_000

export interface Dependencies {
  config: Pick<Config, 'dataDir' | 'domain' | 'transliterate' | 'hostForm' | 'repositories'>
  store: Pick<Store, 'list' | 'noteSamples'> & { services: Pick<Store['services'], 'list'> }
  engine: Pick<Engine, 'usage'>
  traffic: Pick<ReturnType<typeof openTraffic>, 'add' | 'takeRequests'>
}

export async function sampleUsage(deps: Dependencies, signal: AbortSignal): Promise<void> {
  const requests = countRequests(path.join(deps.config.dataDir, 'logs', 'nginx-access.log'))
  const sample = openSampling(deps)
  const hostsOf = hostsNow(deps)
  let sampledAt = performance.now()
  while (!signal.aborted) {
    await nextBeat(READ_MS, signal)
    if (signal.aborted) return
    requests.look()
    deps.traffic.add(requests.take(), hostsOf())
    if (performance.now() - sampledAt < SAMPLE_EVERY_MS) continue
    sampledAt = performance.now()
    await sample()
  }
}

interface Measured {
  usage: Usage
  clock: number
}

/** @param clock milliseconds that no step of the time changes */
export function openSampling(
  { store, engine, traffic }: Omit<Dependencies, 'config'>,
  clock = () => performance.now(),
) {
  /** By container. */
  let before = new Map<string, Measured>()

  async function measure(container: string): Promise<Measured | undefined> {
    const usage = await engine.usage(container).catch(ignoreEngineError)
    return usage && { usage, clock: clock() }
  }

  return async function sample(): Promise<void> {
    const previews = store.list()
    const services = Map.groupBy(store.services.list(), idOf)
    const servicesOf = (preview: Preview) =>
      (services.get(idOf(preview)) ?? []).flatMap((one) => containerInUse(one) ?? [])
    const containers = previews.flatMap((preview) => [containerOf(preview) ?? [], servicesOf(preview)].flat())
    const measured = new Map<string, Measured>()
    await Promise.all(
      containers.map(async (container) => {
        const found = await measure(container)
        if (found) measured.set(container, found)
      }),
    )
    const asked = traffic.takeRequests()
    const samples = new Map<PreviewId, Sample>()
    for (const preview of previews) {
      const own = takenBy(containerOf(preview))
      const count = asked.get(idOf(preview)) ?? 0
      if (!own && count === 0) continue
      const beside = own ? servicesOf(preview).flatMap((container) => takenBy(container) ?? []) : []
      samples.set(idOf(preview), {
        memory: own ? sum([own, ...beside].map(({ memory }) => memory)) : null,
        cpu: own?.cpu === undefined ? null : rounded(sum([own, ...beside].map(({ cpu = 0 }) => cpu))),
        requests: count,
      })
    }
    before = measured
    store.noteSamples(samples, Date.now())

    function takenBy(container = ''): { memory: number; cpu: number | undefined } | undefined {
      const [was, now] = [before.get(container), measured.get(container)]
      // Not for the first look at a container.
      return now && { memory: now.usage.memory, cpu: was && cpuBetween(was, now) }
    }
  }
}

function sum(figures: number[]): number {
  return figures.reduce((all, each) => all + each, 0)
}

/** Previews by host. Made anew only where the list is another one. */
function hostsNow({ store, config }: Dependencies): () => ReadonlyMap<string, PreviewId> {
  let seen: readonly Preview[] = []
  let hosts: ReadonlyMap<string, PreviewId> = new Map()
  return () => {
    const previews = store.list()
    if (previews !== seen) hosts = new Map(previews.map((preview) => [hostOf(idOf(preview), config), idOf(preview)]))
    seen = previews
    return hosts
  }
}

/** watch/engine.ts reports that the engine is down. */
function ignoreEngineError(error: unknown): undefined {
  if (!(error instanceof EngineError)) throw error
}

function containerOf(preview: Preview): string | undefined {
  const isUp = preview.state === 'running' || preview.state === 'paused'
  return isUp ? (generationOf(preview)?.container ?? undefined) : undefined
}
