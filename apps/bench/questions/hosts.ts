/**
 * Requests a second that are spread evenly over many hosts, against as many to one of them. 50 hosts are previews, each
 * with a container. 1000 hosts are rows of the database, with nginx and the router as they are, and one application that
 * answers for all (many-hosts.ts): so this shows what hosts cost Lotan, and not what 1000 containers cost the machine.
 */
import { tagByHand } from '../../testing/harness/docker.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { clickOn } from '../measure/engine-alone.ts'
import { startBareNginx } from '../measure/bare-nginx.ts'
import { directly, withFast } from '../measure/fast.ts'
import type { Bar, Finding } from '../measure/finding.ts'
import { withManyHosts } from '../measure/many-hosts.ts'
import { CONNECTIONS, rate } from '../measure/rate.ts'

const PREVIEWS = 50
const ROWS = 1_000
const ROUNDS = 4
const SECONDS = 2
/** Clicks at once: more would slow each other down. */
const LANES = 3

export const hosts: Bench = {
  asks: 'how many requests a second go to many hosts, against one host',
  run: async () => [
    ...(await withFast({ images: { [tag(0)]: {} } }, async ({ lotan, registry: { repository } }) => {
      const tags = Array.from({ length: PREVIEWS }, (_, i) => tag(i))
      for (const other of tags.slice(1)) await tagByHand(`${repository}:${tag(0)}`, `${repository}:${other}`)
      for (let i = 0; i < PREVIEWS; i += LANES)
        await Promise.all(tags.slice(i, i + LANES).map((tag) => clickOn(lotan, tag)))
      const hosts = tags.map(lotan.host)
      const through = await compare(lotan.port, hosts, 'Lotan', { atLeast: 0.85, aim: 0.95, better: 'more' })
      const addresses = await Promise.all(tags.map((tag) => directly(lotan, tag)))
      const bare = await startBareNginx(new Map(hosts.map((host, i) => [host, addresses[i]!])))
      const around = await compare(bare.port, hosts, 'bare nginx').finally(bare.stop)
      return [through, { ...around, question: 'the same applications behind a bare nginx that knows them' }]
    })),
    await withManyHosts(ROWS, (port, hosts) =>
      compare(port, hosts, 'Lotan', { atLeast: 0.5, aim: 0.8, better: 'more' }),
    ),
  ],
}

const tag = (i: number) => `pr-${i + 1}`

/** The client does the same for both. */
async function compare(port: number, hosts: string[], name: string, bar?: Bar): Promise<Finding> {
  const one = hosts.map(() => hosts[0]!)
  const { all, alone } = await inRounds(
    { all: () => rate(port, hosts, { seconds: SECONDS }), alone: () => rate(port, one, { seconds: SECONDS }) },
    { rounds: ROUNDS },
  )
  return {
    question: `warm requests, ${hosts.length} hosts evenly hot, ${CONNECTIONS} connections`,
    unit: 'requests/s',
    lotan: all,
    baseline: { name: `${name}, one host hot`, values: alone },
    by: 'ratio',
    bar,
  }
}
