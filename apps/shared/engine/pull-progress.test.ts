import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  advance,
  beginning,
  furthest,
  isTold,
  progressOf,
  sizesByLayer,
  together,
  type PullFrame,
  type Sizes,
} from './pull-progress.ts'
import type { Progress } from '../preview/start-times.ts'
import { assertForwards } from '../../testing/registries/progress.ts'

const frame = (id: string, status: string, current?: number, total?: number): PullFrame => ({
  id,
  status,
  progressDetail: current === undefined ? {} : { current, ...(total === undefined ? {} : { total }) },
})

const last: PullFrame = { status: 'Status: Downloaded newer image for 127.0.0.1:5000/todowrangler:red' }

function after(frames: PullFrame[], sizes?: Sizes) {
  return progressOf(frames.reduce(advance, beginning(sizes)))
}

test('a pull is as far as its frames say', () => {
  const cases: [what: string, frames: PullFrame[], progress: [number, number, number, number, number]][] = [
    ['nothing told', [], [0, 0, 0, 0, 0]],
    ['the tag is no layer', [frame('red', 'Pulling from todowrangler')], [0, 0, 0, 0, 0]],
    ['two layers, none begun', [frame('a', 'Pulling fs layer'), frame('b', 'Waiting')], [0, 0, 2, 0, 0]],
    ['half a download', [frame('a', 'Pulling fs layer'), frame('a', 'Downloading', 50, 100)], [50, 100, 1, 0, 37]],
    ['a whole download', [frame('a', 'Downloading', 50, 100), frame('a', 'Download complete')], [100, 100, 1, 0, 75]],
    ['half unpacked', [frame('a', 'Downloading', 9, 100), frame('a', 'Extracting', 50, 100)], [100, 100, 1, 0, 87]],
    ['unpacked, not yet complete', [frame('a', 'Extracting', 100, 100)], [100, 100, 1, 0, 99]],
    [
      'every layer so far is complete',
      [frame('a', 'Extracting', 100, 100), frame('a', 'Pull complete')],
      [100, 100, 1, 1, 99],
    ],
    ['all here already', [frame('a', 'Already exists'), frame('b', 'Already exists')], [0, 0, 2, 2, 0]],
    ['the engine’s last word', [frame('a', 'Already exists'), last], [0, 0, 1, 1, 100]],
    [
      'layers that are here cost nothing, but count as done',
      [frame('a', 'Already exists'), frame('b', 'Downloading', 50, 100)],
      [50, 100, 2, 1, 37],
    ],
    [
      'a layer of unknown size weighs as much as the others',
      [frame('b', 'Waiting'), frame('a', 'Downloading', 100, 100), frame('a', 'Pull complete')],
      [100, 100, 2, 1, 50],
    ],
    [
      'layers too small to be told of weigh nothing',
      [
        frame('big', 'Pulling fs layer'),
        ...['b', 'c', 'd'].flatMap((id) => [frame(id, 'Pulling fs layer'), frame(id, 'Download complete')]),
        frame('big', 'Downloading', 40, 1_000),
      ],
      [40, 1_000, 4, 0, 3],
    ],
    ['nothing but such layers', [frame('a', 'Download complete'), frame('a', 'Pull complete')], [0, 0, 1, 1, 0]],
    [
      'a retry that begins at 0 takes nothing back',
      [frame('a', 'Downloading', 80, 100), frame('a', 'Retrying in 5 seconds'), frame('a', 'Downloading', 1, 100)],
      [80, 100, 1, 0, 60],
    ],
    ['a download without a known size', [frame('a', 'Downloading', 80, -1)], [80, 80, 1, 0, 0]],
  ]
  for (const [what, frames, [bytes, total, layers, layersDone, percent]] of cases) {
    const { phase } = after(frames)
    assert.deepEqual(after(frames), { bytes, total, layers, layersDone, percent, ...(phase && { phase }) }, what)
  }
})

