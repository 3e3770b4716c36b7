/**
 * A click on a paused preview, through nginx, against the engine's unpause and first answer, with the same image and
 * options.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { addressOf, docker } from '../../testing/harness/docker.ts'
import type { Lotan } from '../../testing/harness/lotan.ts'
import { until } from '../../testing/harness/until.ts'
import { request } from '../../testing/clients/http.ts'
import { withLotan } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { clickOn, optionsOf, startAlone } from '../measure/engine-alone.ts'

const PREVIEWS = 10
const ROUNDS = 30
const WARM_UP = 5
const PAUSE_MS = 100
const SETTLE_MS = 500

export const paused: Bench = {
  asks: 'how long a click on a paused preview takes, against the bare engine',
  async run() {
    const tags = Array.from({ length: PREVIEWS }, (_, i) => `p${i}`)
    const env = { INACTIVITY_PAUSE_TIMEOUT_MINUTES: '0.1', INACTIVITY_STOP_TIMEOUT_MINUTES: '10' }
    const times = await withLotan({ tags, env }, async ({ lotan, image, alone }) => {
      for (const tag of tags) await lotan.click(tag)
      await startAlone(image, alone, await optionsOf(lotan, tags[0]!))
      const address = await addressOf(alone[0]!)
      return inRounds(
        {
          async click(round) {
            // None is paused while another is clicked.
            if (round % PREVIEWS === 0) await untilFrozen(lotan, tags)
            return clickOn(lotan, tags[round % PREVIEWS]!)
          },
          async unpause() {
            await docker('POST', `/containers/${alone[0]}/pause`)
            await sleep(PAUSE_MS)
            const began = performance.now()
            await docker('POST', `/containers/${alone[0]}/unpause`)
            await request(80, { host: 'bench', address })
            return performance.now() - began
          },
        },
        { rounds: ROUNDS, warmUp: WARM_UP, between: () => sleep(PAUSE_MS) },
      )
    })
    return [
      {
        question: 'paused preview, to the first byte',
        unit: 'ms',
        lotan: times.click,
        baseline: { name: 'unpause and answer', values: times.unpause },
        by: 'difference',
        bar: { atLeast: 10, aim: 3, better: 'less' },
      },
    ]
  },
}

async function untilFrozen(lotan: Lotan, tags: string[]): Promise<void> {
  const isFrozen = (tag: string) => {
    const preview = lotan.store.get(tag)
    return preview?.state === 'paused' && preview.phase !== 'draining'
  }
  await until('all are frozen', () => tags.every(isFrozen), { within: 60_000 })
  await sleep(SETTLE_MS)
}
