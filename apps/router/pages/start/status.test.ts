import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { In, Preview } from '../../../shared/preview/preview.ts'
import type { Reason } from '../../../shared/preview/failure-reason.ts'
import type { Full } from '../../words/full-words.ts'
import type { ServiceRow } from '../../../shared/stack/service-state.ts'
import { serviceRow } from '../../../testing/harness/service-row.ts'
import { alone } from '../../services/coming-up.ts'
import { startStatusOf, type StartFacts, type StartStatus } from './status.ts'

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
  copy: null,
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
const progress: In<'pulling'>['progress'] = {
  bytes: 31_400_000,
  total: 50_600_000,
  layers: 7,
  layersDone: 4,
  percent: 62.9,
  phase: 'downloading',
}
const newer = { number: 1, digest: 'sha256:d2', asked: false, failure: null }
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
  stages: {
    queued: now - 14_000,
    pulling: now - 13_600,
    unpacking: now - 7_600,
    starting: now - 5_200,
    waiting: now - 4_600,
  },
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

const told = (preview: Preview | undefined, ahead = 0, missing = false, standing: StartFacts['standing'] = 'free') =>
  plain(
    startStatusOf(preview, {
      id: 'red',
      ahead,
      full: null,
      missing,
      standing,
      beside: alone,
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
        bar: null,
        over: null,
        title: 'Next',
        status: 'You are next. It opens here by itself.',
        step: 'Step 1 of 4: queued',
        about: 'red was not here yet; your click fetches and starts it.',
      },
    ],
    [
      'queued, third',
      { ...queued, took: { pull: 8_400, start: 2_900 } },
      2,
      {
        position: 3,
        line: 'In line',
        title: 'In line, 2 before you',
        status: '2 are before you. It opens here by itself; keep this page open to keep your place.',
        usual: null,
        slowAt: null,
      },
    ],
    [
      'queued, with its image here',
      { ...queued, image, took: { pull: 8_400, start: 400 } },
      1,
      {
        usual: 400,
        isQuick: true,
        heading: ['Waking ', ''],
        status: '1 is before you. It opens here by itself; keep this page open to keep your place.',
        about: 'Nobody was using red, so it was asleep; your click wakes it.',
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
        about: 'red stopped by itself; Lotan starts it again.',
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
        bar: 53,
        creep: null,
        bytes: 31_400_000,
        total: 50_600_000,
        layers: 7,
        layersDone: 4,
        heading: ['Getting ', ' ready'],
        line: 'Pulling',
        aside: '31.4 of 50.6 MB',
        step: 'Step 2 of 4: pulling the image',
        status: 'It opens here by itself.',
        usual: null,
        slowAt: null,
        slow: '',
      },
    ],
    [
      'unpacking',
      {
        ...pulling,
        progress: { ...progress, bytes: 50_600_000, percent: 90, phase: 'unpacking', unpackingSince: now - 2_000 },
      },
      0,
      {
        state: 'pulling',
        stage: 'unpacking',
        bar: 76,
        line: 'Unpacking',
        aside: '50.6 MB are here',
        step: 'Step 3 of 4: unpacking',
        title: 'Unpacking',
      },
    ],
    [
      'looking for a newer image',
      { ...queued, phase: 'checkUpdate', image, update: newer, took: { pull: 400, start: 400 } },
      0,
      { usual: null, about: 'There may be a newer image of red: it is looked for first.' },
    ],
    [
      'pulling, before the engine says anything',
      { ...pulling, progress: null },
      0,
      { percent: null, bar: null, bytes: null, line: 'Pulling', title: 'Pulling', aside: '' },
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
        title: 'Waiting for room',
        aside: '',
        status:
          'There is no room for its image on the disk yet. It is pulled as soon as there is, and opens here by itself.',
      },
    ],
    [
      'starting',
      starting,
      0,
      {
        stage: 'starting',
        bar: 0,
        creep: { from: 100, over: 2_500, to: 99 },
        line: 'Starting',
        status: 'It opens here by itself.',
      },
    ],
    [
      'waiting for the first answer',
      { ...waiting, took: { pull: 8_400, start: 3_600 } },
      0,
      {
        stage: 'starting',
        soFar: 14_000,
        usual: 12_000,
        bar: 85,
        creep: { from: 8_800, over: 1_800, to: 99 },
        line: 'Waiting for the first answer',
        step: 'Step 4 of 4: starting',
        status: 'It opens here by itself, usually within 12 s.',
        slowAt: 24_400,
        slow: 'It usually takes 12 s. Its container runs, and its application has not answered yet.',
      },
    ],
    [
      'starting as fast as ever',
      { ...starting, took: { start: 400 } },
      0,
      { status: 'It opens here by itself, usually in less than 1 s.', slowAt: 2_100 },
    ],
    [
      'being woken, long after it was frozen',
      {
        ...base,
        image,
        state: 'paused',
        phase: 'waking',
        since: now - 3_600_000,
        generation: { ...generation, slot: 1, container: 'c' },
        readyAt: now - 7_200_000,
      },
      0,
      {
        stage: 'starting',
        soFar: 0,
        heading: ['Waking ', ''],
        status: 'It opens here by itself.',
        slowAt: null,
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
        stage: 'starting',
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
        line: 'Waiting for the container engine',
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
    const facts: Omit<StartFacts, 'full'> = {
      id: 'red',
      ahead: 0,
      missing: false,
      standing: 'free',
      beside: alone,
      recentDurations: { pullRate: [], start: [] },
      now,
    }
    const statusAt = (full: Full | null) => plain(startStatusOf(queued, { ...facts, full })).status
    assert.equal(
      statusAt({ of: 'places', most: 50, roomIn: 47_000 }),
      'Full: 50 of 50 run; room is made when one is idle, in about 1 min. You are next. It opens here by itself.',
    )
    assert.equal(
      statusAt({ of: 'memory', roomIn: null }),
      'Full: the memory of the server is used; room is made when a preview is idle. You are next. It opens here by itself.',
    )
  })

  test('a tag that was never started takes as long as its size tells, once that is known', () => {
    const lately = { pullRate: [5_000, 5_060, 9_000], start: [2_000] }
    const actual = plain(
      startStatusOf(queued, {
        id: 'red',
        ahead: 0,
        full: null,
        missing: false,
        standing: 'free',
        beside: alone,
        recentDurations: lately,
        now,
      }),
    )
    assert.deepEqual([actual.usual, actual.status], [null, 'You are next. It opens here by itself.'])
    const own = { ...pulling, took: { start: 1_000 } }
    const status = plain(
      startStatusOf(own, {
        id: 'red',
        ahead: 0,
        full: null,
        missing: false,
        standing: 'free',
        beside: alone,
        recentDurations: lately,
        now,
      }),
    ).status
    assert.equal(status, 'It opens here by itself, usually within 11 s.')
  })

  test('how long each stage took, and from when the current one counts', () => {
    assert.deepEqual(rows(told(waiting)), [
      ['done', '0.4 s'],
      ['done', '6.0 s'],
      ['done', '2.4 s'],
      ['current', 8_800],
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
      ['done', 'is here already'],
      ['current', 100],
    ])
    assert.deepEqual(rows(told(stopping)), [
      ['current', 0],
      ['ahead', 'is here already'],
      ['ahead', 'is here already'],
      ['ahead', ''],
    ])
  })

  test('how long the image has been unpacked, and how long its bytes took', () => {
    const unpacking = { ...progress, phase: 'unpacking', unpackingSince: now - 2_000 } as const
    assert.deepEqual(rows(told({ ...pulling, progress: unpacking })), [
      ['done', '0.4 s'],
      ['done', '3.6 s'],
      ['current', 4_000],
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
        standing: 'free',
        beside: alone,
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
    [
      'a newer image came after its failure',
      { ...known, state: 'stopped', generation: null, why: 'renewed' },
      false,
      'renewed',
      '',
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
      if (heading) assert.equal(actual.heading.join('red'), heading)
    })

  test('where its change does not let it run, the page has another thing to show, whatever becomes of it', () => {
    const running: Preview = { ...known, state: 'running', generation, readyAt: now, pending: null }
    for (const preview of [running, stopping, undefined, queued])
      for (const [standing, over] of [
        ['asks', 'asks'],
        ['closed', 'barred'],
        ['refused', 'barred'],
      ] as const)
        assert.equal(told(preview, 0, false, standing).over, over)
  })

  test('why it does not start is told, and nothing that goes on', () => {
    const why = (preview: Preview | undefined) => told(preview).status
    const stopping: Preview = { ...known, state: 'stopping', phase: 'ending', generation, why: 'asked' }
    assert.equal(why(stopping), 'Somebody who runs Lotan stopped it while you were waiting.')
    assert.equal(why({ ...stopping, why: 'room' }), 'It was stopped to make room for another preview.')
    assert.equal(why(undefined), 'Somebody who runs Lotan removed it.')
    const { bar, creep, slowAt, about, title } = told(stopping)
    assert.deepEqual([bar, creep, slowAt, about, title], [null, null, null, '', 'Stopped'])
  })
})

describe('with services', () => {
  const begun = { ...starting, stages: { queued: now - 9_000, starting: now - 6_000 } }
  const db = (more: Partial<ServiceRow> = {}) => serviceRow('red', 'db', { since: now - 4_000, ...more })
  const mail = (more: Partial<ServiceRow> = {}) => serviceRow('red', 'mail', { since: now - 5_500, ...more })
  const migrate = (more: Partial<ServiceRow> = {}) => serviceRow('red', 'migrate', { since: now - 3_000, ...more })
  const at = (preview: Preview, services: ServiceRow[], oneShots: string[] = ['migrate']) =>
    plain(
      startStatusOf(preview, {
        ...{ id: 'red', ahead: 0, full: null, missing: false, standing: 'free', now },
        recentDurations: { pullRate: [], start: [2_000] },
        beside: { services, oneShots: new Set(oneShots) },
      }),
    )

  test('the page says which one it waits for, and then for the application', () => {
    const table: [services: ServiceRow[], line: string, step: string, slow: string][] = [
      [[db({ state: 'waiting' })], 'Starting db', '4 of 5: starting db', 'Its service db has not been started yet.'],
      [[db({ state: 'stopped' }), mail({ state: 'stopped' })], 'Starting db and mail', '4 of 6: starting db', 'Its services db and mail have not been started yet.'],
      [[mail(), db({ state: 'starting' }), migrate({ state: 'waiting' })], 'Waiting for db to answer', '5 of 7: starting db', 'Its service db has not answered yet.'],
      [[db({ state: 'starting' }), mail({ state: 'starting' }), migrate({ state: 'starting' })], 'Waiting for 3 services', '4 of 7: starting db', 'Its services db, mail and migrate are not ready yet.'],
      [[db(), migrate()], 'Waiting for migrate to finish', '5 of 6: starting migrate', 'Its service migrate has not finished yet.'],
      [[migrate(), db({ state: 'starting' })], 'Waiting for migrate and db', '4 of 6: starting migrate', 'Its services migrate and db are not ready yet.'],
      [[db({ state: 'restarting' }), migrate({ state: 'waiting' })], 'Starting db again', '4 of 6: starting db', 'Its service db has ended, and is started again.'],
      [[db(), migrate({ state: 'done' })], 'Starting the application', '6 of 6: starting the application', 'Its container is still being started.'],
    ] // prettier-ignore
    for (const [services, line, step, slow] of table) {
      const told = at(begun, services)
      assert.deepEqual([told.line, told.step], [line, `Step ${step}`])
      assert.equal(told.slow, `It usually takes 2 s. ${slow}`)
      assert.equal(told.heading.join('red'), 'Waking red')
    }
    const answering = { ...begun, stages: { ...begun.stages, waiting: now - 500 } }
    assert.equal(at(answering, [db(), mail()]).line, 'Waiting for the first answer')
    // It came up once: its end now keeps no visitor from the answer.
    assert.equal(at(answering, [db({ state: 'restarting' })]).line, 'Waiting for the first answer')
  })

  test('the plan has a stage for each, in the order of the stack, and the application last', () => {
    const services = [mail(), db({ state: 'starting' }), migrate({ state: 'waiting' })]
    const { stages } = at(begun, services)
    assert.deepEqual(
      stages.map(({ name, mark, text, from }) => [name, mark, from ?? text]),
      [
        ['Queued', 'done', '3.0 s'],
        ['Pulling the images', 'done', 'are here already'],
        ['Unpacking', 'done', 'is here already'],
        ['Starting mail', 'done', 'up after 0.5 s'],
        ['Starting db', 'current', 5_000],
        ['Starting migrate', 'ahead', ''],
        ['Starting the application, until its first answer', 'ahead', ''],
      ],
    )
    const up = at(begun, [mail({ since: now - 60_000 }), db(), migrate({ state: 'done' })]).stages.slice(3)
    assert.deepEqual(
      up.map(({ mark, text, from }) => [mark, from ?? text]),
      [
        ['done', 'is up already'],
        ['done', 'up after 2.0 s'],
        ['done', 'finished after 3.0 s'],
        ['current', 6_000],
      ],
    )
  })

  test('before their turn, and after a sleep, all are ahead', () => {
    for (const preview of [queued, pulling]) {
      const services = [db({ state: 'stopped' }), migrate({ state: 'done' }), mail({ state: 'running' })]
      const { stages } = at(preview, services)
      assert.deepEqual(
        stages.slice(3).map(({ mark, text }) => [mark, text]),
        Array(4).fill(['ahead', '']),
      )
      assert.equal(stages.filter(({ mark }) => mark === 'current').length, 1)
    }
    assert.equal(at(pulling, [db({ state: 'waiting' })]).line, 'Pulling')
  })
})
