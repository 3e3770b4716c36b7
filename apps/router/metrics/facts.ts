/** All that the metrics tell, read once for a scrape. Null: what knows it does not answer. */
import { isDamage, isLocked } from '../../shared/store/store.ts'
import type { Config } from '../../shared/config/config.ts'
import type { RegistryHealth } from '../../shared/health/registry.ts'
import type { Counters } from '../../shared/store/counters.ts'
import type { Lane } from '../../shared/queue.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import { version } from '../../shared/version.ts'
import { diskOf } from '../system/gather.ts'
import type { RouterContext } from '../context.ts'
import type { Ready } from '../readiness.ts'
import type { Machine, Traffic } from '../reaper-client.ts'
import type { Meters } from './meters.ts'
import { processFigures, type ProcessFigures } from './process-figures.ts'

export interface Facts {
  versions: { lotan: string; node: string }
  config: Pick<Config, 'maxRunning' | 'slots' | 'disk' | 'memoryHigh'>
  meters: Pick<Meters, 'held' | 'coldAnswers' | 'gateRefusals'>
  process: ProcessFigures
  checks: Ready['checks']
  machine: Machine | null
  dataDisk: { total: number; free: number } | null
  lanes: Record<Lane, { waiting: number; active: number }> | null
  traffic: Traffic | null
  /** How each repository's list of tags was read last, by name; null for one that was not read yet. */
  registries: Record<string, RegistryHealth | null> | null
  database: {
    counters: Counters
    /** By state. */
    previews: Record<string, number>
    /** By state. */
    services: Record<string, number>
    places: number
    /** By state; null where no forge is configured. */
    changes: Record<string, number> | null
    /** Open sessions inside previews, by kind; null where the way in is off. */
    sessions: Record<string, number> | null
    slots: { taken: number; resting: number }
    /** By state. */
    sandboxes: Record<string, number>
    /** What previews that are up took when they were last measured, a minute ago at most. */
    memory: number
    bytes: number
  } | null
}

type FactsContext = Pick<RouterContext, 'config' | 'store' | 'nudges' | 'reaper' | 'meters' | 'log'> & {
  checkReadiness: () => Promise<Ready>
}

export async function readFacts(context: FactsContext, now: number): Promise<Facts> {
  const { config, nudges, reaper, meters, log, checkReadiness } = context
  const nullIfAway = async <T>(what: string, asked: Promise<T>): Promise<T | null> =>
    asked.catch((error: Error) => {
      log.debug({ what, error: error.message }, 'what the metrics tell is not known')
      return null
    })
  const [ready, machine, dataDisk, lanes, traffic, registries] = await Promise.all([
    checkReadiness(),
    nullIfAway('the machine', reaper.machine()),
    diskOf(config.dataDir),
    nullIfAway('the queue', nudges.lanes()),
    nullIfAway('traffic', reaper.traffic()),
    nullIfAway('the registries', reaper.registry()),
  ])
  return {
    versions: { lotan: version(), node: process.versions.node },
    config,
    meters,
    process: processFigures(),
    checks: ready.checks,
    machine,
    dataDisk,
    lanes,
    traffic,
    registries,
    database: databaseOf(context, now),
  }
}

/** The metrics tell that it is damaged, too. */
function databaseOf({ config, store }: FactsContext, now: number): Facts['database'] {
  try {
    const previews = store.list()
    const up = new Set(previews.filter(({ state }) => state === 'running' || state === 'paused').map(idOf))
    return {
      counters: store.counters(),
      previews: counted(previews.map(({ state }) => state)),
      services: counted(store.services.list().map(({ state }) => state)),
      places: store.places(),
      changes: config.forge ? store.changes.counts() : null,
      sessions: config.shell ? counted(store.shellSessions.list().map(({ kind }) => kind)) : null,
      slots: store.overview.slotCounts(now),
      sandboxes: counted(store.sandboxes.list().map(({ state }) => state)),
      memory: store.lastMemories().reduce((all, each) => (up.has(idOf(each)) ? all + each.memory : all), 0),
      bytes: store.overview.bytes(),
    }
  } catch (error) {
    if (!isDamage(error) && !isLocked(error)) throw error
    return null
  }
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
