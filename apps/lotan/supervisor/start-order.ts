import type { Config } from '../../shared/config/config.ts'
import type { FactName } from '../../shared/store/facts.ts'
import type { Say } from '../console.ts'
import { openDatabaseRepair } from '../database/repair.ts'
import { followSlotCounter, isRestoredBackup } from '../database/restored-backup.ts'
import { withStore } from '../database/watch.ts'
import { hasDemo, prepareDemo } from '../demo/fill.ts'
import { hostOf, prepareRegistry } from '../demo/registry.ts'
import { waitFor } from '../wait-for.ts'
import { unhealthyOf, unhealthyOne } from './health.ts'
import { waitOrFail, type Launch } from './launch.ts'
import { prepareStart } from './prepare-start.ts'
import { accepts, get } from './probe.ts'
import { superviseProcess } from './process/process.ts'
import { mayRun, names, type Name } from './names.ts'
import { databaseUsers, isNeeded, planOf, type Processes } from './processes.ts'
import { startNginx, whyNoCalls, whyUnguarded } from './start-nginx.ts'
import { welcome } from './welcome.ts'

const PROCESS_UP_MS = 15_000
const READY_MS = 30_000
const NO_REPOSITORY = 'say whose tags may run, such as REPOSITORY=registry.example.com/team/app'
const NO_DEMO = `REPOSITORY is not set, and the demo needs docker-registry, which is not installed: ${NO_REPOSITORY}`
const NOT_WHOLE = `REPOSITORY is not set, and the demo does not run in parts: ${NO_REPOSITORY}`
const NOT_OURS = "there is nothing to run: REDIS_URL names a Redis that is not Lotan's own"

/**
 * Puts started processes into `processes`.
 * @param only null for all; those left out have other launchers, and are waited for without a limit
 * @throws with words for the operator when it cannot be done, and when the signal is aborted
 */
export async function startInOrder(
  given: Config,
  only: readonly Name[] | null,
  processes: Processes,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now()
  const runs = (name: Name) => (only ? only.includes(name) && mayRun(name, given) : isNeeded(name, given))
  const own = names.filter(runs)
  if (given.demo && only?.some((name) => name !== 'redis')) throw new Error(NOT_WHOLE)
  if (given.demo && !only && !hasDemo()) throw new Error(NO_DEMO)
  if (only?.includes('redis') && !('socket' in given.redis)) throw new Error(NOT_OURS)
  await prepareStart(given, own, say)
  const registry = given.demo && !only ? await prepareRegistry(given, signal) : undefined
  const config = registry ? withReference(given, registry.repository) : given
  const repair = openDatabaseRepair(config, () => databaseUsers.flatMap((name) => processes.get(name) ?? []), say)
  const start = (name: Name) => {
    signal.throwIfAborted()
    processes.set(name, superviseProcess(planOf(name, config, repair), say))
  }
  const launch: Launch = { config, runs, start, processes, say, signal }

  if (runs('redis')) await startRedis(launch)
  if (registry) await startDemo(launch, registry.reached)
  const workers = own.filter((name) => name !== 'redis' && name !== 'registry')
  if (only?.includes('shell') && !runs('shell')) say('nobody may look inside: LOTAN_SHELL is not on')
  if (workers.length === 0) return
  const isRestored = await withStore(config, (store) => isRestoredBackup(config, store))
  await forgetLastRun(launch)
  followSlotCounter(config)
  for (const name of databaseUsers) if (runs(name)) start(name)
  const way = runs('nginx') ? await startNginx(launch, isRestored) : undefined
  const early = runs('nginx') ? await whyUnguarded(config) : undefined
  say(`started ${workers.join(', ')}`)
  if (way) say(way)
  if (early) say(early, 'bad')

  const check = runs('nginx') ? () => unhealthyOf(config) : () => unhealthyAmong(workers, config)
  const notReady = await whyNotReady(check, signal)
  if (notReady) say(`not ready after ${READY_MS / 1000} s, still trying: ${notReady}`, 'bad')
  else say(`ready in ${((performance.now() - began) / 1000).toFixed(1)} s`, 'good')
  const late = runs('nginx') ? await whyUnguarded(config) : undefined
  if (late && late !== early) say(late, 'bad')
  const noCalls = runs('nginx') ? await whyNoCalls(config) : undefined
  if (noCalls) say(noCalls, 'bad')
  if (runs('nginx')) welcome(config, say)
}

/** Without Redis the others retry: they need it for nudges alone. */
async function startRedis(launch: Launch): Promise<void> {
  const { redis } = launch.config
  if (!('socket' in redis)) return
  launch.start('redis')
  const expected = { name: 'redis', within: PROCESS_UP_MS, complaint: 'Redis does not answer' } as const
  await waitOrFail(launch, () => accepts(redis.socket), expected)
  launch.say('redis is up')
}

/** The demo's registry is where a port was free. */
function withReference(config: Config, reference: string): Config {
  return { ...config, repositories: config.repositories.map((repository) => ({ ...repository, reference })) }
}

async function startDemo(launch: Launch, address: { host: string; port: number }): Promise<void> {
  const { config, start, say, signal } = launch
  const host = hostOf(config.repositories[0]!.reference)
  start('registry')
  const complaint = "the demo's registry does not answer"
  await waitOrFail(launch, () => get(address, '/v2/', host), { name: 'registry', within: PROCESS_UP_MS, complaint })
  say(`the demo's registry is up on ${host}`)
  await prepareDemo(config, say, signal)
}

async function forgetLastRun({ config, runs }: Launch): Promise<void> {
  const noted: FactName[] = [
    // A restored backup holds an old `compared`.
    'compared',
    ...(runs('queue-processor') ? (['firewall', 'unreachable', 'cutOff'] as const) : []),
    ...(runs('nginx') ? (['nginxWaits'] as const) : []),
  ]
  await withStore(config, ({ facts }) => {
    for (const name of noted) facts.forget(name)
  })
}

async function whyNotReady(check: () => Promise<string | undefined>, signal: AbortSignal): Promise<string | undefined> {
  let why: string | undefined
  const isHealthy = async () => {
    why = await check().catch((error: Error) => error.message)
    return why === undefined
  }
  return (await waitFor(isHealthy, { within: READY_MS, every: 100, signal })) ? undefined : why
}

async function unhealthyAmong(some: readonly Name[], config: Config): Promise<string | undefined> {
  const problems = await Promise.all(some.map((name) => unhealthyOne(name, config)))
  return problems.filter((problem) => problem !== undefined).join(', ') || undefined
}