test('it is unpacking once all that there is to fetch is here', () => {
  const two = [frame('a', 'Pulling fs layer'), frame('b', 'Pulling fs layer')]
  const first = [...two, frame('a', 'Downloading', 100, 100), frame('a', 'Extracting', 50, 100)]
  const cases: [what: string, frames: PullFrame[], phase: Progress['phase']][] = [
    ['nothing told', [], undefined],
    ['all is here already', [frame('a', 'Already exists')], undefined],
    ['announced', two, 'downloading'],
    ['one is unpacked beside another’s download', [...first, frame('b', 'Downloading', 99, 100)], 'downloading'],
    ['the last byte is here', [...first, frame('b', 'Download complete')], 'unpacking'],
    ['beside a layer that was here', [frame('b', 'Already exists'), ...first.slice(2)], 'unpacking'],
    ['done', [...first, frame('a', 'Pull complete'), frame('b', 'Pull complete'), last], 'unpacking'],
  ]
  for (const [what, frames, phase] of cases) assert.equal(after(frames).phase, phase, what)
})

test('where the manifest is known the total stands from the first byte on', () => {
  const hex = (digit: string) => digit.repeat(64)
  const layers = ['a', 'b', 'c'].map((digit) => `sha256:${hex(digit)}`)
  const [a, b, c] = layers.map((digest) => digest.slice(7, 19)) as [string, string, string]
  const sizes = sizesByLayer({ layers, sizes: [60e6, 120e6, 61e6] })
  const frames = [
    frame('pr-1', 'Pulling from team/app'),
    frame(a, 'Already exists'),
    frame(b, 'Pulling fs layer'),
    frame(c, 'Pulling fs layer'),
    frame(c, 'Waiting'),
    frame(b, 'Downloading', 60e6, 120e6),
    frame(b, 'Download complete'),
    frame(c, 'Downloading', 30.5e6, 61e6),
    frame(c, 'Verifying Checksum'),
    frame(b, 'Extracting', 60e6, 120e6),
    frame(b, 'Pull complete'),
    frame(c, 'Pull complete'),
    last,
  ]
  let pulling = beginning(sizes)
  const told: Progress[] = []
  for (const frame of frames) {
    pulling = advance(pulling, frame)
    if (isTold(pulling)) told.push(progressOf(pulling))
  }
  const totals = [0, 0, 0, 60e6, 120e6, 150.5e6, 181e6, 181e6, 181e6, 181e6, 181e6].slice(1)
  assert.deepEqual(
    told.map(({ total }) => total),
    totals.map(() => 181e6),
  )
  assert.deepEqual(
    told.map(({ bytes }) => bytes),
    totals,
  )
  assert.deepEqual(
    told.map(({ percent }) => percent),
    [0, 0, 24, 49, 62, 75, 83, 91, 99, 100],
  )
})

test('percent never goes backwards, though layers become known late', () => {
  const frames = [
    frame('a', 'Downloading', 90, 100),
    frame('b', 'Pulling fs layer'),
    frame('b', 'Downloading', 1, 100_000),
    frame('a', 'Pull complete'),
    frame('c', 'Already exists'),
    frame('b', 'Downloading', 90_000, 100_000),
    frame('b', 'Pull complete'),
    last,
  ]
  const percents: number[] = []
  frames.reduce((pulling, next) => {
    const then = advance(pulling, next)
    percents.push(progressOf(then).percent)
    return then
  }, beginning())
  assert.deepEqual(
    percents,
    [...percents].sort((a, b) => a - b),
  )
  assert.equal(percents.at(-1), 100)
})

