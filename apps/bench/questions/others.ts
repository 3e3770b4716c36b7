/**
 * Beside 1, 50 and 200 previews that run and that no person visits: a cold click with the image here, against the
 * engine alone beside the same ones, and what Lotan itself takes of the machine meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { removeByHand } from '../../testing/harness/docker.ts'
import type { Lotan } from '../../testing/harness/lotan.ts'
import { until } from '../../testing/harness/until.ts'
import { withLotan, type Bed } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { clickOn, optionsOf, startAlone, untilSandboxesReady } from '../measure/engine-alone.ts'
import type { Finding } from '../measure/finding.ts'
import { databaseSize, emptyDatabaseSize, memoryOfSandboxes, whileIdle, type Idle } from '../measure/idle.ts'

const OTHERS = [1, 50, 200]
const ROUNDS = 7
const PAUSE_MS = 300
const SANDBOXES = 4
const STARTS_AT_ONCE = 4

const env = {
  LOTAN_SANDBOXES: String(SANDBOXES),
  LOTAN_SLOTS: '300',
  LOTAN_MAX_RUNNING: '290',
  // None is stopped meanwhile.
  INACTIVITY_STOP_TIMEOUT_MINUTES: '60',
  INACTIVITY_RMI_TIMEOUT_MINUTES: '120',
}

export const others: Bench = {
  asks: 'what many previews that run cost a click, and the machine',
  async run() {
    const running = numbered('o', Math.max(...OTHERS))
    const clicked = numbered('c', OTHERS.length * (ROUNDS + 1))
    const tags = [...running, ...clicked]
    return withLotan({ tags, listed: tags, env }, async (bed) => {
      const { lotan } = bed
      const findings = idleFindings(0, await whileIdle(lotan))
      for (const [i, count] of OTHERS.entries()) {
        await startAll(lotan, running.slice(OTHERS[i - 1] ?? 0, count))
        await until('the clicked ones are gone', () => lotan.store.list().length === count)
        await untilSandboxesReady(lotan, SANDBOXES)
        if (count > 1) findings.push(...idleFindings(count, await whileIdle(lotan)))
        findings.push(await clickBeside(bed, count, clicked.splice(0, ROUNDS + 1)))
      }
      findings.push({ question: 'a sandbox', unit: 'MB', lotan: await memoryOfSandboxes(lotan), by: 'itself' })
      return [...findings, await diskFinding(lotan, tags.length)]
    })
  },
}

async function startAll(lotan: Lotan, tags: string[]): Promise<void> {
  const left = [...tags]
  const startSome = async () => {
    for (let tag = left.shift(); tag !== undefined; tag = left.shift()) await clickOn(lotan, tag)
  }
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, startSome))
}

/** The clicked ones go again, so that the others are as many as is said. */
async function clickBeside({ lotan, image, alone }: Bed, count: number, tags: string[]): Promise<Finding> {
  const options = await optionsOf(lotan, 'o0')
  const times = await inRounds(
    { click: (round) => clickOn(lotan, tags[round]!), engine: () => startAlone(image, alone, options) },
    {
      rounds: ROUNDS,
      warmUp: 1,
      between: () => untilSandboxesReady(lotan, SANDBOXES).then(() => sleep(PAUSE_MS)),
    },
  )
  for (const tag of tags) await lotan.api('DELETE', `/previews/${tag}`)
  for (const id of alone.splice(0)) await removeByHand(id)
  return {
    question: `cold click beside ${count} other${count > 1 ? 's' : ''}`,
    unit: 'ms',
    lotan: times.click,
    baseline: { name: 'engine, beside the same', values: times.engine },
    by: 'ratio',
    bar: { atLeast: 0.7, aim: 0.5, better: 'less' },
  }
}

function idleFindings(count: number, { percentOfACore, megabytes }: Idle): Finding[] {
  return [
    {
      question: `Lotan idle, ${count} previews, processor`,
      unit: '% of a core',
      lotan: [percentOfACore],
      by: 'itself',
      bar: { atLeast: 0.5, better: 'less' },
    },
    { question: `Lotan idle, ${count} previews, memory`, unit: 'MB', lotan: [megabytes], by: 'itself' },
  ]
}

/** Of each that ever ran: the rows of its tag, its container and its history. */
async function diskFinding(lotan: Lotan, previews: number): Promise<Finding> {
  const bytes = (await databaseSize(lotan)) - emptyDatabaseSize()
  return { question: 'a preview in the database', unit: 'kB', lotan: [bytes / previews / 1_000], by: 'itself' }
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`)
}
