/**
 * A cold click whose image the engine does not have, held as a program's request is, against the engine's own pull,
 * create, start and first answer. Each measurement has an image of its own, published just before.
 */
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { publishSmall } from '../../testing/images/publish.ts'
import { withLotan, type Bed } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import {
  clickOn,
  optionsOf,
  pullAlone,
  startAlone,
  untilSandboxesReady,
  type Options,
} from '../measure/engine-alone.ts'
import type { Finding } from '../measure/finding.ts'

const SANDBOXES = 4
const PAUSE_MS = 500

/** `layers`: kilobytes of each, beside a base that the engine has. */
interface Pull {
  name: string
  question: string
  layers: number[]
  rounds: number
}

const whole: Pull = {
  name: 'whole',
  question: 'cold click, 100 MB to pull',
  layers: Array.from({ length: 5 }, () => 20_000),
  rounds: 6,
}
const top: Pull = { name: 'top', question: 'cold click, 5 MB to pull on known layers', layers: [5_000], rounds: 8 }

export const pulls: Bench = {
  asks: 'how long a cold click takes with the image not here, against the bare engine',
  run: () =>
    withLotan({ tags: ['first'], env: { LOTAN_SANDBOXES: String(SANDBOXES) } }, async (bed) => {
      await clickOn(bed.lotan, 'first')
      const options = await optionsOf(bed.lotan, 'first')
      return [await compare(bed, whole, options), await compare(bed, top, options)]
    }),
}

async function compare(bed: Bed, { name, question, layers, rounds }: Pull, options: Options): Promise<Finding> {
  const { lotan, registry, alone } = bed
  const publish = async (tag: string) => {
    const reference = `${registry.repository}:${tag}`
    await publishSmall(reference, tag, { ballast: layers })
    await untilQuiet(bed)
    return reference
  }
  const times = await inRounds(
    {
      async click(round) {
        const tag = `${name}-${round}`
        await publish(tag)
        return clickOn(lotan, tag)
      },
      async engine(round) {
        const reference = await publish(`${name}-alone-${round}`)
        const began = performance.now()
        await pullAlone(reference)
        await startAlone(reference, alone, options)
        return performance.now() - began
      },
    },
    { rounds, warmUp: 1 },
  )
  return {
    question,
    unit: 'ms',
    lotan: times.click,
    baseline: { name: 'engine, pull and start', values: times.engine },
    by: 'ratio',
    bar: { atLeast: 1, aim: 0.95, better: 'less' },
  }
}

/** What was published is on the disk, and no sandbox is being made. */
async function untilQuiet({ lotan }: Bed): Promise<void> {
  await promisify(execFile)('sync')
  await untilSandboxesReady(lotan, SANDBOXES)
  await sleep(PAUSE_MS)
}
