/**
 * A cold click on a preview with a database, all images here, against the engine alone: network, database, its health,
 * application, one after another. The database is Debian's Redis.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openEngine } from '../../shared/engine/engine.ts'
import { addressOf, docker, removeByHand, tagByHand } from '../../testing/harness/docker.ts'
import { buildRedis, buildSmall } from '../../testing/images/build.ts'
import { withLotan } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { answersAt, clickOn, startAlone, untilSandboxesReady } from '../measure/engine-alone.ts'
import type { Finding } from '../measure/finding.ts'

const ROUNDS = 10
const WARM_UP = 2
const PAUSE_MS = 300
const LOOK_MS = 5
const SANDBOXES = 4
const check = ['redis-cli', 'ping']

export const stack: Bench = {
  asks: 'how long a cold click on a preview with a database takes, against the bare engine',
  run: async () => [await measure()],
}

async function measure(): Promise<Finding> {
  const tags = Array.from({ length: ROUNDS + WARM_UP }, (_, i) => `s${i}`)
  return withLotan({ env: { LOTAN_SANDBOXES: String(SANDBOXES) } }, async ({ lotan, registry, alone }) => {
    const [image, redis] = [`${registry.repository}:stack`, `${registry.repository}-redis:7`]
    await buildRedis(redis)
    await buildSmall(image, 'bench', { labels: { 'lotan.stack': stackOf(redis) } })
    for (const tag of tags) await tagByHand(image, `${registry.repository}:${tag}`)
    const { exec } = openEngine(lotan.config)
    const networks: string[] = []

    async function serial(round: number): Promise<number> {
      const began = performance.now()
      const name = `bench-${lotan.config.instance}-${round}`
      const { Id: network } = await docker<{ Id: string }>('POST', '/networks/create', { Name: name, CheckDuplicate: true }) // prettier-ignore
      networks.push(network)
      const HostConfig = { NetworkMode: name }
      await startAlone(redis, alone, { HostConfig }, async (id) => {
        while ((await exec(id, check, { ms: 5_000, lines: 1 })).exitCode !== 0) await sleep(LOOK_MS)
      })
      await startAlone(image, alone, { HostConfig }, async (id) => answersAt(await addressOf(id), 80))
      return performance.now() - began
    }

    try {
      const times = await inRounds(
        { click: (round) => clickOn(lotan, `s${round}`), serial },
        {
          rounds: ROUNDS,
          warmUp: WARM_UP,
          between: () => untilSandboxesReady(lotan, SANDBOXES).then(() => sleep(PAUSE_MS)),
        },
      )
      const baseline = { name: 'engine: network, database, health, application', values: times.serial }
      const bar = { atLeast: 1.15, better: 'less' } as const
      return { question: 'cold click on a preview with a database', unit: 'ms', lotan: times.click, baseline, by: 'ratio', bar } // prettier-ignore
    } finally {
      for (const id of alone.splice(0)) await removeByHand(id)
      for (const id of networks) await docker('DELETE', `/networks/${id}`)
    }
  })
}

function stackOf(redis: string): string {
  return `services:
  app: { depends_on: { db: { condition: service_healthy } } }
  db: { image: ${redis}, healthcheck: { test: ${JSON.stringify(['CMD', ...check])} }, volumes: ['data:/data'] }
volumes: { data: {} }
`
}
