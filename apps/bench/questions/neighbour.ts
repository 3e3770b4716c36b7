/**
 * What a preview's visitor notices of a greedy neighbour: 100 requests a second through nginx, alone and beside each
 * kind.
 */
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type Lotan } from '../../testing/harness/lotan.ts'
import { kill } from '../../testing/harness/docker.ts'
import { request } from '../../testing/clients/http.ts'
import { buildApp, buildSmall } from '../../testing/images/build.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import { besideAnswering, busy, scripts } from '../../testing/scenarios/contained/scripts.ts'
import type { Bench } from '../measure/bench.ts'
import { median } from '../measure/figures.ts'
import type { Finding } from '../measure/finding.ts'

const ROUNDS = 1
const SECONDS = 2
const EVERY_MS = 10
/** Until the neighbour is at its worst and Lotan has reacted. */
const SETTLE_MS = 6_000

const neighbours: Record<string, string> = {
  'a fork bomb': 'b() { b | b & }; b; sleep 1000',
  'a loop of short processes': scripts.shortProcesses,
  'a processor burner': scripts.burner,
  'a memory hog': scripts.memoryHog,
  'a writer of files': scripts.diskWriter,
  'a writer of output': `${busy} yes 'all work and no play makes a dull preview'`,
}

export const neighbour: Bench = {
  asks: 'what a visitor notices of a preview beside that takes all it can get',
  async run() {
    const registry = await startImageRegistry()
    await buildApp(`${registry.repository}:good`)
    const tags = Object.entries(neighbours).map(([name, script], i) => ({ name, tag: `bad-${i}`, script }))
    for (const { tag, script } of tags)
      await buildSmall(`${registry.repository}:${tag}`, tag, { cmd: besideAnswering(script) })
    const lotan = await startLotan({ repository: registry.repository })
    const findings: Finding[] = []
    try {
      await lotan.request('good')
      await measure(lotan)
      for (const { name, tag } of tags) {
        const alone: number[] = []
        const beside: number[] = []
        for (let round = 0; round < ROUNDS; round++) {
          alone.push(median(await measure(lotan)))
          await lotan.request(tag)
          await sleep(SETTLE_MS)
          beside.push(median(await measure(lotan)))
          await end(lotan, tag)
        }
        const baseline = { name: 'without it', values: alone }
        findings.push({ question: `an answer beside ${name}`, unit: 'ms', lotan: beside, baseline, by: 'ratio' })
      }
    } finally {
      await lotan.stop()
      await registry.close()
    }
    return findings
  },
}

/** Does not wait for the drain. */
async function end(lotan: Lotan, tag: string): Promise<void> {
  await lotan.api('POST', `/previews/${tag}/stop`)
  for (const { Id, Labels } of await lotan.containers()) if (Labels['lotan.tag'] === tag) await kill(Id).catch(() => {})
}

/** Milliseconds of each request. Sent by the clock, so that a slow answer delays no other. */
async function measure(lotan: Lotan): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
  const asked: Promise<number>[] = []
  for (const end = performance.now() + SECONDS * 1_000; performance.now() < end; await sleep(EVERY_MS))
    asked.push(ask(lotan, agent))
  const times = await Promise.all(asked)
  agent.destroy()
  return times
}

async function ask(lotan: Lotan, agent: http.Agent): Promise<number> {
  const began = performance.now()
  const { status } = await request(lotan.port, { host: lotan.host('good'), path: '/plain', agent })
  if (status !== 200) throw new Error(`the good neighbour answered ${status}`)
  return performance.now() - began
}
