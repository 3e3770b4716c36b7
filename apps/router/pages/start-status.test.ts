import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { In, Preview } from '../../shared/preview/preview.ts'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import type { Full } from '../words/full-words.ts'
import { startStatusOf, type StartStatus } from './start-status.ts'

const now = 1_800_000_000_000
const base = {
  repository: '',
  tag: 'red',
  since: now - 5_000,
  change: 1,
  lastSeen: now - 5_000,
  image: null,
  generations: 0,
  stages: { queued: now - 6_000 },
  took: {},
  crashes: 0,
  notices: [],
  retiring: [],
  rejectedImage: null,
  update: null,
  refreshes: 0,
  waiter: null,
  pin: null,
  removeAt: null,
  request: null,
}
const image = { id: 'sha256:a', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [80] }
const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'sha256:a', digest: null, port: 80 }
const exited: Reason = { code: 'exited', detail: 'SECRET', exitCode: 1 }

const queued: In<'queued'> = {
  ...base,
  state: 'queued',
  phase: 'start',
  generation: null,
  notBefore: 0,
  by: 'visit',
  reason: null,
}
const progress = { bytes: 31_400_000, total: 50_600_000, layers: 7, layersDone: 4, percent: 62.9 }
const pulling: In<'pulling'> = {
  ...base,
  state: 'pulling',
  stages: { queued: now - 6_000, pulling: now - 5_600 },
  progress,
}
const starting: In<'starting'> = {
  ...base,
  image,
  state: 'starting',
  stages: { queued: now - 6_000, starting: now - 5_900 },
  generation,
}
const waiting = {
  ...starting,
  stages: { queued: now - 14_000, pulling: now - 13_600, starting: now - 5_200, waiting: now - 4_600 },
}
const stopping: In<'stopping'> = {
  ...base,
  image,
  stages: { queued: now - 900_000, pulling: now - 890_000, running: now - 800_000 },
  state: 'stopping',
  generation,
  why: 'idle',
  phase: 'endingToRestart',
}

const told = (preview: Preview | undefined, ahead = 0, missing = false) =>
  plain(
    startStatusOf(preview, {
      id: 'red',
      ahead,
      full: null,
      missing,
      recentDurations: { pullRate: [], start: [] },
      now,
    }),
  )
/** Spaces that do not break are as good as spaces here. */
const plain = (value: StartStatus): StartStatus => JSON.parse(JSON.stringify(value).replaceAll('\u00a0', ' '))
const rows = ({ stages }: StartStatus) => stages.map(({ mark, text, from }) => [mark, from ?? text])

