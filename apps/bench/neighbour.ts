/**
 * What a preview's visitor notices of a greedy neighbour: 100 requests a second through nginx, alone and beside each
 * kind.
 */
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { kill } from '../testing/harness/docker.ts'
import { request } from '../testing/clients/http.ts'
import { buildApp, buildSmall } from '../testing/images/build.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { median, quantile } from './figures.ts'

const ROUNDS = 2
const SECONDS = 2
const EVERY_MS = 10
/** Until the neighbour is at its worst and Lotan has reacted. */
const SETTLE_MS = 6_000

const busy = '/bin/busybox'
const neighbours: Record<string, string> = {
  'a fork bomb': 'b() { b | b & }; b; sleep 1000',
  'a loop of short processes': `while :; do ${busy} true; done`,
  'a processor burner': 'for i in 1 2 3 4; do while :; do :; done & done; wait',
  'a memory hog': `while :; do ${busy} tail /dev/zero; done`,
  'a writer of files': `while :; do ${busy} dd if=/dev/zero of=/f bs=1M count=200 2>/dev/null; ${busy} sync; done`,
  'a writer of output': `${busy} yes 'all work and no play makes a dull preview'`,
}

export async function neighbour(): Promise<void> {
  const registry = await startImageRegistry()
  await buildApp(`${registry.repository}:good`)
  const tags = Object.entries(neighbours).map(([name, script], i) => ({ name, tag: `bad-${i}`, script }))
  for (const { tag, script } of tags)
    await buildSmall(`${registry.repository}:${tag}`, tag, {
      cmd: ['sh', '-c', `${busy} httpd -p 80 -h /www; ${busy} sleep 1; ${script}`],
    })
  const lotan = await startLotan({ repository: registry.repository })
  const alone: number[][] = []
  const beside = new Map<string, number[][]>()
  try {
    await lotan.request('good')
    await measure(lotan)
    for (let round = 0; round < ROUNDS; round++)
      for (const { name, tag } of tags) {
        alone.push(await measure(lotan))
        await lotan.request(tag)
        await sleep(SETTLE_MS)
        beside.set(name, [...(beside.get(name) ?? []), await measure(lotan)])
        await end(lotan, tag)
      }
  } finally {
    await lotan.stop()
    await registry.close()
  }
  const [middle, worst] = [0.5, 0.99].map((share) => median(alone.map((times) => quantile(times, share))))
  const line = (name: string, words: string) => console.log(`${name.padEnd(26)} ${words}`)
  line('alone', `p50 ${middle!.toFixed(1)} ms, p99 ${worst!.toFixed(1)} ms`)
  for (const [name, rounds] of beside) {
    const [p50, p99] = [0.5, 0.99].map((share) => median(rounds.map((times) => quantile(times, share))))
    const times = `${(p50! / middle!).toFixed(1)} and ${(p99! / worst!).toFixed(1)} times`
    line(`beside ${name}`, `p50 ${p50!.toFixed(1)} ms, p99 ${p99!.toFixed(1)} ms: ${times}`)
  }
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
