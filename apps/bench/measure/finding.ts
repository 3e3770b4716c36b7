/** What a bench finds: a question, what each round measured, and the bar that the answer is held against. */
import { median, quantile, spread } from './figures.ts'

export interface Finding {
  /** As the report's table names it: `cold click, image here`. */
  question: string
  unit: Unit
  /** One measurement a round. */
  lotan: number[]
  /** What stands beside Lotan, measured in the same rounds. */
  baseline?: { name: string; values: number[] }
  /** What the rounds are compared by: Lotan divided by the baseline, Lotan less the baseline, or Lotan alone. */
  by: 'ratio' | 'difference' | 'itself'
  bar?: Bar
}

export type Unit = 'ms' | 's' | 'requests/s' | 'MB/s' | 'MB' | 'kB' | '% of a core' | Count | `${Count | 'kB'} a minute`

const counts = ['files', 'sockets', 'threads', 'rows', 'keys', 'pieces'] as const
export type Count = (typeof counts)[number]

export interface Bar {
  atLeast: number
  aim?: number
  better: 'less' | 'more'
}

export type Verdict = 'aim' | 'holds' | 'missed'

/** The compared value of each round. */
export function outcomes({ lotan, baseline, by }: Finding): number[] {
  if (by === 'itself') return lotan
  const values = baseline?.values ?? []
  if (values.length !== lotan.length) throw new Error(`${lotan.length} rounds, ${values.length} of the baseline`)
  return lotan.map((value, i) => (by === 'ratio' ? value / values[i]! : value - values[i]!))
}

/** @returns undefined where nothing is asked for */
export function verdict(finding: Finding): Verdict | undefined {
  const { bar } = finding
  if (!bar) return undefined
  const value = median(outcomes(finding))
  const holds = (line: number) => (bar.better === 'less' ? value <= line : value >= line)
  return holds(bar.aim ?? bar.atLeast) ? 'aim' : holds(bar.atLeast) ? 'holds' : 'missed'
}

/** `0.46×`, `+2.1 ms`, `31 ms`. */
export function inWords(value: number, { by, unit }: Pick<Finding, 'by' | 'unit'>): string {
  if (by === 'ratio') return `${value.toFixed(2)}×`
  const sign = by === 'difference' && value >= 0 ? '+' : ''
  const shown = counts.some((count) => count === unit) ? value.toFixed(0) : rounded(value)
  return `${sign}${shown}${unit.startsWith('%') ? unit : ` ${unit}`}`
}

/** Three digits, and none of them false: `0.46`, `4.6`, `460`, `46000`. */
export function rounded(value: number): string {
  const size = Math.abs(value)
  return value.toFixed(size < 1 ? 2 : size < 100 ? 1 : 0)
}

/** One line for the console. */
export function line(finding: Finding): string {
  const { question, unit, lotan, baseline, by, bar } = finding
  const values = outcomes(finding)
  const [low, high] = [0.1, 0.9].map((share) => inWords(quantile(values, share), finding))
  const beside = baseline ? `; ${baseline.name} ${spread(baseline.values, unit, digits(baseline.values))}` : ''
  const result = by === 'itself' ? '' : `: ${inWords(median(values), finding)} (${low} to ${high})`
  const held = bar ? `; bar ${inWords(bar.atLeast, finding)}: ${verdict(finding)}` : ''
  return `${question}: Lotan ${spread(lotan, unit, digits(lotan))}${beside}${result}${held}`
}

function digits(values: number[]): number {
  return Math.abs(median(values)) < 1 ? 2 : Math.abs(median(values)) < 100 ? 1 : 0
}
