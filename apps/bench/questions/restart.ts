/** A click on a stopped preview that kept its container, through nginx, against the engine's start of such a container. */
import { setTimeout as sleep } from 'node:timers/promises'
import { docker } from '../../testing/harness/docker.ts'
import { withLotan } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { clickOn, optionsOf, startAgainAlone, startAlone, untilSandboxesReady } from '../measure/engine-alone.ts'
import type { Finding } from '../measure/finding.ts'

const ROUNDS = 12
const WARM_UP = 2
const PAUSE_MS = 300
/** A stop takes 10 s, most of it for visitors who may still be on their way: so many stop together. */
const TOGETHER = 7
const tags = Array.from({ length: TOGETHER }, (_, i) => `kept${i}`)

export const restart: Bench = {
  asks: 'how long a click on a stopped preview takes, against the bare engine',
  run: async () => [
    await measure(4, 'click on a stopped preview', { atLeast: 0.6, aim: 0.45, better: 'less' }),
    await measure(0, 'the same without sandboxes'),
  ],
}

async function measure(sandboxes: number, question: string, bar?: Finding['bar']): Promise<Finding> {
  const env = { LOTAN_SANDBOXES: String(sandboxes) }
  return withLotan({ tags, env }, async ({ lotan, image, alone }) => {
    for (const tag of tags) {
      await untilSandboxesReady(lotan, sandboxes)
      await clickOn(lotan, tag)
    }
    const containers = () => Promise.all(tags.map((tag) => lotan.containerOf(tag)))
    const kept = await containers()
    await startAlone(image, alone, await optionsOf(lotan, tags[0]!))
    const stopAll = async () => {
      for (const tag of tags) await lotan.api('POST', `/previews/${tag}/stop`)
      for (const tag of tags) await lotan.untilState(tag, 'stopped')
    }
    const times = await inRounds(
      {
        async click(round) {
          const tag = tags[round % TOGETHER]!
          if (tag === tags[0]) await stopAll()
          await sleep(PAUSE_MS)
          return clickOn(lotan, tag)
        },
        async start() {
          await docker('POST', `/containers/${alone[0]}/stop?t=0`)
          await sleep(PAUSE_MS)
          return startAgainAlone(alone[0]!)
        },
      },
      { rounds: ROUNDS, warmUp: WARM_UP, between: () => untilSandboxesReady(lotan, sandboxes) },
    )
    if (String(await containers()) !== String(kept)) throw new Error('a container was made anew')
    const baseline = { name: 'engine, start', values: times.start }
    return { question, unit: 'ms', lotan: times.click, baseline, by: 'ratio', bar }
  })
}
