/** The time to a waiting page's first byte, on tags that were never clicked: one click at a time, and a hundred at once. */
import { asBrowser, isWaiting, startLotan } from '../../testing/harness/lotan.ts'
import { openGate } from '../../testing/registries/throttle.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import type { Bench } from '../measure/bench.ts'
import { quantile } from '../measure/figures.ts'

const CLICKS = 50
const AT_ONCE = 100
const ROUNDS = 8

export const firstByte: Bench = {
  asks: 'how soon the waiting page begins',
  async run() {
    const { single, crowds } = await measure()
    const p99 = (times: number[]) => quantile(times, 0.99)
    return [
      {
        question: 'waiting page’s first byte, 100 clicks at once on 100 tags, p99',
        unit: 'ms',
        lotan: crowds.map(p99),
        by: 'itself',
        bar: { atLeast: 100, aim: 30, better: 'less' },
      },
      { question: 'one click at a time', unit: 'ms', lotan: single, by: 'itself' },
    ]
  },
}

async function measure(): Promise<{ single: number[]; crowds: number[][] }> {
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
  const click = async (tag: string) => {
    const answer = await lotan.request(tag, { headers: asBrowser })
    if (!isWaiting(answer)) throw new Error(`${tag} got ${answer.status}`)
    return answer.head
  }
  const times = { single: [] as number[], crowds: [] as number[][] }
  try {
    // The registry is silent, so every page shows a queued or a beginning pull.
    gate.narrow(0)
    for (const tag of singles) times.single.push(await click(tag))
    for (const tags of crowds) times.crowds.push(await Promise.all(tags.map(click)))
  } finally {
    gate.widen()
    await lotan.stop()
    await gate.close()
    await registry.close()
  }
  return times
}
