/** Starts parts in order, each when what it needs is there. */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { slotSchemeIn, same, type SlotScheme } from '../../shared/slots/slot-scheme.ts'
import { setAsideIfCorrupt } from '../../shared/store/store.ts'
import type { Say } from '../console.ts'
import { followCertificate, whatEnds } from '../nginx/certificate.ts'
import { databaseOf, watchStore, withStore } from '../database/watch.ts'
import { hasDemo, prepareDemo } from '../demo/fill.ts'
import { accepts, get } from './probe.ts'
import { openMend } from '../database/mend.ts'
import { endLeftovers } from './leftovers.ts'
import { whyNotListen } from '../nginx/listen.ts'
import { findNginx } from '../nginx/program.ts'
import { hasLostRoutes } from '../nginx/config.ts'
import { followSlots, isRestoredBackup } from '../database/restored-backup.ts'
import { superviseProcess } from './process.ts'
import { logOf, outputOf, whereIs } from './output.ts'
import { lockOf, names, planOf, users, type Name, type Processes } from './processes.ts'
import { hostOf, prepareRegistry } from '../demo/registry.ts'
import { lastLines, rotateLogs } from './rotate.ts'
import { waitFor } from '../wait-for.ts'
import { welcome } from './welcome.ts'
import { unhealthyOf, unhealthyOne } from './health.ts'

const PART_MS = 15_000
const NETWORK_MS = 30_000
const READY_MS = 30_000
const GUARDED_MS = 3_000
const COMPARED_MS = 3_000
const PLACES_MS = 1_000
const SOON_MS = 5_000
const NO_REPOSITORY = 'say whose tags may run, such as REPOSITORY=registry.example.com/team/app'
const NO_DEMO = `REPOSITORY is not set, and the demo needs docker-registry, which is not here: ${NO_REPOSITORY}`
const NOT_WHOLE = `REPOSITORY is not set, and the demo does not run in parts: ${NO_REPOSITORY}`
const NOT_OURS = "there is nothing to run: REDIS_URL names a Redis that is not Lotan's own"
const OLDER =
  "the database may be older than what runs (a back-up?): so that no preview is shown in another's place, nginx is " +
  'started when they were compared. For that the engine has to answer: start it, or check DOCKER_HOST'
const NO_NETWORK = 'there is no network for previews; does the engine answer?'

/**
 * Brings everything up and says so, line by line. The parts that run are put into `parts` as they start.
 *
 * @param only the parts to run, where others are run by launchers of their own: what is theirs is waited for, for as
 * long as it takes. Null for all
 * @throws with words for the operator when it cannot be done, and when the signal says stop
 */
export async function startInOrder(
  given: Config,
  only: readonly Name[] | null,
  parts: Processes,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now()
  const runs = (name: Name) => !only || only.includes(name)
  const mine = names.filter(runs)
  if (given.demo && only?.some((name) => name !== 'redis')) throw new Error(NOT_WHOLE)
  if (given.demo && !only && !hasDemo()) throw new Error(NO_DEMO)
  if (only?.includes('redis') && !('socket' in given.redis)) throw new Error(NOT_OURS)
  await clearTheWay(given, mine, say)
  const registry = given.demo && !only ? await prepareRegistry(given, signal) : undefined
  const config = registry ? { ...given, repository: registry.repository } : given
  const mend = openMend(config, () => users.flatMap((name) => parts.get(name) ?? []), say)
  const start = (name: Name) => {
    signal.throwIfAborted()
    parts.set(name, superviseProcess(planOf(name, config, mend), say))
  }

  // Who finds no Redis tries again: the others need it for nudges alone.
  if (runs('redis') && 'socket' in config.redis) {
    const { socket } = config.redis
    start('redis')
    await must(() => accepts(socket), PART_MS, 'redis', 'Redis does not answer', config, signal)
    say('redis is up')
  }
  if (registry) {
    const host = hostOf(config.repository)
    const asked = () => get(registry.reached, '/v2/', host)
    start('registry')
    await must(asked, PART_MS, 'registry', "the demo's registry does not answer", config, signal)
    say(`the demo's registry is up on ${host}`)
    await prepareDemo(config, say, signal)
  }
  const working = mine.filter((name) => name !== 'redis' && name !== 'registry')
  if (working.length === 0) return
  const older = await withStore(config, (store) => isRestoredBackup(config, store))
  const unknown = [
    // A back-up tells of comparing too.
    'compared',
    ...(runs('queue-processor') ? ['guarded', 'unreachable', 'cut_off'] : []),
    ...(runs('nginx') ? ['nginx_waits'] : []),
  ]
  await withStore(config, ({ meta }) => {
    for (const key of unknown) meta.set(key, '')
  })
  followSlots(config)
  for (const name of users) if (runs(name)) start(name)
  if (runs('nginx')) await startNginx(config, older, runs, start, parts, say, signal)
  const early = runs('nginx') ? await whyUnguarded(config) : undefined
  if (early) say(early, 'bad')
  say(`started ${working.join(', ')}`)

  const look = runs('nginx') ? () => unhealthyOf(config) : () => whatAilsAny(working, config)
  const notReady = await whyNotReady(look, signal)
  if (notReady) say(`not ready after ${READY_MS / 1000} s, still trying: ${notReady}`, 'bad')
  else say(`ready in ${((performance.now() - began) / 1000).toFixed(1)} s`, 'good')
  const late = runs('nginx') ? await whyUnguarded(config) : undefined
  if (late && late !== early) say(late, 'bad')
  if (runs('nginx')) welcome(config, say)
}

