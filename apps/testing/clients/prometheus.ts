/** Reads what Prometheus reads (text format 0.0.4), and refuses what it, or `promtool check metrics`, would complain of. */

export interface Series {
  name: string
  labels: Record<string, string>
  value: number
}

export interface Exposed {
  type: string
  help: string
  series: Series[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/
const ESCAPES: Record<string, string> = { '\\n': '\n', '\\\\': '\\', '\\"': '"' }

/** @returns families by name @throws with the line that is wrong */
export function readMetrics(text: string): Map<string, Exposed> {
  const families = new Map<string, Exposed>()
  const seen = new Set<string>()
  let name = ''
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  for (const line of text.split('\n').filter(Boolean)) {
    const wrong = (what: string) => new Error(`${what}: ${line}`)
    const [, what, of = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (what === 'HELP') {
      if (families.has(of)) throw wrong('a family is told twice')
      families.set((name = of), { type: '', help: rest, series: [] })
    } else if (what === 'TYPE') {
      if (of !== name) throw wrong('a type without its help')
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw wrong('no type')
      families.get(name)!.type = rest
    } else {
      const family = families.get(name)
      if (!family?.type) throw wrong('a series without type')
      const series = readSeries(line)
      if (!series || !suffixesOf(family.type).some((suffix) => series.name === name + suffix)) throw wrong('no series')
      const key = `${series.name} ${JSON.stringify(Object.entries(series.labels).sort())}`
      if (seen.has(key)) throw wrong('a series is told twice')
      seen.add(key)
      family.series.push(series)
    }
  }
  for (const [name, family] of families) check(name, family)
  return families
}

function suffixesOf(type: string): string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
}

function readSeries(line: string): Series | undefined {
  const [, name = '', , inside = '', value = ''] = /^([^\s{]+)(\{(.*)\})? (\S+)$/.exec(line) ?? []
  const labels: Record<string, string> = {}
  for (let rest = inside; rest;) {
    const [whole, label, text = ''] = LABEL.exec(rest) ?? []
    if (whole === undefined || label! in labels) return undefined
    labels[label!] = text.replace(/\\["\\n]/g, (escape) => ESCAPES[escape]!)
    rest = rest.slice(whole.length)
  }
  return NAME.test(name) && Number.isFinite(Number(value)) ? { name, labels, value: Number(value) } : undefined
}

/** As promtool lints, and what the conventions say of units. */
function check(name: string, { type, help, series }: Exposed) {
  const wrong = (what: string) => new Error(`${name} ${what}`)
  if (!help) throw wrong('has no help')
  if (series.length === 0) throw wrong('has no series')
  if (/[A-Z]/.test(name) || /(^|_)(ms|milliseconds|minutes|mb|kb|percent)(_|$)/.test(name))
    throw wrong('has no base unit')
  if (type !== 'counter' && /_(total|count|bucket|sum)$/.test(name) && !name.startsWith('nodejs_heap_'))
    throw wrong('is called as a counter is')
  if (type === 'counter' && !name.endsWith('_total')) throw wrong('does not end in _total')
  if (type === 'counter' && series.some(({ value }) => value < 0)) throw wrong('is less than zero')
  if (type === 'histogram') checkHistogram(name, series)
  const labels = new Set(series.filter((each) => each.name === name).map((each) => Object.keys(each.labels).join()))
  if (labels.size > 1) throw wrong(`has series with other labels: ${[...labels].join(' | ')}`)
}

function checkHistogram(name: string, series: Series[]) {
  const buckets = series.filter((each) => each.name === `${name}_bucket`)
  const bounds = buckets.map(({ labels: { le } }) => Number(le!.replace('+Inf', 'Infinity')))
  const grows = (values: number[]) => values.every((value, i) => i === 0 || value >= values[i - 1]!)
  if (!grows(bounds) || !grows(buckets.map(({ value }) => value))) throw new Error(`${name} has buckets that shrink`)
  const count = series.find((each) => each.name === `${name}_count`)?.value
  if (bounds.at(-1) !== Infinity || count !== buckets.at(-1)!.value) throw new Error(`${name} has no whole count`)
  if (!series.some((each) => each.name === `${name}_sum`)) throw new Error(`${name} has no sum`)
}
