/** Four Lotans side by side, whose registries list 10 to 100 000 tags: what is asked of each in turn. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openPass } from '../../reaper/pass.ts'
import { openSync } from '../../reaper/sync-tags.ts'
import { openEngine } from '../../shared/engine/engine.ts'
import { openRegistry } from '../../shared/registry/registry.ts'
import type { Lotan } from '../../testing/harness/lotan.ts'
import { buildFast } from '../../testing/images/build.ts'
import { openBed } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { clickOn, untilSandboxesReady } from '../measure/engine-alone.ts'
import { median } from '../measure/figures.ts'
import type { Bar, Finding } from '../measure/finding.ts'
import { databaseSize, emptyDatabaseSize } from '../measure/idle.ts'
import { rate } from '../measure/rate.ts'
import { NAMELESS } from '../../shared/preview/preview-id.ts'

const FEW = 10
const MANY = [1_000, 10_000, 100_000]
const ROUNDS = 8
const PAUSE_MS = 300
const SANDBOXES = 2
const PAGES = 10

type ByCount = Record<string, Lotan>

export const tags: Bench = {
  asks: 'what the number of tags that the registry lists costs',
  async run() {
    const clicked = Array.from({ length: ROUNDS + 1 }, (_, i) => `c${i}`)
    const beds = []
    const lotans: ByCount = {}
    try {
      for (const count of [FEW, ...MANY]) {
        // The image itself has a tag, too.
        const others = Array.from({ length: count - 1 - clicked.length }, (_, i) => `known-${i}`)
        const bed = await openBed({ tags: clicked, listed: [...clicked, ...others], env })
        beds.push(bed)
        lotans[count] = bed.lotan
        await buildFast(`${bed.registry.repository}:fast`)
        await clickOn(bed.lotan, 'fast')
      }
      return await measure(lotans, clicked)
    } finally {
      for (const bed of beds) await bed.close()
    }
  },
}

const env = { LOTAN_SANDBOXES: String(SANDBOXES), LOTAN_CONTAINER_CPUS: '2' }
const noLess: Bar = { atLeast: 0.95, better: 'more' }
const noMore: Bar = { atLeast: 1 / 0.95, better: 'less' }
const second: Bar = { atLeast: 1_000, better: 'less' }

async function measure(lotans: ByCount, clicked: string[]): Promise<Finding[]> {
  const warm = (lotan: Lotan) => rate(lotan.port, lotan.host('fast'), { seconds: 1 })
  const cold = async (lotan: Lotan, round: number) => {
    await untilSandboxesReady(lotan, SANDBOXES)
    await sleep(PAUSE_MS)
    return clickOn(lotan, clicked[round]!)
  }
  return [
    ...(await compare(lotans, 'warm requests', 'requests/s', warm, noLess)),
    ...(await compare(lotans, 'cold click', 'ms', cold, noMore)),
    ...(await compare(lotans, 'admin page', 'ms', (lotan) => pageTime(lotan, '/'), noMore)),
    ...(await compare(lotans, 'list of the API', 'ms', (lotan) => pageTime(lotan, '/api/v1/previews'), noMore)),
    ...(await compare(
      lotans,
      'a page of tags by the API',
      'ms',
      (lotan) => pageTime(lotan, '/api/v1/tags?limit=10'),
      noMore,
    )),
    ...(await compare(lotans, 'all tags by the API', 'ms', (lotan) => pageTime(lotan, '/api/v1/tags', 1))),
    ...(await timeReaper(lotans, 'reaper pass', passOf)),
    ...(await timeReaper(lotans, "registry's list read", syncOf)),
    await diskFinding(lotans),
  ]
}

/** Each of many against few. */
async function compare(
  lotans: ByCount,
  question: string,
  unit: Finding['unit'],
  measure: (lotan: Lotan, round: number) => Promise<number>,
  bar?: Bar,
): Promise<Finding[]> {
  const values = await inEach(lotans, (lotan) => (round) => measure(lotan, round))
  return MANY.map((count) => ({
    question: `${question}, ${count} known tags`,
    unit,
    lotan: values[count]!,
    baseline: { name: `${FEW} known tags`, values: values[FEW]! },
    by: 'ratio',
    bar,
  }))
}

/** What the reaper does in its process, here. */
async function timeReaper(
  lotans: ByCount,
  question: string,
  open: (lotan: Lotan) => () => Promise<unknown>,
): Promise<Finding[]> {
  const values = await inEach(lotans, (lotan) => {
    const pass = open(lotan)
    return async () => {
      const began = performance.now()
      await pass()
      return performance.now() - began
    }
  })
  return [FEW, ...MANY].map((count) => ({
    question: `${question}, ${count} known tags`,
    unit: 'ms',
    lotan: values[count]!,
    by: 'itself',
    bar: second,
  }))
}

function inEach(lotans: ByCount, open: (lotan: Lotan) => (round: number) => Promise<number>) {
  const measurements = Object.entries(lotans).map(([count, lotan]) => [count, open(lotan)] as const)
  return inRounds(Object.fromEntries(measurements), { rounds: ROUNDS, warmUp: 1 })
}

/** The median of some requests in a row. */
async function pageTime({ ask, domain, port, token }: Lotan, path: string, pages = PAGES): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < pages; i++) {
    const began = performance.now()
    const { status } = await ask({ host: `${domain}:${port}`, path, headers: { Authorization: `Bearer ${token}` } })
    if (status !== 200) throw new Error(`${path} answered ${status}`)
    times.push(performance.now() - began)
  }
  return median(times)
}

function passOf({ config, store }: Lotan): () => Promise<unknown> {
  const engine = openEngine(config)
  // Lotan itself carries out what is due.
  const reap = { applyAll: () => Promise.resolve(true) }
  const pass = openPass({
    config,
    store,
    reap,
    connections: { isOpen: () => true, knownUntil: Date.now },
    wasStepped: () => false,
  })
  return async () => pass(await engine.list(), Date.now())
}

function syncOf({ config, store }: Lotan): () => Promise<unknown> {
  const registry = openRegistry({ ...config, repository: config.repositories[0]!.reference })
  return openSync({ config, repository: NAMELESS, store, nudges: { prepull: () => Promise.resolve() }, registry })
}

async function diskFinding(lotans: ByCount): Promise<Finding> {
  const most = Math.max(...MANY)
  const bytes = (await databaseSize(lotans[most]!)) - emptyDatabaseSize()
  return { question: 'a known tag in the database', unit: 'kB', lotan: [bytes / most / 1_000], by: 'itself' }
}
