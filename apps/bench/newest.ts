/** A tag is pushed again under steady load: what fails, how long the older page is shown, and what it costs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../testing/harness/lotan.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { startVisits } from '../testing/clients/visits.ts'

const ROUNDS = 3
const load = { connections: 20, pause: 2 }

export async function newest(): Promise<void> {
  const registry = await startImageRegistry()
  // Pushed under another name of the registry, so that the copy Lotan pulled stays.
  const push = async (page: string) => {
    const reference = `localhost:${registry.port}/todowrangler:app`
    await publishSmall(reference, page)
  }
  await push('v1')
  const lotan = await startLotan({
    repository: registry.repository,
    env: { IMAGE_REFRESH_INTERVAL_MINUTES: '0.02' },
  })
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
      const last = visits.seen.findLast((seen) => seen.page !== page)!.at
      console.log(
        `${page} was first shown ${first - pushed} ms after its push; an older page was asked for last ${last - first} ms after that`,
      )
    }
    await visits.stop()
    console.log(`${visits.seen.length} answers, ${visits.failed.length} failed ${visits.failed.slice(0, 3).join('; ')}`)
  } finally {
    await lotan.stop()
    await registry.close()
  }
}
