/** What there is more of than before. */
import { rounded, type Finding, type Unit } from '../finding.ts'
import { added } from './open-files.ts'
import type { Parts } from './parts.ts'
import type { Stored } from './stored.ts'

export interface Holdings {
  parts: Parts
  /** Megabytes, by program. */
  heaps: Record<string, number>
  stored: Stored
}

export interface Sample {
  /** Since the traffic began. */
  minutes: number
  parts: Parts
}

/** Functions that are compiled as they are first needed come to 0.1 to 0.8 MB. */
const HEAP_MB = 2

interface Amount {
  name: string
  unit: Unit
  value: (of: Holdings) => number
  /** The most that there may be more of. */
  bar?: number
}

/** How much more there is at the end than there was before, both at rest, of what has a bar. */
export function growthOf(before: Holdings, end: Holdings): Finding[] {
  return amountsOf(end).flatMap(({ name, unit, value, bar }): Finding[] => {
    if (bar === undefined) return []
    const baseline = { name: 'before', values: [value(before)] }
    const held = { atLeast: bar, better: 'less' } as const
    return [{ question: `at rest: ${name}`, unit, lotan: [value(end)], baseline, by: 'difference', bar: held }]
  })
}

/** For the console: all amounts in each reading. */
export function tableOf(readings: Record<string, Holdings>): string {
  const names = Object.keys(readings)
  const row = (first: string, ...rest: string[]) => [first.padEnd(44), ...rest.map((one) => one.padStart(9))].join(' ')
  const rows = amountsOf(Object.values(readings).at(-1)!).map(({ name, unit, value }) =>
    row(name, ...Object.values(readings).map((reading) => rounded(value(reading))), unit),
  )
  return [row('', ...names), ...rows].join('\n')
}

function amountsOf({ parts, heaps, stored }: Holdings): Amount[] {
  return [
    ...Object.entries(parts).flatMap(([name, { routes }]): Amount[] => {
      const of = (holdings: Holdings) => holdings.parts[name]!
      const all: Amount[] = [
        { name: `${name}, open files`, unit: 'files', value: (held) => of(held).files.length, bar: 0 },
        { name: `${name}, sockets`, unit: 'sockets', value: (held) => of(held).sockets, bar: 0 },
        { name: `${name}, threads`, unit: 'threads', value: (held) => of(held).threads, bar: 0 },
        { name: `${name}, memory`, unit: 'MB', value: (held) => of(held).memory },
      ]
      const cached: Amount = { name: `${name}, cached routes`, unit: 'files', value: (held) => of(held).routes }
      return routes > 0 ? [...all, cached] : all
    }),
    ...Object.keys(heaps).map((name): Amount => ({
      name: `${name}, heap`,
      unit: 'MB',
      value: ({ heaps }) => heaps[name]!,
      bar: HEAP_MB,
    })),
    ...Object.entries(stored).map(([name, { unit }]): Amount => ({
      name,
      unit,
      value: ({ stored }) => stored[name]?.value ?? 0,
    })),
  ]
}

/** Under traffic, from a time on when all is warm. */
export function slopesOf(samples: Sample[]): Finding[] {
  const slope = (question: string, unit: Unit, value: (of: Parts) => number): Finding => ({
    question: `under traffic: ${question}`,
    unit,
    lotan: [slopeOf(samples.map(({ minutes, parts }) => [minutes, value(parts)]))],
    by: 'itself',
  })
  return Object.keys(samples[0]?.parts ?? {}).flatMap((name) => [
    slope(`${name}, open files`, 'files a minute', (parts) => parts[name]!.files.length),
    slope(`${name}, sockets`, 'sockets a minute', (parts) => parts[name]!.sockets),
    slope(`${name}, memory`, 'kB a minute', (parts) => parts[name]!.memory * 1_000),
  ])
}

/** What each part has open that it had not before, in words. */
export function stillOpen(before: Parts, now: Parts): string[] {
  return Object.entries(now).flatMap(([name, { files }]) =>
    added(before[name]!.files, files).map((file) => `${name}: ${file}`),
  )
}

/** Least squares. */
export function slopeOf(points: (readonly [x: number, y: number])[]): number {
  const mean = (values: number[]) => values.reduce((all, one) => all + one, 0) / values.length
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const above = points.reduce((all, [x, y]) => all + (x - mx) * (y - my), 0)
  const below = points.reduce((all, [x]) => all + (x - mx) ** 2, 0)
  return above / below
}
