/** The last hour of a preview as drawings, each with its message in words. Pure. */
import type { SampleAt } from '../../../shared/store/samples.ts'
import { memory } from '../format.ts'

const HOUR = 60 * 60_000
const MINUTE = 60_000
const [WIDTH, HEIGHT, HEADROOM] = [400, 64, 6]
/** Between samples that are further apart it did not run. */
const GAP = 2.5 * MINUTE

export interface Chart {
  id: 'memory' | 'cpu' | 'requests'
  name: string
  /** What it is now, and what of: `104 MB`, `of 768 MB`. */
  now: string
  of: string
  /** Paths of SVG; empty where there is nothing to draw. */
  line: string
  area: string
  /** The message, without its full stop. `at`: the time that stands at its end, milliseconds since 1970. */
  says: string
  at: number | null
}

export interface ChartFacts {
  /** Of the last hour, oldest first. */
  samples: readonly SampleAt[]
  /** Bytes and processors. */
  limits: { memory: number; cpus: number }
  now: number
}

interface Point {
  at: number
  value: number
}

export function chartsOf(facts: ChartFacts): Chart[] {
  return [memoryChart(facts), cpuChart(facts), requestsChart(facts)]
}

function memoryChart({ samples, limits, now }: ChartFacts): Chart {
  const points = measured(samples, ({ memory }) => memory)
  const last = points.at(-1)
  const isNow = last !== undefined && now - last.at < GAP
  return {
    id: 'memory',
    name: 'Memory',
    now: isNow ? memory(last.value) : '–',
    of: `of ${memory(limits.memory)}`,
    ...drawn(points, now),
    ...memorySays(points, limits.memory),
  }
}

function memorySays(points: Point[], limit: number): Pick<Chart, 'says' | 'at'> {
  const [first, last, peak] = [points[0], points.at(-1), highest(points)]
  if (!first || !last || !peak) return { says: 'Nothing was measured in this hour', at: null }
  const part = `${partWords(last.value / limit)} of its limit`
  const change = (last.value - first.value) / Math.max(first.value, last.value, 1)
  const course =
    Math.abs(change) < 0.1
      ? `Near ${memory(last.value)}`
      : `${change > 0 ? 'Rose' : 'Fell'} from ${spanOf(first.value, last.value)}`
  if (peak.value <= 1.25 * Math.max(first.value, last.value)) return { says: `${course}, ${part}`, at: null }
  return { says: `${course}, ${part}; at most ${memory(peak.value)} at`, at: peak.at }
}

/** `71 to 104 MB`, `900 kB to 2 MB`. */
function spanOf(first: number, last: number): string {
  const [from, to] = [memory(first), memory(last)]
  const [, unit] = to.split('\u00a0')
  return `${from.endsWith(`\u00a0${unit}`) ? from.split('\u00a0')[0] : from} to ${to}`
}

const parts: [share: number, words: string][] = [
  [1, 'all'],
  [0.9, 'nine tenths'],
  [0.75, 'three quarters'],
  [2 / 3, 'two thirds'],
  [0.5, 'half'],
  [1 / 3, 'a third'],
  [0.25, 'a quarter'],
  [0.2, 'a fifth'],
  [1 / 6, 'a sixth'],
  [1 / 7, 'a seventh'],
  [1 / 8, 'an eighth'],
  [0.1, 'a tenth'],
  [0.05, 'a twentieth'],
]

/** The nearest of the parts that people name. */
export function partWords(share: number): string {
  if (!(share >= 0.035)) return 'a small part'
  const distance = (part: number) => Math.abs(Math.log(part / Math.min(share, 1)))
  return parts.reduce((best, one) => (distance(one[0]) < distance(best[0]) ? one : best))[1]
}

function cpuChart({ samples, limits, now }: ChartFacts): Chart {
  const points = measured(samples, ({ cpu }) => (cpu === null ? null : (cpu / limits.cpus) * 100))
  const last = points.at(-1)
  const isNow = last !== undefined && now - last.at < GAP
  return {
    id: 'cpu',
    name: 'CPU',
    now: isNow ? percent(last.value) : '–',
    of: `of ${limits.cpus} CPU${limits.cpus === 1 ? '' : 's'}`,
    ...drawn(points, now),
    ...cpuSays(points),
  }
}

function cpuSays(points: Point[]): Pick<Chart, 'says' | 'at'> {
  const peak = highest(points)
  if (!peak) return { says: 'Nothing was measured in this hour', at: null }
  const ordered = points.map(({ value }) => value).sort((a, b) => a - b)
  const mostly = ordered[Math.floor((ordered.length - 1) * 0.8)]!
  const under = Math.max(5, Math.ceil((mostly + 0.01) / 5) * 5)
  if (peak.value <= under) return { says: `Under ${percent(under)} all the time`, at: null }
  return { says: `Mostly under ${percent(under)}, at most ${percent(peak.value)} at`, at: peak.at }
}

/** A minute without a sample is one without a request. */
function requestsChart({ samples, now }: ChartFacts): Chart {
  const total = samples.reduce((sum, { requests }) => sum + requests, 0)
  const minutes = Array.from({ length: HOUR / MINUTE }, (_, i): Point => {
    const at = now - HOUR + (i + 1) * MINUTE
    const within = samples.filter((sample) => sample.at > at - MINUTE && sample.at <= at)
    return { at, value: within.reduce((sum, { requests }) => sum + requests, 0) }
  })
  const peak = highest(minutes)!
  const says = total === 0 ? 'None in this hour' : `${total} in this hour, most at`
  return {
    id: 'requests',
    name: 'Requests',
    now: String(minutes.at(-1)!.value),
    of: 'in the last minute',
    ...(total === 0 ? drawn([], now) : drawn(minutes, now)),
    says,
    at: total === 0 ? null : peak.at,
  }
}

function measured(samples: readonly SampleAt[], read: (sample: SampleAt) => number | null): Point[] {
  return samples.flatMap((sample) => {
    const value = read(sample)
    return value === null ? [] : [{ at: sample.at, value }]
  })
}

function highest(points: Point[]): Point | undefined {
  return points.reduce<Point | undefined>((most, one) => (!most || one.value > most.value ? one : most), undefined)
}

function percent(value: number): string {
  return `${Math.round(value)}\u00a0%`
}

/** From an hour ago at the left to now at the right. A gap breaks the line; a single point is a short one. */
function drawn(points: Point[], now: number): Pick<Chart, 'line' | 'area'> {
  const top = (highest(points)?.value ?? 0) * 1.1 || 1
  const x = ({ at }: Point) => rounded(Math.min(1, Math.max(0, (at - (now - HOUR)) / HOUR)) * WIDTH)
  const y = ({ value }: Point) => rounded(HEIGHT - 1 - (Math.max(0, value) / top) * (HEIGHT - HEADROOM))
  const runs: Point[][] = []
  for (const point of points) {
    const run = runs.at(-1)
    if (run && point.at - run.at(-1)!.at < GAP) run.push(point)
    else runs.push([point])
  }
  const paths = runs.map((run) => {
    const first = run[0]!
    const ends = run.length > 1 ? [] : [`${rounded(x(first) + 2)} ${y(first)}`]
    const line = `M${[...run.map((point) => `${x(point)} ${y(point)}`), ...ends].join('L')}`
    return { line, area: `${line}V${HEIGHT}H${x(first)}z` }
  })
  return { line: paths.map(({ line }) => line).join(''), area: paths.map(({ area }) => area).join('') }
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10
}