describe('what is told of a start', () => {
  const table: [string, Preview, number, Partial<StartStatus>][] = [
    [
      'queued, alone',
      queued,
      0,
      {
        stage: 'queued',
        position: 1,
        soFar: 6_000,
        usual: null,
        percent: null,
        bar: 0,
        over: null,
        title: '1st in line · red',
        status: 'It opens here by itself. It is next.',
        usually: '',
        about: 'It was not here yet; your click fetches and starts it.',
      },
    ],
    [
      'queued, third',
      { ...queued, took: { pull: 8_400, start: 2_900 } },
      2,
      {
        position: 3,
        line: '3rd in line',
        status: 'It opens here by itself. 2 previews start before it.',
        usual: null,
        usually: '',
      },
    ],
    [
      'queued, with its image here',
      { ...queued, image, took: { pull: 8_400, start: 400 } },
      1,
      {
        usual: 400,
        usually: 'usually under 1 s',
        status: 'It opens here by itself. 1 preview starts before it.',
        about: 'It was asleep because it was not in use; your click wakes it.',
      },
    ],
    [
      'queued again after it exited while starting',
      { ...queued, by: 'retry', crashes: 1, reason: exited, notBefore: now + 500 },
      0,
      {
        position: null,
        bar: null,
        line: 'Trying again',
        status: 'It stopped while starting; trying again, 2nd of 3.',
        about: 'It stopped by itself; Lotan starts it again.',
      },
    ],
    [
      'queued again after it crashed while running',
      { ...queued, by: 'reaper', crashes: 1, reason: exited },
      0,
      { status: 'It stopped by itself; it starts again, and opens here.' },
    ],
    [
      'queued again after the registry was down',
      { ...queued, by: 'retry', reason: { code: 'registry-down', detail: 'SECRET' } },
      0,
      { status: 'The last try failed: the registry does not answer. Trying again.' },
    ],
    [
      'pulling, first time',
      pulling,
      0,
      {
        stage: 'pulling',
        percent: 62,
        bar: 62,
        bytes: 31_400_000,
        total: 50_600_000,
        layers: 7,
        layersDone: 4,
        title: '62 % · red',
        line: '62 %',
        aside: '4 of 7 layers',
        status: 'It opens here by itself.',
        usual: null,
      },
    ],
    [
      'pulling, before the engine says anything',
      { ...pulling, progress: null },
      0,
      { percent: null, bar: null, bytes: null, line: 'Pulling', title: 'Pulling · red', aside: '' },
    ],
    [
      'pulling, but for want of room not yet',
      { ...pulling, progress: { ...progress, waitsFor: 'room' } },
      0,
      {
        stage: 'pulling',
        percent: null,
        bar: null,
        line: 'Waiting for room',
        title: 'Waiting for room · red',
        aside: '',
        status:
          'There is no room for its image on the disk yet. It is pulled as soon as there is, and opens here by itself.',
      },
    ],
    [
      'starting',
      starting,
      0,
      { stage: 'starting', bar: null, line: 'Starting', status: 'Its container starts, and it opens here by itself.' },
    ],
    [
      'waiting for the first answer',
      { ...waiting, took: { pull: 8_400, start: 3_600 } },
      0,
      {
        stage: 'waiting',
        soFar: 14_000,
        usual: 12_000,
        line: 'Almost there',
        title: 'Starting · red',
        status: 'It runs, and opens here with its first answer.',
      },
    ],
    [
      'waiting for it on one port, while it listens on others',
      {
        ...waiting,
        notices: [{ code: 'elsewhere', port: 80, listens: ['0.0.0.0:3000', '[::]:3000', '0.0.0.0:9229'] }],
      },
      0,
      {
        stage: 'waiting',
        status: 'It runs, and listens on ports 3000, 9229. Lotan waits for its first answer on port 80.',
      },
    ],
    [
      'waiting for an engine that is away',
      { ...queued, notBefore: now + 5_000, by: 'retry', reason: { code: 'engine-down', detail: 'connect SECRET' } },
      0,
      {
        stage: 'queued',
        over: null,
        position: null,
        line: 'Waiting',
        status: 'The container engine does not answer just now. It starts when that is back, and opens here by itself.',
      },
    ],
    [
      'stopping, with a click meanwhile',
      stopping,
      0,
      {
        stage: 'queued',
        over: null,
        position: null,
        soFar: 5_000,
        line: 'Stopping first',
        status: 'It is being stopped first, then it starts and opens here by itself.',
      },
    ],
  ]
  for (const [name, preview, ahead, expected] of table)
    test(name, () => {
      const actual = told(preview, ahead)
      assert.deepEqual({ ...actual, ...expected }, actual)
      assert.ok(!JSON.stringify(actual).includes('SECRET'))
    })

  test('what it waits for, where the next in line does not start either', () => {
    const facts = { id: 'red', ahead: 0, missing: false, recentDurations: { pullRate: [], start: [] }, now }
    const statusAt = (full: Full | null) => plain(startStatusOf(queued, { ...facts, full })).status
    assert.equal(
      statusAt({ of: 'places', most: 50, roomIn: 47_000 }),
      'It opens here by itself. It is next. Full: 50 of 50 run; room is made when one is idle, in about 1 min.',
    )
    assert.equal(
      statusAt({ of: 'memory', roomIn: null }),
      'It opens here by itself. It is next. Full: the memory of the server is used; room is made when a preview is idle.',
    )
  })

  test('a tag that was never started takes as long as its size tells, once that is known', () => {
    const lately = { pullRate: [5_000, 5_060, 9_000], start: [2_000] }
    const actual = plain(
      startStatusOf(queued, { id: 'red', ahead: 0, full: null, missing: false, recentDurations: lately, now }),
    )
    assert.deepEqual([actual.usual, actual.usually], [null, ''])
    const own = { ...pulling, took: { start: 1_000 } }
    const status = plain(
      startStatusOf(own, { id: 'red', ahead: 0, full: null, missing: false, recentDurations: lately, now }),
    ).status
    assert.equal(status, 'It opens here by itself, usually within 11 s.')
  })

  test('how long each stage took, and from when the current one counts', () => {
    assert.deepEqual(rows(told(waiting)), [
      ['done', '0.4 s'],
      ['done', '8.4 s'],
      ['done', '0.6 s'],
      ['current', 9_400],
    ])
    assert.deepEqual(rows(told(pulling)), [
      ['done', '0.4 s'],
      ['current', '31.4 of 50.6 MB'],
      ['ahead', ''],
      ['ahead', ''],
    ])
    assert.deepEqual(rows(told(starting)), [
      ['done', '0.1 s'],
      ['done', 'is here already'],
      ['current', 100],
      ['ahead', ''],
    ])
    assert.deepEqual(rows(told(stopping)), [
      ['current', 0],
      ['ahead', 'is here already'],
      ['ahead', ''],
      ['ahead', ''],
    ])
  })

  test('what waits for room has no sizes', () => {
    assert.deepEqual(rows(told({ ...pulling, progress: { ...progress, waitsFor: 'room' } }))[1], ['current', ''])
  })

  test('sizes of different magnitude keep both units', () => {
    const text = rows(told({ ...pulling, progress: { ...progress, bytes: 512_000 } }))[1]
    assert.deepEqual(text, ['current', '512 kB of 50.6 MB'])
  })

  test('only the time so far moves by itself', () => {
    const at = (later: number) => ({
      ...startStatusOf(waiting, {
        id: 'red',
        ahead: 0,
        full: null,
        missing: false,
        recentDurations: { pullRate: [], start: [] },
        now: now + later,
      }),
      soFar: 0,
    })
    assert.deepEqual(at(0), at(7_321))
  })
})

