import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '../shared/disk-space.ts'
import { AT_ONCE } from '../shared/preview/generation.ts'
import { fresh, type Preview } from '../shared/preview/preview.ts'
import {
  fillers,
  isDue,
  keepRecent,
  lostBetween,
  overLimit,
  writersOf,
  type FirstSight,
  type Measurement,
  type Writer,
} from './writes.ts'

const now = 1_000_000_000
const MB = 1e6
const writer: Writer = { preview: 'red', generation: 1, container: 'c1', limit: '100m', runs: true }
const disk: Disk = { total: 10_000 * MB, free: 5_000 * MB, root: '/engine' }

/** A look so many seconds ago, which found so many megabytes. */
function look(ago: number, mb: number, facts: Partial<Measurement> = {}): Measurement {
  return { at: now - ago * 1_000, took: 10, bytes: mb * MB, lost: 0, ran: true, ...facts }
}

test('a container is looked at when the disk has lost what it may still write, and now and then', () => {
  const seen = (ago: number, lostMB = 0) => ({ at: now - ago * 1_000, lost: lostMB * MB })
  const cases: [what: string, last: Measurement | FirstSight, lostMB: number, due: boolean, facts?: { writer?: object; disk?: object | null }][] = [
    ['just started', seen(1), 0, false],
    ['just started, and as much was lost as it may write', seen(1), 105, true],
    ['that was lost before it was there', seen(1, 20), 100, false],
    ['its start is over', seen(5), 0, true],
    ['just started, and the disk cannot be measured', seen(1), 0, false, { disk: null }],
    ['nothing was lost', look(1, 0), 0, false],
    ['not yet as much as it may', look(1, 0), 90, false],
    ['as much as it may', look(1, 0), 105, true],
    ['as much as it may still write', look(1, 90), 20, true],
    ['lost before it was looked at', look(1, 90, { lost: 20 * MB }), 20, false],
    ['so little is always lost', look(1, 104.8), 0.9, false],
    ['a twentieth of what is free', look(1, 0), 30, true, { disk: { free: 500 * MB } }],
    ['a minute has passed, and little was lost', look(60, 0), 5.2, false],
    ['a minute has passed', look(60, 0), 5.3, true],
    ['ten minutes have passed', look(600, 0), 0, true],
    ['a minute has passed, and to look takes long', look(60, 0, { took: 5_000 }), 5.3, false],
    ['twenty times as long as it takes', look(100, 0, { took: 5_000 }), 5.3, true],
    ['much was lost, but to look takes long', look(5, 0, { took: 5_000 }), 1_000, false],
    ['much was lost, and half of the time has passed', look(10, 0, { took: 5_000 }), 1_000, true],
    ['the clock stepped back', look(-3_600, 0), 0, true],
    ['it rests, and has not been looked at since', look(60, 0), 0, true, { writer: { runs: false } }],
    ['it rests', look(600, 0, { ran: false }), 1_000, false, { writer: { runs: false } }],
    ['the disk cannot be measured', look(59, 0), 0, false, { disk: null }],
    ['the disk cannot be measured, and a minute has passed', look(60, 0), 0, true, { disk: null }],
  ] // prettier-ignore
  for (const [what, last, lostMB, due, facts = {}] of cases) {
    const of = { lost: lostMB * MB, disk: facts.disk === null ? undefined : { ...disk, ...facts.disk } }
    assert.equal(isDue({ ...writer, ...facts.writer }, last, of, now), due, what)
  }
})

test('who may write more than there is goes when it would soon have filled the disk', () => {
  const full = { ...disk, free: 1_000 * MB }
  const cases: [what: string, disk: Disk, looks: Measurement[], isFiller: boolean, runs?: false][] = [
    ['as much within 10 s as is still free', disk, [look(8, 0), look(0, 5_000)], true],
    ['not quite as much', disk, [look(8, 0), look(0, 4_900)], false],
    ['as much, but not so fast', disk, [look(30, 0), look(0, 5_000)], false],
    ['above the high mark, a quarter of that within a minute', full, [look(50, 0), look(0, 250)], true],
    ['not quite a quarter', full, [look(50, 0), look(0, 240)], false],
    ['a quarter, but not so fast', full, [look(100, 0), look(0, 250)], false],
    ['it wrote that long ago', full, [look(70, 0), look(61, 900), look(0, 905)], false],
    ['it removes files', full, [look(8, 900), look(0, 0)], false],
    ['how fast is not known yet', full, [look(0, 900)], false],
    ['it was never looked at', full, [], false],
    ['less than a hundredth of the disk is nothing', { ...disk, free: 0 }, [look(8, 0), look(0, 99)], false],
    ['a full disk', { ...disk, free: 0 }, [look(8, 0), look(0, 100)], true],
    ['it rests', full, [look(50, 0), look(0, 900)], false, false],
  ] // prettier-ignore
  for (const [what, disk, looks, isFiller, runs = true] of cases) {
    const found = fillers([{ writer: { ...writer, runs }, looks }], { disk, high: 85 })
    assert.equal(found.length === 1, isFiller, what)
  }
})

