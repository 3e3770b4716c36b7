/**
 * Whether long traffic leaves anything behind: 20 minutes of clients of every kind, on previews that die
 * all the time. In the middle and at the end it is left alone, and what it holds is compared with what it held before:
 * a leak grows with the time, what was only warmed up does not.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { sweepVanished } from '../../testing/clients/vanish.ts'
import { startLotan, type Lotan } from '../../testing/harness/lotan.ts'
import { until } from '../../testing/harness/until.ts'
import { publishApps } from '../../testing/images/publish.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import { seeded } from '../../testing/scenarios/chaos/random.ts'
import type { Bench } from '../measure/bench.ts'
import type { Finding } from '../measure/finding.ts'
import { startDeaths, waysOf, type Ways } from '../measure/soak/deaths.ts'
import { growthOf, slopesOf, stillOpen, tableOf, type Holdings, type Sample } from '../measure/soak/growth.ts'
import { heapsOf, partsOf } from '../measure/soak/parts.ts'
import { storedBy } from '../measure/soak/stored.ts'
import { startTraffic } from '../measure/soak/traffic.ts'

const SOAK_MINUTES = 20
const WARM_UP_MINUTES = 4
/** Of the traffic, until the slopes count. */
const SETTLED_MINUTES = 5
const SAMPLE_MS = 15_000
/** Drains, slots that rest, kept connections and what is looked at once a minute are over then. */
const REST_MS = 75_000
/**
 * The kernel gives up a client that vanished after 2 minutes (so_keepalive in nginx/servers/listen.conf.ejs), and nginx
 * after 10 (proxy_send_timeout) what it cannot send to a container whose network ended with its sandbox.
 */
const LONGEST_REST_MS = 720_000
/** Memory comes and goes by the timers of an idle program: the smallest of several readings. */
const READINGS = 6
const READ_EVERY_MS = 5_000
const UP_WITHIN_MS = 90_000

const tags = Array.from({ length: 12 }, (_, i) => `soak-${i}`)
const random = seeded('soak')
const env = {
  LOTAN_SANDBOXES: '2',
  LOTAN_CONTAINER_MEMORY: '200m',
  LOTAN_GRACE_SECONDS: '2',
  LOTAN_HOLD_SECONDS: '20',
  // At rest all of them run.
  INACTIVITY_STOP_TIMEOUT_MINUTES: '120',
  INACTIVITY_PAUSE_TIMEOUT_MINUTES: 'off',
  INACTIVITY_RMI_TIMEOUT_MINUTES: '240',
}

export const soak: Bench = {
  asks: 'whether open files, sockets, memory, database and logs come back to where they were after 20 minutes of traffic',
  onlyByName: true,
  async run({ minutes = SOAK_MINUTES }) {
    const registry = await startImageRegistry()
    let lotan: Lotan | undefined
    try {
      await publishApps(registry.repository, tags)
      lotan = await startLotan({ repository: registry.repository, env })
      return await measure(lotan, registry.repository, minutes)
    } finally {
      await sweepVanished()
      await lotan?.stop()
      await registry.close()
    }
  },
}

async function measure(lotan: Lotan, repository: string, minutes: number): Promise<Finding[]> {
  const ways = waysOf(lotan)
  const read = (before?: Holdings) => atRest(lotan, repository, before)
  await soakFor(lotan, ways, Math.min(WARM_UP_MINUTES, minutes), { vanishing: false })
  await heapsOf(lotan)
  const before = await read()
  console.log(tableOf({ before }))
  const first = await soakFor(lotan, ways, minutes / 2)
  const middle = await read(before)
  console.log(tableOf({ before, middle }))
  const second = await soakFor(lotan, ways, minutes / 2)
  const end = await read(before)
  const later = second.map((sample) => ({ ...sample, minutes: sample.minutes + minutes / 2 }))
  const samples = [...first, ...later].filter((sample) => sample.minutes >= Math.min(SETTLED_MINUTES, minutes / 4))
  console.log(tableOf({ before, middle, end }))
  return [...growthOf(before, end), ...slopesOf(samples)]
}

/** @returns samples of the parts @throws when a client got what was not its preview's */
async function soakFor(lotan: Lotan, ways: Ways, minutes: number, { vanishing = true } = {}): Promise<Sample[]> {
  const began = performance.now()
  const passed = () => (performance.now() - began) / 60_000
  const traffic = startTraffic(lotan, tags, { vanishing })
  const deaths = startDeaths(lotan, ways, random)
  const samples: Sample[] = []
  for (; passed() < minutes; await sleep(SAMPLE_MS)) samples.push({ minutes: passed(), parts: partsOf(lotan) })
  await deaths.stop()
  await traffic.stop()
  console.log(`${minutes} minutes: ${traffic.served()} answers of previews`)
  console.log(traffic.counts(), deaths.counts())
  const wrong = traffic.wrong()
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  return samples
}

/** All previews run, and have no visitor. */
async function atRest(lotan: Lotan, repository: string, before?: Holdings): Promise<Holdings> {
  for (const tag of tags) await bringBack(lotan, tag)
  const began = performance.now()
  await sleep(REST_MS)
  const left = () => (before ? stillOpen(before.parts, partsOf(lotan)) : [])
  const isBack = await until('no more is open than before', () => left().length === 0, {
    within: LONGEST_REST_MS - REST_MS,
    every: 1_000,
  }).catch(() => false)
  const seconds = ((performance.now() - began) / 1_000).toFixed(0)
  console.log(isBack ? `at rest after ${seconds} s` : `still open after ${seconds} s:\n  ${left().join('\n  ')}`)
  const parts = partsOf(lotan)
  const stored = await storedBy(lotan, repository)
  const heaps = await heapsOf(lotan)
  for (let reading = 0; reading < READINGS; reading++) {
    for (const [name, { pids, memory }] of Object.entries(partsOf(lotan))) {
      const part = parts[name]!
      if (String(pids) !== String(part.pids)) throw new Error(`${name} has ended, and runs again`)
      part.memory = Math.min(part.memory, memory)
    }
    await sleep(READ_EVERY_MS)
  }
  await sweepVanished()
  if (before)
    for (const [name, { pids }] of Object.entries(parts))
      if (String(pids) !== String(before.parts[name]!.pids)) throw new Error(`${name} has ended, and runs again`)
  return { parts, heaps, stored }
}

async function bringBack(lotan: Lotan, tag: string): Promise<void> {
  await lotan.api('POST', `/previews/${tag}/start`)
  await until(
    `${tag} is up`,
    async () => {
      const { status, text } = await lotan.click(tag, '/plain')
      return status === 200 && text === tag
    },
    { within: UP_WITHIN_MS, every: 500 },
  )
}
