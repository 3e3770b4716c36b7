/** A tag is pushed again under steady load: how long until the newest page is shown, and how long the older one still is. No request may fail. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../../testing/harness/lotan.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { startVisits } from '../../testing/clients/visits.ts'
import type { Bench } from '../measure/bench.ts'

const ROUNDS = 3
const load = { connections: 20, pause: 2 }

export const newest: Bench = {
  asks: 'what visitors see while a tag is pushed again',
  async run() {
    const registry = await startImageRegistry()
    // Pushed under another name of the registry, so that the copy Lotan pulled stays.
    const push = (page: string) => publishSmall(`localhost:${registry.port}/todowrangler:app`, page)
    await push('v1')
    const lotan = await startLotan({
      repository: registry.repository,
      env: { IMAGE_REFRESH_INTERVAL_MINUTES: '0.02' },
    })
    const firstShown: number[] = []
    const bothShown: number[] = []
    try {
      await lotan.click('app')
      const visits = startVisits(lotan, 'app', load)
      for (let version = 2; version < 2 + ROUNDS; version++) {
        const page = `v${version}`
        await sleep(2_000)
        await push(page)
        const pushed = Date.now()
        await until(`${page} serves`, () => visits.seen.at(-1)?.page === page, { within: 60_000 })
        await until('the older one is gone', () => lotan.store.get('app')!.retiring.length === 0, { within: 60_000 })
        const first = visits.seen.find((seen) => seen.page === page)!.at
        firstShown.push((first - pushed) / 1_000)
        bothShown.push(Math.max(0, visits.seen.findLast((seen) => seen.page !== page)!.at - first))
      }
      await visits.stop()
      if (visits.failed.length > 0) throw new Error(`${visits.failed.length} failed: ${visits.failed[0]}`)
    } finally {
      await lotan.stop()
      await registry.close()
    }
    return [
      { question: 'a push under load, until its page is shown', unit: 's', lotan: firstShown, by: 'itself' },
      { question: 'older pages are asked for after that', unit: 'ms', lotan: bothShown, by: 'itself' },
    ]
  },
}
