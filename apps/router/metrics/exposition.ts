/** The text that Prometheus reads. prom-client is loaded with the first scrape: who has none starts without it. */
import type { Facts } from './facts.ts'
import { families } from './families.ts'
import type { Family, Sample } from './family.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export async function exposition(facts: Facts): Promise<string> {
  const { Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const registers = [registry]
  for (const [name, family] of Object.entries(families)) {
    const { type, help, labels } = family
    const samples = family.read(facts)
    if (samples.length === 0) continue
    const of = { name, help, labelNames: labels, registers }
    if (type === 'gauge') {
      const gauge = new Gauge(of)
      for (const { labels, value } of samples) gauge.set(labels, value)
    } else if (type === 'counter') {
      const counter = new Counter(of)
      for (const { labels, value } of samples) counter.inc(labels, value)
    } else registry.registerMetric(histogram(name, family, samples) as unknown as InstanceType<typeof Gauge>)
  }
  return registry.metrics()
}

/** prom-client's own takes durations one by one, and these are counted already, in the database. */
function histogram(name: string, { help }: Family, samples: Sample[]) {
  const values = samples.map(({ suffix = '', labels, value }) => ({ metricName: name + suffix, labels, value }))
  return { name, get: () => Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' }) }
}
