import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SampleAt } from '../../../shared/store/samples.ts'
import { chartsOf, partWords } from './charts.ts'

const now = Date.UTC(2031, 0, 1, 15)
const MB = 1024 ** 2
const limits = { memory: 768 * MB, cpus: 1 }

/** One sample a minute, the last one now. */
function samples(of: Partial<SampleAt>[]): SampleAt[] {
  return of.map((sample, i) => ({ at: now - (of.length - 1 - i) * 60_000, memory: null, cpu: null, requests: 0, ...sample }))
} // prettier-ignore
const chart = (id: string, of: Partial<SampleAt>[], more = {}) =>
  chartsOf({ samples: samples(of), limits, now, ...more }).find((one) => one.id === id)!
const says = (id: string, of: Partial<SampleAt>[], more = {}) => {
  const { says, at } = chart(id, of, more)
  return says.replaceAll('\u00a0', ' ') + (at === null ? '' : ` ${(at - now) / 60_000}`)
}

test('each chart says its message in words', () => {
  const memory = (...values: number[]) => values.map((value) => ({ memory: value * MB }))
  const cpu = (...values: number[]) => values.map((value) => ({ cpu: value }))
  const requests = (...values: number[]) => values.map((value) => ({ requests: value }))
  const cases: [id: string, of: Partial<SampleAt>[], expected: string][] = [
    ['memory', [], 'Nothing was measured in this hour'],
    ['memory', [{ requests: 3 }], 'Nothing was measured in this hour'],
    ['memory', memory(71, 90, 104), 'Rose from 71 to 104 MB, a seventh of its limit'],
    ['memory', memory(400, 200), 'Fell from 400 to 200 MB, a quarter of its limit'],
    ['memory', memory(100, 104, 101), 'Near 101 MB, an eighth of its limit'],
    ['memory', memory(100, 500, 100), 'Near 100 MB, an eighth of its limit; at most 500 MB at -1'],
    ['memory', memory(0.5, 4), 'Rose from 512 kB to 4 MB, a small part of its limit'],
    ['memory', memory(768), 'Near 768 MB, all of its limit'],
    ['cpu', [], 'Nothing was measured in this hour'],
    ['cpu', cpu(0.01, 0.02, 0.01), 'Under 5 % all the time'],
    ['cpu', cpu(...Array<number>(9).fill(0.02), 0.61), 'Mostly under 5 %, at most 61 % at 0'],
    ['cpu', cpu(0.9, 0.95, 0.97), 'Under 100 % all the time'],
    ['requests', [], 'None in this hour'],
    ['requests', requests(3, 40, 2), '45 in this hour, most at -1'],
  ]
  for (const [id, of, expected] of cases) assert.equal(says(id, of), expected)
  assert.equal(
    says('cpu', [{ cpu: 1 }], { limits: { ...limits, cpus: 2 } }),
    'Under 55 % all the time',
    'of all the processors that it may use',
  )
})

test('parts of a limit have the names that people give them', () => {
  const cases: [number, string][] = [
    [1.2, 'all'], [0.97, 'all'], [0.88, 'nine tenths'], [0.74, 'three quarters'], [0.52, 'half'], [0.32, 'a third'],
    [0.142, 'a seventh'], [0.09, 'a tenth'], [0.04, 'a twentieth'], [0.01, 'a small part'], [0, 'a small part'],
  ] // prettier-ignore
  for (const [share, words] of cases) assert.equal(partWords(share), words, String(share))
})

test('what it takes now is what was measured last, and nothing where that is long ago', () => {
  const { now: value, of } = chart('memory', [{ memory: 104 * MB }])
  assert.deepEqual([value, of], ['104\u00a0MB', 'of 768\u00a0MB'])
  const old = [{ at: now - 10 * 60_000, memory: 104 * MB, cpu: 0.1, requests: 1 }]
  const [memory, cpu, requests] = chartsOf({ samples: old, limits, now })
  assert.deepEqual([memory!.now, cpu!.now, requests!.now], ['–', '–', '0'])
})

test('a line breaks where it did not run', () => {
  const at = (minutes: number) => ({ at: now - minutes * 60_000, memory: 5, cpu: null, requests: 0 })
  const { line } = chartsOf({ samples: [at(40), at(39), at(20), at(19)], limits, now })[0]!
  assert.equal(line.match(/M/g)!.length, 2)
  assert.match(line, /^M133\.3 \d+\.?\d*L140 /)
})

test('whatever was measured, a drawing stays in its frame', () => {
  const value = fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1e13, noNaN: true }))
  const sample = fc.record({ at: fc.integer({ min: now - 3_600_000, max: now }), memory: value, cpu: value, requests: fc.nat() })
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 70 }), (any) => {
      const ordered = any.toSorted((a, b) => a.at - b.at)
      for (const { line, area, says } of chartsOf({ samples: ordered, limits, now })) {
        assert.doesNotMatch(line + area + says, /NaN|Infinity|undefined|e[+-]/)
        for (const [, x, y] of line.matchAll(/([\d.-]+) ([\d.-]+)/g))
          assert.ok(Number(x) >= 0 && Number(x) <= 402 && Number(y) >= 0 && Number(y) <= 64, line)
      }
    }),
    { numRuns: 200 },
  )
}) // prettier-ignore
