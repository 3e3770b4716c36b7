/** Requests a second through Lotan and through other proxies, all before the same container. */
import { inRounds, type Bench } from '../measure/bench.ts'
import { directly, withFast } from '../measure/fast.ts'
import type { Finding } from '../measure/finding.ts'
import { peerNames, startPeer, type PeerName, type StartedPeer } from '../measure/peers.ts'
import { rate } from '../measure/rate.ts'

const ROUNDS = 5
const SECONDS = 2

export const proxies: Bench = {
  asks: 'how many requests a second go through Lotan, against other proxies',
  async run() {
    return withFast({ images: { fast: {} } }, async ({ lotan }) => {
      const { hostname: host } = new URL(lotan.url('fast'))
      await lotan.request('fast')
      const target = await directly(lotan, 'fast')
      const started = new Map<PeerName, StartedPeer>()
      try {
        for (const name of peerNames) started.set(name, await startPeer(name, host, target))
        const values = await inRounds(
          Object.fromEntries(
            [['lotan', lotan.port] as const, ...[...started].map(([name, { port }]) => [name, port] as const)].map(
              ([name, port]) => [name, () => rate(port, host, { seconds: SECONDS })],
            ),
          ),
          { rounds: ROUNDS, warmUp: 1 },
        )
        return [...started].map(([peer, { name }]): Finding => ({
          question: `warm requests, against ${name}`,
          unit: 'requests/s',
          lotan: values.lotan!,
          baseline: { name, values: values[peer]! },
          by: 'ratio',
          ...(peer !== 'haproxy' && { bar: { atLeast: 1, better: 'more' } }),
        }))
      } finally {
        for (const peer of started.values()) await peer.stop()
      }
    })
  },
}
