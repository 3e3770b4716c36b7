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

export const restart: Bench = {
  asks: 'how long a click on a stopped preview takes, against the bare engine',
  run: async () => [
    await measure(4, 'click on a stopped preview', { atLeast: 0.6, aim: 0.45, better: 'less' }),
    await measure(0, 'the same without sandboxes'),
  ],
}

async function measure(sandboxes: number, question: string, bar?: Finding['bar']): Promise<Finding> {
  const env = { LOTAN_SANDBOXES: String(sandboxes) }
  return withLotan({ tags: ['kept'], env }, async ({ lotan, image, alone }) => {
    await untilSandboxesReady(lotan, sandboxes)
    await clickOn(lotan, 'kept')
    const kept = await lotan.containerOf('kept')
    await startAlone(image, alone, await optionsOf(lotan, 'kept'))
    const times = await inRounds(
      {
        async click() {
          await lotan.api('POST', '/previews/kept/stop')
          await lotan.untilState('kept', 'stopped')
          await sleep(PAUSE_MS)
          return clickOn(lotan, 'kept')
        },
        async start() {
          await docker('POST', `/containers/${alone[0]}/stop?t=0`)
          await sleep(PAUSE_MS)
          return startAgainAlone(alone[0]!)
        },
      },
      { rounds: ROUNDS, warmUp: WARM_UP, between: () => untilSandboxesReady(lotan, sandboxes) },
    )
    if ((await lotan.containerOf('kept')) !== kept) throw new Error('its container was made anew')
    const baseline = { name: 'engine, start', values: times.start }
    return { question, unit: 'ms', lotan: times.click, baseline, by: 'ratio', bar }
  })
}
