/**
 * Hostile previews and hostile visitors beside a preview that behaves, which 100 requests a second visit all the while:
 * each of them gets its own answer, and Lotan's parts are the same processes after the attack.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startSteadyVisits, type Figures, type SteadyVisits } from '../../clients/steady-visits.ts'
import { kill } from '../../harness/docker.ts'
import { startLotan, type Lotan, type PartName } from '../../harness/lotan.ts'
import { familyOf, memoryOf } from '../../harness/processes.ts'
import { until } from '../../harness/until.ts'
import { buildApps } from '../../images/build.ts'
import { startImageRegistry, type Registry } from '../../registries/image-registry.ts'

export interface Attack {
  name: string
  /** The preview that attacks, or is attacked. */
  tag: string
  build: (reference: string) => Promise<void>
  /** It is left running: the next attack is this preview's too. */
  stays?: true
  /**
   * Begins, calls `measure` when it is at its worst, ends, and asserts what became of it. @returns that in words, with
   * what shows that the attack took place
   */
  run: (bed: Bed, measure: () => Promise<void>) => Promise<string>
}

export interface Bed {
  lotan: Lotan
  /** The tag of the preview that behaves. */
  neighbour: string
}

interface Times {
  /** Milliseconds that the neighbour is measured: before and after each attack, and meanwhile. */
  alone: number
  beside: number
  timeout: number
}

const NEIGHBOUR = 'good'
const PARTS: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']
/** Below a tenth of what comes by the clock: fewer come where the machine has no time for them. */
const LEAST_VISITS = 10
/** Milliseconds, and so often what it takes alone: far above what was ever seen, on a machine that does other things too. */
const MEDIAN_WITHIN = { ms: 2_000, times: 10 }
/** Bytes that all of Lotan's processes may take more under an attack. */
const MOST_GROWTH = 512e6

/** A test of each attack, one after the other beside the same neighbour. */
export function testContained(attacks: Attack[], times: Times): void {
  describe('a preview that is visited steadily', { timeout: times.timeout }, () => {
    let registry: Registry
    let lotan: Lotan
    let visits: SteadyVisits

    before(async () => {
      registry = await startImageRegistry()
      await buildApps(registry.repository, [NEIGHBOUR])
      const builds = new Map(attacks.map(({ tag, build }) => [tag, build]))
      for (const [tag, build] of builds) await build(`${registry.repository}:${tag}`)
      lotan = await startLotan({ repository: registry.repository, env: { LOTAN_CONTAINER_DISK: '300m' } })
      await lotan.click(NEIGHBOUR, '/plain')
      visits = startSteadyVisits(lotan, NEIGHBOUR)
      // The first answers of all parts are slower than the rest.
      await visits.measure(1_000)
    })
    after(async () => {
      await visits?.stop()
      await lotan?.stop()
      await registry?.close()
    })

    for (const { name, tag, run, stays } of attacks)
      test(`is served beside ${name}`, async (t) => {
        const parts = partsOf(lotan)
        visits.failures.length = 0
        const before = await visits.measure(times.alone)
        const memory = memoryOfLotan(lotan)
        let beside: Figures | undefined
        let grown = NaN
        const measure = async () => {
          beside = await visits.measure(times.beside)
          grown = memoryOfLotan(lotan) - memory
        }
        const seen = await run({ lotan, neighbour: NEIGHBOUR }, measure).finally(() => !stays && end(lotan, tag))
        const after = await visits.measure(times.alone)

        assert.ok(beside, 'it was measured')
        const { p50, p99, visits: count } = beside
        const alone = { p50: (before.p50 + after.p50) / 2, p99: (before.p99 + after.p99) / 2 }
        const ratio = (part: 'p50' | 'p99') => (beside![part] / alone[part]).toFixed(1)
        t.diagnostic(
          `p50 × ${ratio('p50')} (${p50.toFixed(1)} ms), p99 × ${ratio('p99')} (${p99.toFixed(1)} ms) of ${count} visits, ` +
            `${visits.failures.length} failures; Lotan has grown by ${(grown / 1e6).toFixed(0)} MB; ${seen}`,
        )
        assert.deepEqual(visits.failures, [])
        assert.ok(count >= LEAST_VISITS, `${count} visits`)
        assert.ok(p50 < MEDIAN_WITHIN.ms + MEDIAN_WITHIN.times * alone.p50, `${p50} ms`)
        assert.ok(grown < MOST_GROWTH, `Lotan has grown by ${grown} bytes`)
        assert.deepEqual(partsOf(lotan), parts, 'none of its parts was restarted')
        await lotan.ready()
      })
  })
}

function partsOf(lotan: Lotan): [PartName, number][] {
  return PARTS.map((name) => {
    const pid = lotan.part(name)
    assert.ok(pid, `${name} runs`)
    return [name, pid]
  })
}

/** Bytes, of all its processes, without what they share. */
function memoryOfLotan(lotan: Lotan): number {
  const pids = partsOf(lotan).flatMap(([, part]) => familyOf(part).map(({ pid }) => pid))
  return pids.reduce((sum, pid) => sum + ownMemory(pid), 0)
}

function ownMemory(pid: number): number {
  try {
    return memoryOf(pid).own
  } catch {
    // It has ended: a program that one of the parts ran.
    return 0
  }
}

/** Does not wait for the drain. */
async function end(lotan: Lotan, tag: string): Promise<void> {
  await lotan.api('POST', `/previews/${tag}/stop`)
  await until(`${tag} has ended`, async () => {
    const running = (await lotan.containers()).filter(
      ({ Labels, State }) => Labels['lotan.tag'] === tag && State === 'running',
    )
    for (const { Id } of running) await kill(Id).catch(() => {})
    return running.length === 0
  })
}