const numbers = fc.oneof(fc.integer({ min: -1, max: 200 }), fc.constantFrom(0, 5e9))
const frames = fc.array(
  fc.record(
    {
      id: fc.constantFrom('a', 'b', 'c', 'red'),
      status: fc.constantFrom(
        'Pulling from todowrangler',
        'Pulling fs layer',
        'Waiting',
        'Already exists',
        'Downloading',
        'Retrying in 5 seconds',
        'Verifying Checksum',
        'Download complete',
        'Extracting',
        'Pull complete',
        'Status: Downloaded newer image',
        '',
      ),
      progressDetail: fc.record({ current: numbers, total: numbers }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 30 },
)

test('whatever the engine says, and in whatever order, nothing of a pull runs backwards', () => {
  fc.assert(
    fc.property(frames, (frames) => {
      let pulling = beginning()
      const steps = frames.map((frame) => progressOf((pulling = advance(pulling, frame))))
      assertForwards(steps, ['bytes', 'layers', 'layersDone', 'percent'])
      for (const { bytes, total, layers, layersDone, percent } of steps)
        assert.ok(bytes >= 0 && bytes <= total && layersDone <= layers && percent >= 0 && percent <= 100)
    }),
    { numRuns: 2_000 },
  )
})

test('nor does it when it is tried again, however often', () => {
  fc.assert(
    fc.property(fc.array(frames, { minLength: 1, maxLength: 4 }), (tries) => {
      let told: Progress | null = null
      const steps: Progress[] = []
      for (const frames of tries) {
        let pulling = beginning()
        for (const frame of frames) {
          pulling = advance(pulling, frame)
          steps.push((told = furthest(told, progressOf(pulling))))
        }
      }
      assertForwards(steps)
      for (const [i, { phase, total }] of steps.slice(1).entries())
        if (steps[i]!.phase === 'unpacking' && phase !== 'unpacking') assert.ok(total > steps[i]!.total)
      for (const { bytes, total, layers, layersDone } of steps) assert.ok(bytes <= total && layersDone <= layers)
    }),
    { numRuns: 2_000 },
  )
})

test('several pulls side by side are told as one, each by its weight, and nothing runs backwards', () => {
  const at = (percent: number, phase?: Progress['phase']): Progress => ({
    ...{ bytes: percent, total: 100, layers: 2, layersDone: 1, percent },
    ...(phase && { phase }),
  })
  const big = { weight: 300, progress: at(20, 'downloading') }
  assert.deepEqual(together([big, { weight: 100, progress: at(100, 'unpacking') }]), {
    ...{ bytes: 120, total: 200, layers: 4, layersDone: 2, percent: 40, phase: 'downloading' },
  })
  // What nothing was told of yet may have bytes to fetch.
  assert.equal(
    together([
      { weight: 1, progress: at(90, 'unpacking') },
      { weight: 1, progress: null },
    ]).phase,
    'downloading',
  )
  assert.equal(
    together([
      { weight: 1, progress: at(90, 'unpacking') },
      { weight: 1, progress: at(100) },
    ]).phase,
    'unpacking',
  )
  assert.equal(together([{ weight: 0, progress: null }]).percent, 0)
  for (let percent = 0; percent <= 100; percent++)
    assert.deepEqual(
      together([{ weight: 333_333_333_333, progress: at(percent) }]),
      at(percent),
      'one alone is told as it is',
    )
  const steps = fc.array(fc.tuple(fc.nat(2), frames), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(steps, fc.array(fc.nat(1e9), { minLength: 3, maxLength: 3 }), (happened, weights) => {
      const parts = weights.map((weight) => ({ weight, progress: null as Progress | null }))
      let told: Progress | null = null
      const seen: Progress[] = []
      for (const [i, frames] of happened) {
        let pulling = beginning()
        for (const frame of frames) {
          pulling = advance(pulling, frame)
          parts[i]!.progress = furthest(parts[i]!.progress, progressOf(pulling))
          seen.push((told = furthest(told, together(parts))))
        }
      }
      assertForwards(seen)
      for (const { percent } of seen) assert.ok(Number.isInteger(percent) && percent <= 100)
    }),
    { numRuns: 500 },
  )
})

test('a pull that goes on where another was left ends whole', () => {
  const both = [frame('a', 'Pulling fs layer'), frame('b', 'Pulling fs layer')]
  const begun = [...both, frame('b', 'Downloading', 40, 200), frame('a', 'Downloading', 80, 100)]
  const left = after([...begun, frame('a', 'Pull complete')])
  assert.deepEqual(left, { bytes: 140, total: 300, layers: 2, layersDone: 1, percent: 43, phase: 'downloading' })
  const again = [frame('a', 'Already exists'), frame('b', 'Downloading', 100, 200)]
  assert.deepEqual(furthest(left, after(again)), left)
  const end = after([...again, frame('b', 'Pull complete'), last])
  assert.deepEqual(furthest(left, end), {
    ...{ bytes: 300, total: 300, layers: 2, layersDone: 2, percent: 100, phase: 'unpacking' },
  })
  assert.deepEqual(furthest(null, left), left)
  assert.deepEqual(furthest({ ...left, waitsFor: 'room' }, left), left)
})