/** Starts nginx, which is told beforehand where containers will be. @param older whether the database is */
async function startNginx(
  config: Config,
  older: boolean,
  runs: (name: Name) => boolean,
  start: (name: Name) => void,
  parts: Processes,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const look = () => withStore(config, ({ meta }) => meta.get('unreachable') || slotSchemeIn(meta))
  if (runs('queue-processor')) await must(look, NETWORK_MS, 'queue-processor', NO_NETWORK, config, signal)
  else await another(look, 'the network for previews, which the queue-processor makes', say, signal)
  // Where Lotan is a container itself, nobody reaches a preview before it has joined their network. Without an engine
  // that does not happen, which is no reason to be away.
  const guard = () => withStore(config, ({ meta }) => meta.get('unreachable') || meta.get('guarded') || undefined)
  await waitFor(guard, { within: GUARDED_MS, signal })
  const problem = await withStore(config, ({ meta }) => meta.get('unreachable'))
  if (problem) throw new Error(problem)
  // What is known is held against what runs. Where the engine does not answer that cannot be done, which is no reason to
  // be away: but the routes of an older database may lead to another preview than is asked for.
  const compared = () => withStore(config, ({ meta }) => meta.get('compared') === 'yes')
  const isCompared = await waitFor(compared, { within: COMPARED_MS, signal })
  if (older && !isCompared) await whileWaiting(config, say, () => waitFor(compared, { within: Infinity, signal }))
  const places = await withStore(config, ({ meta }) => slotSchemeIn(meta))
  start('nginx')
  followPlaces(places, config, parts, say)
  followCertificate(config, say, () => parts.get('nginx')?.reload())
  const why = await withStore(config, ({ meta }) => meta.get('slot_why'))
  if (places?.kind === 'port') say(`previews are reached through ports of 127.0.0.1: ${why}`)
}

/** Waits for what nginx is not started without, and has everybody know why. */
async function whileWaiting(config: Config, say: Say, wait: () => Promise<unknown>): Promise<void> {
  const waits = (why: string) => withStore(config, ({ meta }) => meta.set('nginx_waits', why))
  say(OLDER, 'bad')
  await waits('waits until the older database was compared with what runs, which takes the engine')
  try {
    await wait()
    say('the older database was compared with what runs')
  } finally {
    await waits('')
  }
}

/** What previews are not kept off, or Lotan from them, and why; undefined where that is nothing, or not known yet. */
async function whyUnguarded(config: Config): Promise<string | undefined> {
  const guarded = await withStore(config, ({ meta }) => meta.get('guarded'))
  return guarded === 'yes' ? undefined : guarded || undefined
}

