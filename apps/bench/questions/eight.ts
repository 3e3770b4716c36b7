/** Eight cold tags at once, their images here, against the engine that starts the same eight at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { removeByHand } from '../../testing/harness/docker.ts'
import { withLotan } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { clickOn, optionsOf, startAlone, untilSandboxesReady } from '../measure/engine-alone.ts'
import type { Finding } from '../measure/finding.ts'

const AT_ONCE = 8
const ROUNDS = 5
const WARM_UP = 1
const PAUSE_MS = 500
/** What was clicked runs on beside the next round, as much for the engine as for Lotan. */
const env = { LOTAN_SLOTS: '150', LOTAN_MAX_RUNNING: '100' }

export const eight: Bench = {
  asks: 'how long eight cold tags at once take, against the bare engine',
  run: async () => [
    await measure(4, 'eight cold tags at once, until the last', { atLeast: 0.9, aim: 0.6, better: 'less' }),
    await measure(0, 'the same without sandboxes'),
  ],
}

async function measure(sandboxes: number, question: string, bar?: Finding['bar']): Promise<Finding> {
  const tagsOf = (round: number) => Array.from({ length: AT_ONCE }, (_, i) => `e${round}-${i}`)
  const tags = ['first', ...Array.from({ length: ROUNDS + WARM_UP }, (_, round) => tagsOf(round)).flat()]
  return withLotan({ tags, env: { ...env, LOTAN_SANDBOXES: String(sandboxes) } }, async ({ lotan, image, alone }) => {
    await clickOn(lotan, 'first')
    const options = await optionsOf(lotan, 'first')
    const last = async (starts: Promise<number>[]) => Math.max(...(await Promise.all(starts)))
    const times = await inRounds(
      {
        clicks: (round) => last(tagsOf(round).map((tag) => clickOn(lotan, tag))),
        async engine() {
          const time = await last(tagsOf(0).map(() => startAlone(image, alone, options)))
          for (const id of alone.splice(0)) await removeByHand(id)
          return time
        },
      },
      {
        rounds: ROUNDS,
        warmUp: WARM_UP,
        between: () => untilSandboxesReady(lotan, sandboxes).then(() => sleep(PAUSE_MS)),
      },
    )
    const baseline = { name: 'engine, the same eight at once', values: times.engine }
    return { question, unit: 'ms', lotan: times.clicks, baseline, by: 'ratio', bar }
  })
}
