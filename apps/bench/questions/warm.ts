/**
 * Requests a second to a running preview, against a bare nginx in front of the same container. The application is as fast
 * as possible, so that the way to it shows.
 */
import { startLotan } from '../../testing/harness/lotan.ts'
import { addressOf } from '../../testing/harness/docker.ts'
import { buildFast } from '../../testing/images/build.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import { startBareNginx } from '../measure/bare-nginx.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import type { Finding } from '../measure/finding.ts'
import { CONNECTIONS, latency, rate } from '../measure/rate.ts'

const ROUNDS = 6

export const warm: Bench = {
  asks: 'how many requests a second go through Lotan, against a bare nginx',
  async run() {
    const registry = await startImageRegistry()
    await buildFast(`${registry.repository}:fast`)
    const lotan = await startLotan({ repository: registry.repository, env: { LOTAN_CONTAINER_CPUS: '2' } })
    let bare: Awaited<ReturnType<typeof startBareNginx>> | undefined
    try {
      await lotan.request('fast')
      bare = await startBareNginx(`${await addressOf(await lotan.containerOf('fast'))}:80`)
      const { port } = bare
      const compare = async (
        question: string,
        unit: Finding['unit'],
        measure: (port: number, host: string) => Promise<number>,
        how: Pick<Finding, 'by' | 'bar'>,
      ): Promise<Finding> => {
        const values = await inRounds(
          { lotan: () => measure(lotan.port, lotan.host('fast')), nginx: () => measure(port, 'bare') },
          { rounds: ROUNDS, warmUp: 1 },
        )
        return { question, unit, lotan: values.lotan, baseline: { name: 'bare nginx', values: values.nginx }, ...how }
      }
      return [
        await compare(`warm requests, ${CONNECTIONS} connections, 1 kB`, 'requests/s', rate, {
          by: 'ratio',
          bar: { atLeast: 0.9, aim: 0.97, better: 'more' },
        }),
        await compare(
          'the same, eight in flight on each',
          'requests/s',
          (port, host) => rate(port, host, { depth: 8 }),
          { by: 'ratio' },
        ),
        await compare('warm answer at 2 connections, median', 'ms', (port, host) => latency(port, host, 2), {
          by: 'difference',
        }),
      ]
    } finally {
      await bare?.stop()
      await lotan.stop()
      await registry.close()
    }
  },
}