describe('when there is nothing more to wait for', () => {
  const known = { ...base, image, stages: starting.stages }
  const table: [string, Preview | undefined, boolean, StartStatus['over'], string][] = [
    [
      'it runs',
      { ...known, state: 'running', generation, readyAt: now, pending: null },
      false,
      'running',
      'red is running',
    ],
    ['it failed', { ...known, state: 'failed', reason: exited, retryAt: null }, false, 'failed', ''],
    ['the registry has no such tag', undefined, true, 'gone', ''],
    ['its row is gone for want of an image', { ...known, state: 'unknown', why: 'missing' }, false, 'gone', ''],
    ['somebody removed it', undefined, false, 'stopped', 'red was removed'],
    [
      'somebody stopped it',
      { ...known, state: 'stopped', generation: null, why: 'asked' },
      false,
      'stopped',
      'red was stopped',
    ],
    ['somebody is stopping it', { ...stopping, phase: 'ending' }, false, 'stopped', 'red was stopped'],
    [
      'somebody is removing it',
      { ...known, state: 'removing', generation, phase: 'draining' },
      false,
      'stopped',
      'red was removed',
    ],
  ]
  for (const [name, preview, missing, over, heading] of table)
    test(name, () => {
      const actual = told(preview, 0, missing)
      assert.equal(actual.over, over)
      if (heading) assert.equal(actual.heading, heading)
    })
})