/**
 * Starts nginx anew when slots are elsewhere: the network had to be made with other addresses, because somebody removed
 * it and its own were taken meanwhile; or an engine that came later than Lotan is reached in another way than the last
 * one. Until then nginx would send visitors to whoever is where they were.
 */
function followPlaces(known: SlotScheme | undefined, config: Config, parts: Processes, say: Say): void {
  let last = known
  // Open for as long as the launcher lives: parts that fall together leave the room that the database has on a full disk.
  const read = watchStore(config)
  const look = () => {
    const places = read(({ meta }) => slotSchemeIn(meta))
    if (places && !(last && same(places, last))) {
      const where = places.kind === 'network' ? places.subnet : 'ports of 127.0.0.1'
      say(`previews have other addresses now (${where}): starting nginx anew`)
      parts.get('nginx')?.restart()
    }
    last = places ?? last
    const nginx = parts.get('nginx')
    if (nginx?.pid() === undefined || !hasLostRoutes(config)) return
    say('the directory in which nginx remembers routes was removed: starting nginx anew', 'bad')
    nginx.restart()
  }
  setInterval(look, PLACES_MS).unref()
}

/** Makes room: nothing of an earlier run is left, and nobody else is where nginx will listen. */
async function clearTheWay(config: Config, mine: readonly Name[], say: Say): Promise<void> {
  const logs = path.join(config.dataDir, 'logs')
  fs.mkdirSync(logs, { recursive: true, mode: 0o700 })
  rotateLogs(logs, undefined, mine)
  const held = mine.flatMap((name) => [lockOf(name, config), logOf(name, config)])
  const ended = await endLeftovers(held)
  if (ended > 0) say(`ended what an earlier start left behind (${ended} processes)`)
  if (mine.includes('nginx')) {
    findNginx()
    const taken = await whyNotListen(config)
    if (taken) throw new Error(taken)
    const ends = whatEnds(config, Date.now())
    if (ends) say(ends, 'bad')
  }
  if (mine.every((name) => name === 'redis')) return
  const found = setAsideIfCorrupt(databaseOf(config))
  if (found)
    say(`the database was damaged (${found.wrong}) and was moved to ${found.aside}; what runs is taken over`, 'bad')
  await withStore(config, (store) => store.relabel())
}

/** Waits for a fact; without it Lotan cannot go on, and says what the part that should have seen to it said last. */
async function must<T>(
  look: () => T | Promise<T>,
  within: number,
  name: Name,
  complaint: string,
  config: Config,
  signal: AbortSignal,
): Promise<Exclude<T, false | undefined>> {
  const found = await waitFor(look, { within, signal })
  if (found !== undefined) return found
  const output = outputOf(name, config, process.stdout)
  const lines = 'file' in output ? lastLines(output.file, 3) : []
  const words = lines.map((line) => `\n  ${line.slice(0, 300)}`)
  throw new Error(`${complaint} (waited ${within / 1000} s); ${whereIs(output)}${words.join('')}`)
}

/** Waits for what is another launcher's to see to, and says so where that takes long. @throws when the signal says stop */
async function another<T>(
  look: () => T | Promise<T>,
  what: string,
  say: Say,
  signal: AbortSignal,
): Promise<Exclude<T, false | undefined>> {
  const soon = await waitFor(look, { within: SOON_MS, signal })
  if (soon !== undefined) return soon
  say(`waiting for ${what}`)
  return (await waitFor(look, { within: Infinity, every: 250, signal }))!
}

/** Waits until all is well. @returns undefined when it is, else who is not, and why */
async function whyNotReady(look: () => Promise<string | undefined>, signal: AbortSignal): Promise<string | undefined> {
  let why: string | undefined
  const well = async () => {
    why = await look().catch((error: Error) => error.message)
    return why === undefined
  }
  return (await waitFor(well, { within: READY_MS, every: 100, signal })) ? undefined : why
}

async function whatAilsAny(some: readonly Name[], config: Config): Promise<string | undefined> {
  const ills = await Promise.all(some.map((name) => unhealthyOne(name, config)))
  return ills.filter((ill) => ill !== undefined).join(', ') || undefined
}
