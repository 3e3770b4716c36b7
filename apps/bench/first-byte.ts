/**
 * The time to a waiting page's first byte, on tags that were never clicked: one click at a time, and a hundred at once.
 */
import { asBrowser, isWaiting, startLotan } from '../testing/harness/lotan.ts'
import { openGate } from '../testing/registries/throttle.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { quantile, spread } from './figures.ts'

const CLICKS = 50
const AT_ONCE = 100
const ROUNDS = 5

export async function firstByte(): Promise<void> {
  const registry = await startImageRegistry()
  const singles = Array.from({ length: CLICKS }, (_, i) => `tag-${i}`)
  const crowds = Array.from({ length: ROUNDS }, (_, round) =>
    Array.from({ length: AT_ONCE }, (_, i) => `crowd-${round}-${i}`),
  )
  // The registry lists these tags, since lookups of unknown tags are limited.
  await publishSmall(`${registry.repository}:one`, 'one')
  registry.multiply('one', [...singles, ...crowds.flat()])
  const gate = await openGate(registry.port)
  const lotan = await startLotan({ repository: `127.0.0.1:${gate.port}/todowrangler` })
  await until('the tags are known', () => lotan.store.offered('').length > CLICKS)
  const single: number[] = []
  const crowd: number[] = []
  const click = async (tag: string) => {
    const answer = await lotan.request(tag, { headers: asBrowser })
    if (!isWaiting(answer)) throw new Error(`${tag} got ${answer.status}`)
    return answer.head
  }
  try {
    // The registry is silent, so every page shows a queued or a beginning pull.
    gate.narrow(0)
    for (const tag of singles) single.push(await click(tag))
    for (const tags of crowds) crowd.push(...(await Promise.all(tags.map(click))))
  } finally {
    gate.widen()
    await lotan.stop()
    await gate.close()
    await registry.close()
  }
  const slowest = (times: number[]) =>
    `p99 ${quantile(times, 0.99).toFixed(1)} ms, slowest ${Math.max(...times).toFixed(1)} ms, of ${times.length}`
  console.log(`one click at a time   ${spread(single, 'ms', 1)}, ${slowest(single)}`)
  console.log(`${AT_ONCE} clicks at once    ${spread(crowd, 'ms', 1)}, ${slowest(crowd)}`)
}