test('who has written the most goes first', () => {
  const of = (preview: string, mb: number) => ({ writer: { ...writer, preview }, looks: [look(9, 1), look(0, mb)] })
  const found = fillers([of('a', 400), of('b', 900), of('c', 50)], { disk: { ...disk, free: 1_000 * MB }, high: 85 })
  assert.deepEqual(found.map(({ writer }) => writer.preview), ['b', 'a']) // prettier-ignore
})

test('a limit is binary, as that of memory is', () => {
  const limit = 100 * 1024 ** 2
  assert.equal(overLimit(writer, { ...look(0, 0), bytes: limit }), undefined)
  assert.deepEqual(overLimit(writer, { ...look(0, 0), bytes: limit + 1 }), { writer, limit: '100m', bytes: limit + 1 })
})

test('files are lost room too, and what became free is not taken off', () => {
  const with_ = (free: number, inodes?: number) => ({ ...disk, free, ...(inodes !== undefined && { inodes }) })
  assert.equal(lostBetween(with_(900), with_(700)), 200)
  assert.equal(lostBetween(with_(700), with_(900)), 0)
  assert.equal(lostBetween(with_(700, 1_000), with_(900, 990)), 40_960)
  assert.equal(lostBetween(with_(700, 0), with_(700, 0)), 0)
})

test('looks of the last minute are kept, and one before them', () => {
  const looks = [look(200, 1), look(90, 2), look(59, 3), look(0, 4)]
  assert.deepEqual(keepRecent(looks, now), looks.slice(1))
  assert.deepEqual(keepRecent(looks.slice(2), now), looks.slice(2))
})

test('all containers of a preview may write, but for what rests and what is killed already', () => {
  const limits = { memory: '512m', cpus: 1, pids: 512, disk: '2g', diskMax: '3g' }
  const generation = { number: 1, container: 'c1', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
  const of = (state: string, facts: object = {}) =>
    writersOf({ repository: '', tag: 'red', image: null, retiring: [], state, generation, pending: null, ...facts } as never, { limits })
      .map(({ container, runs }) => `${container} ${runs ? 'runs' : 'rests'}`) // prettier-ignore
  assert.deepEqual(of('running'), ['c1 runs'])
  assert.deepEqual(of('starting'), ['c1 runs'])
  assert.deepEqual(of('stopping', { phase: 'draining' }), ['c1 runs'])
  assert.deepEqual(of('paused', { phase: 'draining' }), ['c1 runs'])
  assert.deepEqual(of('paused', { phase: 'frozen' }), ['c1 rests'])
  assert.deepEqual(of('stopped'), ['c1 rests'])
  assert.deepEqual(of('failed', { generation: undefined }), [])
  assert.deepEqual(of('starting', { generation: { ...generation, container: null } }), [])
  const pending = { ...generation, number: 2, container: 'c2' }
  const retiring = [{ ...generation, number: 0, container: 'c0', since: 5 }]
  assert.deepEqual(of('running', { pending, retiring }), ['c1 runs', 'c2 runs', 'c0 runs'])
  assert.deepEqual(of('running', { retiring: [{ ...retiring[0], since: AT_ONCE }] }), ['c1 runs'])
  const labelled = { repository: '', tag: 'red', state: 'running', generation, pending: null, retiring: [], image: { labels: { 'lotan.disk': '5g' } } } // prettier-ignore
  assert.deepEqual(writersOf(labelled as never, { limits })[0]!.limit, '3g')
})

test('services count with the generation that serves, and with no other', () => {
  const generation = { number: 2, container: 'c2', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
  const pending = { ...generation, number: 3, container: 'c3', slot: 2 }
  const preview = { ...fresh, repository: '', tag: 'red', since: 0, state: 'running', readyAt: 0, generation, pending }
  const services = [{ container: 'db' }, { container: null }]
  const found = writersOf(preview as Preview, { limits: { disk: '1g' } } as Parameters<typeof writersOf>[1], services)
  assert.deepEqual(
    found.map(({ container, services }) => [container, services]),
    [
      ['c2', ['db']],
      ['c3', undefined],
    ],
  )
})
