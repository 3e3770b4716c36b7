/** Starts the parts in order, each when what it needs is there. */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../shared/config.ts'
import { placesIn, same, type Places } from '../shared/places.ts'
import { setAsideIfCorrupt } from '../shared/store.ts'
import type { Say } from './console.ts'
import { followCertificate, whatEnds } from './certificate.ts'
import { databaseOf, withStore } from './database.ts'
import { hasDemo, prepareDemo } from './demo.ts'
import { accepts, get } from './knock.ts'
import { endLeftovers } from './leftovers.ts'
import { whyNotListen } from './listen.ts'
import { runPart } from './part.ts'
import { logOf, names, planOf, type Name, type Parts } from './parts.ts'
import { demoRepository, hostOf } from './registry.ts'
import { lastLines, rotateLogs } from './rotate.ts'
import { waitFor } from './until.ts'
import { welcome } from './welcome.ts'

const PART_MS = 15_000
const NETWORK_MS = 30_000
const READY_MS = 30_000
const GUARDED_MS = 3_000
const PLACES_MS = 1_000
const NO_DEMO =
  'REPOSITORY is not set, and the demo needs docker-registry, which is not here: say whose tags may run, such as REPOSITORY=registry.example.com/team/app'
const NO_NETWORK = 'there is no network for previews; does the engine answer?'

/**
 * Brings everything up and says so, line by line. The parts that run are put into `parts` as they start.
 * @throws with words for the operator when it cannot be done, and when the signal says stop
 */
export async function bringUp(given: Config, parts: Parts, say: Say, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  if (given.demo && !hasDemo()) throw new Error(NO_DEMO)
  await clearTheWay(given, say)
  const config = given.demo ? { ...given, repository: await demoRepository(given) } : given
  const start = (name: Name) => {
    signal.throwIfAborted()
    parts.set(name, runPart(planOf(name, config), say))
  }

  if ('socket' in config.redis) {
    const { socket } = config.redis
    start('redis')
    await must(() => accepts(socket), PART_MS, 'redis', 'Redis does not answer', config, signal)
    say('redis is up')
  }
  if (config.demo) {
    const host = hostOf(config.repository)
    const [address = '', port] = host.split(':')
    const asked = () => get({ host: address, port: Number(port) }, '/v2/', host)
    start('registry')
    await must(asked, PART_MS, 'registry', "the demo's registry does not answer", config, signal)
    say(`the demo's registry is up on ${host}`)
    await prepareDemo(config, say, signal)
  }
  await withStore(config, ({ meta }) => {
    for (const key of ['guarded', 'unreachable']) meta.set(key, '')
  })
  start('router')
  start('queue-processor')
  start('reaper')
  // nginx is told beforehand where containers will be.
  const look = () => withStore(config, ({ meta }) => meta.get('unreachable') || placesIn(meta))
  await must(look, NETWORK_MS, 'queue-processor', NO_NETWORK, config, signal)
  // Where Lotan is a container itself, nobody reaches a preview before it has joined their network. Without an engine
  // that does not happen, which is no reason to be away.
  const guard = () => withStore(config, ({ meta }) => meta.get('unreachable') || meta.get('guarded') || undefined)
  const guarded = await waitFor(guard, { within: GUARDED_MS, signal })
  const problem = await withStore(config, ({ meta }) => meta.get('unreachable'))
  if (problem) throw new Error(problem)
  const places = await withStore(config, ({ meta }) => placesIn(meta))
  start('nginx')
  followPlaces(places, config, parts, say)
  followCertificate(config, say, () => parts.get('nginx')?.reload())
  say('router, queue-processor, reaper and nginx are starting')

  const notReady = await whyNotReady(config, signal)
  if (notReady) say(`not ready after ${READY_MS / 1000} s, still trying: ${notReady}`, 'bad')
  else say(`ready in ${((performance.now() - began) / 1000).toFixed(1)} s`, 'good')
  const why = await withStore(config, ({ meta }) => meta.get('slot_why'))
  if (places?.kind === 'port') say(`previews are reached through ports of 127.0.0.1: ${why}`)
  if (guarded && guarded !== 'yes') say(guarded, 'bad')
  welcome(config, say)
}

/**
 * Starts nginx anew when slots are elsewhere: the network had to be made with other addresses, because somebody removed
 * it and its own were taken meanwhile; or an engine that came later than Lotan is reached in another way than the last
 * one. Until then nginx would send visitors to whoever is where they were.
 */
function followPlaces(known: Places | undefined, config: Config, parts: Parts, say: Say): void {
  let last = known
  const look = async () => {
    const places = await withStore(config, ({ meta }) => placesIn(meta)).catch(() => undefined)
    if (places && !(last && same(places, last))) {
      const where = places.kind === 'network' ? places.subnet : 'ports of 127.0.0.1'
      say(`previews have other addresses now (${where}): starting nginx anew`)
      parts.get('nginx')?.restart()
    }
    last = places ?? last
  }
  setInterval(() => void look(), PLACES_MS).unref()
}

/** Makes room: nothing of an earlier run is left, and nobody else is where nginx will listen. */
async function clearTheWay(config: Config, say: Say): Promise<void> {
  const logs = path.join(config.dataDir, 'logs')
  fs.mkdirSync(logs, { recursive: true, mode: 0o700 })
  rotateLogs(logs)
  const ended = await endLeftovers(names.map((name) => logOf(name, config)))
  if (ended > 0) say(`ended what an earlier start left behind (${ended} processes)`)
  const taken = await whyNotListen(config)
  if (taken) throw new Error(taken)
  const ends = whatEnds(config, Date.now())
  if (ends) say(ends, 'bad')
  const aside = setAsideIfCorrupt(databaseOf(config))
  if (aside) say(`the database was corrupt and was moved to ${aside}; previews that run are taken over`, 'bad')
  await withStore(config, () => {})
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
  const log = logOf(name, config)
  const words = lastLines(log, 3).map((line) => `\n  ${line.slice(0, 300)}`)
  throw new Error(`${complaint} (waited ${within / 1000} s); the end of ${log}:${words.join('')}`)
}

/** Waits until the router finds every part well. @returns undefined when it does, else who is not, and why */
async function whyNotReady(config: Config, signal: AbortSignal): Promise<string | undefined> {
  let why = 'the router does not answer'
  const desk = { socketPath: path.join(config.runDir, 'desk.sock') }
  const ready = await waitFor(
    async () => {
      const { status, body } = await get(desk, '/readyz', config.domain)
      const { checks = {} } = JSON.parse(body) as { checks?: Record<string, { ok: boolean; detail: string }> }
      const ill = Object.entries(checks).filter(([, { ok }]) => !ok)
      why = ill.map(([name, { detail }]) => `${name} ${detail}`).join(', ') || `the router answers ${status}`
      return status === 200
    },
    { within: READY_MS, every: 100, signal },
  )
  return ready ? undefined : why
}
