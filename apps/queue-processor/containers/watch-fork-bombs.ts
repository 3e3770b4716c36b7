import { nextBeat } from '../../shared/beat.ts'
import { CURBED_CPUS, isCurbed, lately, type Look } from '../../shared/preview/fork-bomb.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { limitsOf } from '../../shared/config/limits.ts'
import { generationsOf, type Preview } from '../../shared/preview/preview.ts'
import { openBusyCores } from './busy-cores.ts'
import { cpuQuota } from './hardening.ts'
import { partLimits } from '../../shared/stack/part-limits.ts'
import { stackOfImage } from '../services/stack-of-preview.ts'
import { withCurbed } from '../../shared/preview/notice.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'

const LOOK_MS = 1_000
/** A bomb takes all of the processor that it may have. One that takes less than this is curbed already. */
const LEAST_BOMB_CORES = CURBED_CPUS * 0.9
/** Wait this long before another look at a container that cannot be read: it may have been restarted. */
const UNREADABLE_MS = 30_000

interface Watched {
  pid: number | null
  since: number
  curbed: boolean
  looks: Look[]
}

export async function watchBombs(
  { config, engine, store, log }: Pick<Dependencies, 'config' | 'engine' | 'store' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  let watched = new Map<string, Watched>()

  async function check(preview: Preview, number: number, id: string): Promise<Watched | undefined> {
    const now = performance.now()
    const known = watched.get(id) ?? (await startWatching(id, preview, now))
    if (!known || (known.pid === null && now - known.since > UNREADABLE_MS)) return undefined
    const refused = known.pid === null ? undefined : engine.refusedForks(id, known.pid)
    if (refused === undefined) return { ...known, pid: null, since: known.pid === null ? known.since : now }
    const looks = lately([...known.looks, { at: now, refused }], now)
    const curbed = isCurbed(looks, known.curbed)
    if (curbed !== known.curbed) await curb(preview, number, id, curbed)
    // Each time: its first answer, or a restart of the application, replaces the notices.
    if (withCurbed(preview.notices, curbed) !== preview.notices)
      store.apply(idOf(preview), { type: 'curbed', generation: number, curbed })
    return { ...known, curbed, looks }
  }

  /** An earlier process of Lotan may have curbed it. */
  async function startWatching(id: string, preview: Preview, since: number): Promise<Watched | undefined> {
    const found = await engine.inspect(id)
    return found && { pid: found.pid, since, curbed: found.cpuQuota < normalQuota(preview), looks: [] }
  }

  async function curb(preview: Preview, generation: number, id: string, curbed: boolean) {
    const quota = normalQuota(preview)
    await engine.setCpuQuota(id, curbed ? Math.min(quota, cpuQuota(CURBED_CPUS)) : quota)
    const about = { ...logFields(idOf(preview)), generation }
    if (curbed) log.warn(about, 'a preview forks without end: its CPU is curbed')
    else log.info(about, 'a preview no longer forks without end: its CPU is not curbed any more')
  }

  function normalQuota(preview: Preview): number {
    const { image } = preview
    const { limits } = limitsOf(image?.labels ?? {}, config)
    const stack = stackOfImage({ config }, idOf(preview), image)
    return cpuQuota(stack ? partLimits(stack.app, limits, config).cpus : limits.cpus)
  }

  const busyCores = openBusyCores()

  async function look(): Promise<void> {
    const next = new Map<string, Watched>()
    for (const preview of store.list().filter(mayRun))
      for (const { number, container } of generationsOf(preview)) {
        if (container === null) continue
        // Problems of the engine or a container are reported elsewhere.
        const seen = await check(preview, number, container).catch(ignoreEngineError)
        if (seen) next.set(container, seen)
      }
    watched = next
  }

  while (!signal.aborted) {
    const mayBomb = busyCores() >= LEAST_BOMB_CORES
    if (mayBomb || [...watched.values()].some(({ curbed }) => curbed)) await look()
    await nextBeat(LOOK_MS, signal)
  }
}

function mayRun({ state }: Preview): boolean {
  return state === 'starting' || state === 'running' || state === 'stopping'
}

function ignoreEngineError(error: unknown): undefined {
  if (!(error instanceof EngineError)) throw error
}
