/** The form of a metric: a family is all series of one name. */
import { ENDLESS } from '../../shared/preview/tally.ts'
import type { Facts } from './facts.ts'

type Type = 'gauge' | 'counter' | 'histogram'
/** With which process, or file, a counter begins at zero again. */
export type Since = 'router' | 'reaper' | 'database'

export interface Sample {
  /** Of the name: `_bucket`, `_sum` or `_count` of a histogram. */
  suffix?: string
  labels: Record<string, string>
  value: number
}

export interface Family {
  type: Type
  help: string
  labels: readonly string[]
  since: Since | null
  /** No sample where it is not known. */
  read: (facts: Facts) => Sample[]
}

/** @param read null: not known */
export function gauge(help: string, read: (facts: Facts) => number | null | undefined): Family {
  return { type: 'gauge', help, labels: [], since: null, read: (facts) => single(read(facts)) }
}

export function counter(help: string, since: Since, read: (facts: Facts) => number): Family {
  return { type: 'counter', help, labels: [], since, read: (facts) => single(read(facts)) }
}

type Labelled = [labels: readonly string[], value: number]

/** @param labels names @param read the values of the labels, in their order */
export function gauges(help: string, labels: readonly string[], read: (facts: Facts) => Labelled[]): Family {
  return { type: 'gauge', help, labels, since: null, read: (facts) => labelled(labels, read(facts)) }
}

export function counters(
  help: string,
  labels: readonly string[],
  since: Since,
  read: (facts: Facts) => Labelled[],
): Family {
  return { type: 'counter', help, labels, since, read: (facts) => labelled(labels, read(facts)) }
}

/** @param read each duration counted in one bucket alone, by its bound, as the store has it; null: not known */
export function histogram(
  help: string,
  bounds: readonly number[],
  read: (facts: Facts) => { counts: Record<string, number>; sum: number } | null,
): Family {
  return {
    type: 'histogram',
    help,
    labels: [],
    since: 'database',
    read(facts) {
      const found = read(facts)
      return found ? histogramOf(bounds, found) : []
    },
  }
}

/** Prometheus counts in each bucket what is in the smaller ones too. Bounds of an earlier version are in the next larger. */
function histogramOf(bounds: readonly number[], { counts, sum }: { counts: Record<string, number>; sum: number }) {
  const upTo = (bound: number) =>
    Object.entries(counts).reduce((all, [at, count]) => (Number(at.replace(ENDLESS, 'Infinity')) <= bound ? all + count : all), 0) // prettier-ignore
  const all = upTo(Infinity)
  const bucket = (le: string, value: number): Sample => ({ suffix: '_bucket', labels: { le }, value })
  return [
    ...bounds.map((bound) => bucket(String(bound), upTo(bound))),
    bucket(ENDLESS, all),
    { suffix: '_sum', labels: {}, value: sum },
    { suffix: '_count', labels: {}, value: all },
  ]
}

function single(value: number | null | undefined): Sample[] {
  return value === null || value === undefined ? [] : [{ labels: {}, value }]
}

function labelled(names: readonly string[], samples: Labelled[]): Sample[] {
  return samples.map(([values, value]) => ({
    labels: Object.fromEntries(names.map((name, i) => [name, values[i] ?? ''])),
    value,
  }))
}
