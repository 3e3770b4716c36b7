/**
 * A cold click with the image here, through nginx, against what the engine alone needs: create, start, first answer.
 * The engine runs twice: with the options of Lotan's containers (the difference is Lotan's) and with none (the
 * difference is the options').
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { withLotan } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { clickOn, optionsOf, startAlone, untilSandboxesReady } from '../measure/engine-alone.ts'
import type { Finding } from '../measure/finding.ts'

const ROUNDS = 12
const WARM_UP = 3
const PAUSE_MS = 300

export const cold: Bench = {
  asks: 'how long a cold click takes with the image here, against the bare engine',
  run: async () => [
    ...(await measure(4, 'cold click, image here', { atLeast: 0.6, aim: 0.45, better: 'less' })),
    ...(await measure(0, 'the same without sandboxes')),
  ],
}

async function measure(sandboxes: number, question: string, bar?: Finding['bar']): Promise<Finding[]> {
  const tags = ['first', ...Array.from({ length: ROUNDS + WARM_UP }, (_, i) => `c${i}`)]
  return withLotan({ tags, env: { LOTAN_SANDBOXES: String(sandboxes) } }, async ({ lotan, image, alone }) => {
    await clickOn(lotan, 'first')
    const options = await optionsOf(lotan, 'first')
    const times = await inRounds(
      {
        click: (round) => clickOn(lotan, `c${round}`),
        same: () => startAlone(image, alone, options),
        bare: () => startAlone(image, alone),
      },
      {
        rounds: ROUNDS,
        warmUp: WARM_UP,
        between: () => untilSandboxesReady(lotan, sandboxes).then(() => sleep(PAUSE_MS)),
      },
    )
    const against = (name: string, values: number[]) =>
      ({ unit: 'ms', lotan: times.click, baseline: { name, values }, by: 'ratio' }) as const
    return [
      { question, ...against('engine, the same options', times.same), bar },
      { question: `${question}, no options`, ...against('engine, its own network, no options', times.bare) },
    ]
  })
}
