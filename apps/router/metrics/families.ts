/** All metrics, in the order of docs/metrics.md, whose table is written from this. */
import { reasonCodes } from '../../shared/preview/failure-reason.ts'
import { sessionEnds, sessionKinds } from '../../shared/shell/session-kind.ts'
import { serviceStates } from '../../shared/stack/service-state.ts'
import { bounds, reaps } from '../../shared/preview/tally.ts'
import type { CounterName } from '../../shared/store/counters.ts'
import type { RegistryHealth } from '../../shared/health/registry.ts'
import type { Facts } from './facts.ts'
import { counter, counters, gauge, gauges, histogram, type Family } from './family.ts'
import { trafficFamilies } from './traffic-families.ts'

const states = ['queued', 'pulling', 'starting', 'running', 'paused', 'stopping', 'stopped', 'removing', 'failed']
const sandboxStates = ['making', 'unchecked', 'ready', 'given']
const changeStates = ['open', 'closed', 'merged']
const crashes = ['exited', 'out-of-memory', 'disk-over']

export const families: Record<string, Family> = {
  lotan_build_info: gauges('Versions; the value is 1.', ['version', 'node'], ({ versions }) => [
    [[versions.lotan, versions.node], 1],
  ]),
  lotan_up: gauges('Whether it works, as /readyz says: 1 or 0.', ['component'], ({ checks }) =>
    Object.entries(checks).map(([name, { ok }]) => [[name], Number(ok)]),
  ),

  lotan_registry_up: gauges(
    'Whether the tags of a repository could be read when they were read last: 1 or 0.',
    ['repository'],
    ({ registries }) => read(registries).map(([name, { error }]) => [[name], Number(error === null)]),
  ),
  lotan_registry_read_timestamp_seconds: gauges('When that was, since 1970.', ['repository'], ({ registries }) =>
    read(registries).map(([name, { at }]) => [[name], at / 1_000]),
  ),

  lotan_previews: gauges('Previews by state.', ['state'], ({ database }) => byName(database?.previews, states)),
  lotan_services: gauges('Services of previews by state.', ['state'], ({ database }) =>
    byName(database?.services, serviceStates),
  ),
  lotan_service_restarts_total: counters(
    'Ends of services that no step asked for, which are started again.',
    [],
    'database',
    ({ database }) => (database ? [[[], database.counters.serviceRestart?.[''] ?? 0]] : []),
  ),
  lotan_running_previews: gauge('Previews that take a place of LOTAN_MAX_RUNNING.', ({ database }) => database?.places),
  lotan_running_previews_limit: gauge('LOTAN_MAX_RUNNING.', ({ config }) => config.maxRunning),
  lotan_previews_memory_bytes: gauge(
    'Memory of previews that run or are paused, measured once a minute.',
    ({ database }) => database?.memory,
  ),
  lotan_starts_total: counters(
    'Starts that have ended: running, cancelled or failed, and why.',
    ['result', 'reason'],
    'database',
    (facts) =>
      tallied(facts, 'start', ['running', 'cancelled', ...reasonCodes]).map(([[as = ''], value]) =>
        as === 'running' || as === 'cancelled' ? [[as, ''], value] : [['failed', as], value],
      ),
  ),
  lotan_pull_duration_seconds: histogram('Pulls for a start, unpacking included.', bounds.pull, (facts) =>
    timed(facts, 'pull'),
  ),
  lotan_start_duration_seconds: histogram(
    'Starts that got an answer, from the container’s turn on: without queue and pull.',
    bounds.start,
    (facts) => timed(facts, 'start'),
  ),
  lotan_crashes_total: counters('Ends of previews that ran, which nobody asked for.', ['reason'], 'database', (facts) =>
    tallied(facts, 'crash', crashes),
  ),
  lotan_reaps_total: counters(
    'What Lotan did by itself, and why; clean: container and image went.',
    ['action', 'reason'],
    'database',
    (facts) => tallied(facts, 'reap', reaps).map(([[as = ''], value]) => [as.split(' '), value]),
  ),
  lotan_changes: gauges(
    'Pull or merge requests that are known, by state; without LOTAN_FORGE none.',
    ['state'],
    ({ database }) => byName(database?.changes ?? undefined, changeStates),
  ),
  lotan_shell_sessions: gauges(
    'Open sessions inside previews, by kind; none where the way in is off.',
    ['kind'],
    ({ database }) => byName(database?.sessions ?? undefined, sessionKinds),
  ),
  lotan_shell_sessions_ended_total: counters(
    'Sessions that have ended, and how; none where the way in is off.',
    ['kind', 'end'],
    'database',
    (facts) => {
      if (!facts.database?.sessions) return []
      const all = sessionKinds.flatMap((kind) => sessionEnds.map((end) => `${kind} ${end}`))
      return tallied(facts, 'shellSession', all).map(([[as = ''], value]) => [as.split(' '), value])
    },
  ),
  lotan_queue_jobs: gauges('Jobs by lane, waiting or active.', ['lane', 'state'], ({ lanes }) =>
    Object.entries(lanes ?? {}).flatMap(([lane, { waiting, active }]) => [
      [[lane, 'waiting'], waiting],
      [[lane, 'active'], active],
    ]),
  ),

  lotan_held_requests: gauge('Requests that are held now.', ({ meters }) => meters.held),
  lotan_cold_answers_total: counters(
    'What requests got that no running preview answered; held: it was, then.',
    ['kind'],
    'router',
    ({ meters }) => Array.from(meters.coldAnswers, ([kind, value]) => [[kind], value]),
  ),
  lotan_gate_refusals_total: counters(
    'Requests that the gate did not let pass, and what they got.',
    ['kind'],
    'router',
    ({ meters }) => Array.from(meters.gateRefusals, ([kind, value]) => [[kind], value]),
  ),
  ...trafficFamilies,

  lotan_slots: gauges('Slots by state.', ['state'], ({ database, config }) => {
    if (!database) return []
    const { taken, resting } = database.slots
    return [
      [['free'], Math.max(0, config.slots - taken - resting)],
      [['taken'], taken],
      [['resting'], resting],
    ]
  }),
  lotan_sandboxes: gauges('Sandboxes by state.', ['state'], ({ database }) =>
    byName(database?.sandboxes, sandboxStates),
  ),
  lotan_engine_disk_size_bytes: gauge('The engine’s disk.', ({ machine }) => machine?.disk?.total),
  lotan_engine_disk_free_bytes: gauge('What is free of it.', ({ machine }) => machine?.disk?.free),
  lotan_engine_disk_mark_ratio: gauges(
    'Fullness above which images go (high), and below which no more do (low).',
    ['mark'],
    ({ config }) => [
      [['high'], config.disk.high / 100],
      [['low'], config.disk.low / 100],
    ],
  ),
  lotan_data_disk_size_bytes: gauge('The disk of the data directory.', ({ dataDisk }) => dataDisk?.total),
  lotan_data_disk_free_bytes: gauge('What is free of it.', ({ dataDisk }) => dataDisk?.free),
  lotan_database_size_bytes: gauge('The database and its journal.', ({ database }) => database?.bytes),
  lotan_memory_size_bytes: gauge('The machine’s memory.', ({ machine }) => machine?.memory?.total),
  lotan_memory_available_bytes: gauge('What is available of it.', ({ machine }) => machine?.memory?.available),
  lotan_memory_mark_ratio: gauge('Fullness above which starts wait.', ({ config }) => config.memoryHigh / 100),

  process_cpu_seconds_total: counter('Processor time of the router.', 'router', ({ process }) => process.cpu),
  process_resident_memory_bytes: gauge('Memory of the router.', ({ process }) => process.memory),
  process_start_time_seconds: gauge('When the router began, since 1970.', ({ process }) => process.startedAt),
  process_open_fds: gauge('Open files of the router.', ({ process }) => process.files),
  nodejs_heap_size_total_bytes: gauge('Heap of the router.', ({ process }) => process.heapTotal),
  nodejs_heap_size_used_bytes: gauge('What is used of it.', ({ process }) => process.heapUsed),
  nodejs_eventloop_active_seconds_total: counter(
    'How long the router’s event loop was busy.',
    'router',
    ({ process }) => process.loopActive,
  ),
}

type Labelled = [labels: string[], value: number]

/** Those whose tags were read. The label is empty for the repository without a name. */
function read(registries: Facts['registries']): [string, RegistryHealth][] {
  return Object.entries(registries ?? {}).filter((entry): entry is [string, RegistryHealth] => entry[1] !== null)
}

/** Each of these names has a sample, and whatever else there is. */
function byName(counts: Record<string, number> | undefined, names: readonly string[]): Labelled[] {
  if (!counts) return []
  const all = new Set([...names, ...Object.keys(counts)])
  return [...all].map((name) => [[name], counts[name] ?? 0])
}

function tallied({ database }: Facts, name: CounterName, labels: readonly string[]): Labelled[] {
  return database ? byName(database.counters[name] ?? {}, labels) : []
}

function timed({ database }: Facts, what: 'pull' | 'start') {
  if (!database) return null
  const { [`${what}Duration` as const]: counts = {}, [`${what}Seconds` as const]: seconds = {} } = database.counters
  return { counts, sum: seconds[''] ?? 0 }
}
