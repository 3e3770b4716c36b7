/**
 * A cold click, its image to be pulled, while 60 tags wait in line that a script has just added, against a click on such
 * a tag with none in line.
 */
import { publishSmall } from '../../testing/images/publish.ts'
import { until } from '../../testing/harness/until.ts'
import { withLotan, type Bed } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { clickOn, untilSandboxesReady } from '../measure/engine-alone.ts'

const ADDED = 60
const KILOBYTES = 2_000
const ROUNDS = 3
const SANDBOXES = 4
const env = { LOTAN_SLOTS: '200', LOTAN_MAX_RUNNING: '100', LOTAN_SANDBOXES: String(SANDBOXES) }

export const first: Bench = {
  asks: 'how long a cold click takes behind 60 tags that a script has added',
  onlyByName: true,
  run: () =>
    withLotan({ tags: ['first'], env }, async (bed) => {
      await clickOn(bed.lotan, 'first')
      const times = await inRounds(
        {
          async line(round) {
            const line = Array.from({ length: ADDED }, (_, i) => `line-${round}-${i}`)
            for (const tag of [...line, `click-${round}`]) await publish(bed, tag)
            await Promise.all(line.map((tag) => bed.lotan.api('POST', '/previews', { tag })))
            const time = await clickOn(bed.lotan, `click-${round}`)
            const up = line.filter((tag) => bed.lotan.store.get(tag)?.state === 'running').length
            console.log(`  ${time.toFixed(0)} ms, ${up} of ${ADDED} ran by then`)
            await goneAgain(bed, [...line, `click-${round}`])
            return time
          },
          async alone(round) {
            await publish(bed, `alone-${round}`)
            const time = await clickOn(bed.lotan, `alone-${round}`)
            await goneAgain(bed, [`alone-${round}`])
            return time
          },
        },
        { rounds: ROUNDS, between: () => untilSandboxesReady(bed.lotan, SANDBOXES) },
      )
      const question = `cold click behind ${ADDED} tags that a script added`
      return [
        { question, unit: 'ms', lotan: times.line, baseline: { name: 'alone', values: times.alone }, by: 'ratio' },
      ]
    }),
}

function publish({ registry }: Bed, tag: string): Promise<void> {
  return publishSmall(`${registry.repository}:${tag}`, tag, { ballast: [KILOBYTES] })
}

async function goneAgain({ lotan }: Bed, tags: string[]): Promise<void> {
  for (const tag of tags) await lotan.api('DELETE', `/previews/${tag}`)
  await until('all are gone', () => tags.every((tag) => lotan.store.get(tag) === undefined), { within: 180_000 })
}
