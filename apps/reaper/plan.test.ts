import assert from 'node:assert/strict'
import test from 'node:test'
import type { Container } from '../shared/engine/engine.ts'
import type { SlotScheme } from '../shared/slots/slot-scheme.ts'
import { stepOf, type Preview } from '../shared/preview/preview.ts'
import type { KnownChange } from '../shared/forge/change.ts'
import { plan, type Action, type Facts } from './plan.ts'
import { repositoriesAt } from '../testing/harness/repositories.ts'

const NOW = 1_000_000_000_000
const MINUTE = 60_000
const config = {
  pauseAfter: null,
  stopAfter: 10 * MINUTE,
  rmiAfter: 60 * MINUTE,
  prepulls: (tag: string) => tag === 'ahead',
  repositories: repositoriesAt('r/app'),
  slots: 10,
  forge: null,
}
/** Of a closed pull request, and of a fork's. */
const change: KnownChange = {
  ...{ repository: '', number: 3001, title: '', author: 'anna', branch: 'b', base: 'main', sha: 'a' },
  ...{ fork: false, state: 'merged', url: '', updated: 0, closedAt: NOW - MINUTE, approval: null, behind: null },
}
const closing = { ...config, forge: { closedAfter: 60 * MINUTE } as Facts['config']['forge'] }
const closedAt = (at: number): Facts['barred'] =>
  new Map([['red', { is: 'closed', change: { ...change, closedAt: at } }]])
const closed = { barred: closedAt(NOW - MINUTE), config: closing }
const severalRepositories = { ...config, repositories: repositoriesAt('r/app', { api: 'r/api', docs: 'r/docs' }) }
const places: SlotScheme = { kind: 'network', subnet: '10.83.0.0/20' }
const image = { id: 'i', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [] }
const known = {
  repository: '',
  tag: 'red',
  since: NOW - MINUTE,
  change: 4,
  lastSeen: NOW - MINUTE,
  image,
  generations: 2,
  stages: {},
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
const generation = { number: 2, container: 'c2', slot: 5, sandbox: null, image: 'i', digest: null, port: 80 }
const rested = { ...generation, slot: null }
const running = (over: Partial<Preview> = {}) =>
  ({ ...known, state: 'running', generation, readyAt: NOW - 30 * MINUTE, pending: null, ...over }) as Preview
const stopped = (over: object = {}) =>
  ({ ...known, state: 'stopped', generation: rested, why: 'idle', ...over }) as Preview
const queued = (over: object = {}) =>
  ({
    ...known,
    state: 'queued',
    phase: 'start',
    generation: null,
    notBefore: 0,
    by: 'visit',
    reason: null,
    ...over,
  }) as Preview
const starting = (over: object = {}) => ({ ...known, state: 'starting', generation, ...over }) as Preview
const failed = (over: object = {}) =>
  ({ ...known, state: 'failed', reason: { code: 'registry-down', detail: '' }, retryAt: NOW, ...over }) as Preview
const lacks = (until: number) => ({ code: 'no-such-tag', detail: '', until })
const container = (over: Partial<Container> = {}): Container => ({
  id: 'c2',
  name: 'lotan-1-red-2',
  repository: '',
  tag: 'red',
  reference: 'r/app',
  generation: 2,
  running: true,
  status: 'running',
  image: 'i',
  digest: null,
  address: '10.83.0.13',
  published: null,
  sandbox: null,
  port: 80,
  pulled: true,
  stack: null,
  ...over,
})
const update = { number: 1, digest: 'sha256:d2', asked: false, failure: null }
const failure = { code: 'credentials' as const, detail: '', at: NOW, rest: MINUTE }
const stop = { do: 'apply', id: 'red', event: { type: 'stop', why: 'idle' } }
const paused = (over: object = {}) =>
  ({
    ...known,
    state: 'paused',
    generation,
    readyAt: NOW - 30 * MINUTE,
    phase: 'frozen',
    ...over,
  }) as Preview
const pausing = { ...config, pauseAfter: 2 * MINUTE }
const lived = (lifetime: string) => ({
  image: { ...image, labels: { 'lotan.max-lifetime-minutes': lifetime } },
  stages: { running: NOW - 30 * MINUTE },
  lastSeen: NOW,
})
const stopping = { ...known, state: 'stopping', generation, why: 'idle', phase: 'ending', since: NOW }
const misplaced = (preview: Preview) => ({ do: 'misplaced', preview, generation })
const apply = (event: object) => ({ do: 'apply', id: 'red', event })
const nudge = (preview: Preview) => ({ do: 'nudge', preview })
const exited = (preview: Preview) => ({ do: 'exited', preview })
const sweep = { do: 'sweep', id: 'red' }
const away = { reason: { code: 'engine-down', detail: '' }, since: NOW - 1_000 }

const table: [name: string, facts: Partial<Facts>, expected: object[]][] = [
  ['a preview in use is left alone', { previews: [running()], containers: [container()] }, []],
  ['an idle one is stopped', { previews: [running({ lastSeen: NOW - 10 * MINUTE })] }, [stop]],
  ...[
    queued({ since: NOW }),
    { ...known, state: 'pulling', progress: null, since: NOW } as Preview,
    starting({ since: NOW }),
    running(),
    paused(),
    paused({ phase: 'waking' }),
    { ...stopping, phase: 'drainingToRestart' } as Preview,
    { ...known, state: 'removing', phase: 'endingToRestart', generation } as Preview,
  ].flatMap((preview): typeof table => [
    [
      `what is of a closed pull request is stopped at once: ${stepOf(preview)}`,
      { ...closed, previews: [preview] },
      [apply({ type: 'stop', why: 'closed' })],
    ],
    [
      `and what is of a fork that nobody approved: ${stepOf(preview)}`,
      { config: closing, barred: new Map([['red', { is: 'asks', change: null }]]), previews: [preview] },
      [apply({ type: 'stop', why: 'approval' })],
    ],
    [
      `and what is of a fork where none may run: ${stepOf(preview)}`,
      { config: closing, barred: new Map([['red', { is: 'refused', change }]]), previews: [preview] },
      [apply({ type: 'stop', why: 'approval' })],
    ],
    [
      `its time is over, and it is removed: ${stepOf(preview)}`,
      { config: closing, barred: closedAt(NOW - 60 * MINUTE), previews: [preview] },
      [apply({ type: 'remove' })],
    ],
  ]),
  ...[stopped(), failed({ retryAt: NOW + MINUTE })].flatMap((preview): typeof table => [
    [`what is down stays as it is: ${preview.state}`, { ...closed, previews: [preview] }, []],
    [
      `until its time is over: ${preview.state}`,
      { config: closing, barred: closedAt(NOW - 60 * MINUTE), previews: [preview] },
      [apply({ type: 'remove' })],
    ],
    [
      `and a fork's is not removed: ${preview.state}`,
      { config: closing, barred: new Map([['red', { is: 'asks', change: null }]]), previews: [preview] },
      [],
    ],
  ]),
  ['a failure of a closed one is not tried again', { ...closed, previews: [failed()] }, []],
  [
    'nor when the engine is back',
    { ...closed, previews: [failed({ ...away, retryAt: NOW + 1 })], containers: [], listedAt: NOW - 1 },
    [],
  ],
  [
    'what is being removed is left to that',
    {
      config: closing,
      barred: closedAt(NOW - 60 * MINUTE),
      previews: [{ ...known, state: 'removing', phase: 'ending', generation, since: NOW }],
    },
    [],
  ],
  ['not a moment earlier', { previews: [running({ lastSeen: NOW - 10 * MINUTE + 1 })] }, []],
  [
    'one whose removal was not taken back is removed, though it is in use',
    { previews: [running({ removeAt: NOW })], containers: [container()] },
    [apply({ type: 'remove' })],
  ],
  [
    'not while it may be taken back',
    { previews: [running({ removeAt: NOW + 10_000 })], containers: [container()] },
    [],
  ],
  ['a fresh start counts as activity', { previews: [running({ lastSeen: null, readyAt: NOW - MINUTE })] }, []],
  [
    'the label of the image wins',
    { previews: [running({ image: { ...image, labels: { 'lotan.inactivity-stop-minutes': '0.5' } } })] },
    [stop],
  ],
  [
    'a label that is no number does not',
    { previews: [running({ image: { ...image, labels: { 'lotan.inactivity-stop-minutes': 'soon' } } })] },
    [],
  ],
  [
    'one that has lived its time is stopped, though it is in use',
    { previews: [running(lived('30'))] },
    [apply({ type: 'stop', why: 'lifetime' })],
  ],
  ['not before', { previews: [running(lived('31'))] }, []],
  ['asleep too', { previews: [paused(lived('30'))] }, [apply({ type: 'stop', why: 'lifetime' })]],
  [
    'an idle one is paused first',
    { previews: [running({ lastSeen: NOW - 2 * MINUTE })], config: pausing },
    [apply({ type: 'pause' })],
  ],
  ['not without the setting', { previews: [running({ lastSeen: NOW - 2 * MINUTE })] }, []],
  [
    'nor with an open connection',
    { previews: [running({ lastSeen: NOW - 2 * MINUTE })], config: pausing, isOpen: () => true },
    [],
  ],
  [
    'whose connection does not save it from being stopped',
    { previews: [running({ lastSeen: NOW - 10 * MINUTE })], config: pausing, isOpen: () => true },
    [stop],
  ],
  [
    'an idle one is not stopped while it is unknown whether it was used up to then',
    { previews: [running({ lastSeen: NOW - 10 * MINUTE })], config: pausing, knownUntil: NOW - 10 * MINUTE },
    [],
  ],
  [
    'one that has lived its time is, whether it was used or not',
    { previews: [running(lived('30'))], knownUntil: -Infinity },
    [apply({ type: 'stop', why: 'lifetime' })],
  ],
  [
    'nor one that is stopped before it would be paused',
    {
      previews: [
        running({ lastSeen: NOW - 2 * MINUTE, image: { ...image, labels: { 'lotan.inactivity-stop-minutes': '2' } } }),
      ],
      config: pausing,
    },
    [stop],
  ],
  ['a paused one is left alone', { previews: [paused()], containers: [container({ status: 'paused' })] }, []],
  ['until its time is up', { previews: [paused({ lastSeen: NOW - 10 * MINUTE })] }, [stop]],
  [
    'one that should be frozen and is not yet is asked for again',
    { previews: [paused({ phase: 'draining' })] },
    [nudge(paused({ phase: 'draining' }))],
  ],
  ['and one that should wake', { previews: [paused({ phase: 'waking' })] }, [nudge(paused({ phase: 'waking' }))]],
  [
    'what another program froze is paused',
    { previews: [running()], containers: [container({ status: 'paused' })] },
    [apply({ type: 'freeze', generation: 2 })],
  ],
  [
    'what another program woke runs',
    { previews: [paused()], containers: [container()] },
    [apply({ type: 'woken', generation: 2 })],
  ],
  [
    'what was frozen a moment ago may have been seen before that',
    { previews: [paused({ since: NOW - 2_999 })], containers: [container()] },
    [],
  ],
  [
    'what was woken a moment ago too',
    { previews: [running({ since: NOW - 2_999 })], containers: [container({ status: 'paused' })] },
    [],
  ],
  [
    'a paused container that ended is looked into',
    { previews: [paused()], containers: [container({ running: false, status: 'exited' })] },
    [exited(paused())],
  ],
  ['and one that is gone', { previews: [paused()], containers: [] }, [exited(paused())]],
  [
    'of a paused one, an older container is swept',
    { previews: [paused()], containers: [container({ status: 'paused' }), container({ id: 'c1', generation: 1 })] },
    [sweep],
  ],
  [
    'of one that waits for its place, too: that may take long',
    { previews: [queued()], containers: [container({ id: 'c9', generation: 9 })] },
    [nudge(queued()), sweep],
  ],
  [
    'what has slept long enough is cleaned away',
    { previews: [stopped({ lastSeen: NOW - 60 * MINUTE })] },
    [nudge(stopped({ lastSeen: NOW - 60 * MINUTE }))],
  ],
  ['not what was visited since', { previews: [stopped({ lastSeen: NOW - 59 * MINUTE })] }, []],
  [
    'nor what waits for its first click, for as long as LOTAN_PREPULL wants it',
    {
      previews: ['ahead', 'past'].map((tag) =>
        stopped({ tag, why: 'ahead', generation: null, lastSeen: null, since: NOW - 60 * MINUTE }),
      ),
    },
    [nudge(stopped({ tag: 'past', why: 'ahead', generation: null, lastSeen: null, since: NOW - 60 * MINUTE }))],
  ],
  [
    'of which nothing is left is forgotten after a day',
    {
      previews: [
        stopped({ image: null, generation: null, lastSeen: NOW - 24 * 60 * MINUTE, since: NOW - 24 * 60 * MINUTE }),
      ],
    },
    [{ do: 'apply', id: 'red', event: { type: 'forget' } }],
  ],
  [
    'so is a failure, with nothing else left',
    { previews: [failed({ image: null, retryAt: null, since: NOW - 24 * 60 * MINUTE, lastSeen: null })] },
    [{ do: 'apply', id: 'red', event: { type: 'forget' } }],
  ],
  [
    'but not before',
    { previews: [failed({ image: null, retryAt: null, since: NOW - 23 * 60 * MINUTE, lastSeen: null })] },
    [],
  ],
  [
    'the failure of a tag without an image is forgotten as soon as its clicks end',
    {
      previews: [
        failed({ tag: 'guess', image: null, generations: 0, since: NOW - 10 * MINUTE, lastSeen: NOW - 10 * MINUTE }),
        failed({ tag: 'asked', image: null, generations: 0, since: NOW - 10 * MINUTE, lastSeen: NOW - 9 * MINUTE }),
        failed({ tag: 'new', image: null, generations: 0, since: NOW - 9 * MINUTE, lastSeen: null }),
      ],
    },
    [
      { do: 'apply', id: 'guess', event: { type: 'forget' } },
      { do: 'apply', id: 'asked', event: { type: 'start', by: 'retry' } },
    ],
  ],
  [
    'a tag that the registry does not have is forgotten when its minute is over',
    {
      previews: [
        failed({ tag: 'over', image: null, retryAt: null, lastSeen: NOW, reason: lacks(NOW) }),
        failed({ tag: 'told', image: null, retryAt: null, lastSeen: NOW, reason: lacks(NOW + 1) }),
        failed({ tag: 'clock', image: null, retryAt: null, lastSeen: null, reason: lacks(NOW + 60 * MINUTE) }),
      ],
    },
    [
      { do: 'apply', id: 'over', event: { type: 'forget' } },
      { do: 'apply', id: 'clock', event: { type: 'forget' } },
    ],
  ],
  ['a wish whose nudge was lost is asked for again', { previews: [queued()] }, [nudge(queued())]],
  [
    'as many as there is room for, in their order',
    {
      previews: [queued({ tag: 'late' }), queued({ tag: 'b', since: NOW - 2 * MINUTE }), queued({ tag: 'a' })],
      freePlaces: 2,
    },
    [nudge(queued({ tag: 'b', since: NOW - 2 * MINUTE })), nudge(queued({ tag: 'a' }))],
  ],
  [
    'where there is no room the first alone, so that an idle one makes way',
    { previews: [queued({ tag: 'b' }), queued({ tag: 'a' })], freePlaces: 0 },
    [nudge(queued({ tag: 'a' }))],
  ],
  [
    'one that rests after a crash is not in the line',
    { previews: [queued({ tag: 'a', notBefore: NOW + 1_000 }), queued({ tag: 'b' })], freePlaces: 0 },
    [nudge(queued({ tag: 'b' }))],
  ],
  ['work that stands still is asked for again', { previews: [starting()] }, [nudge(starting())]],
  ['not at once', { previews: [starting({ since: NOW - 2_999 })] }, []],
  ['nor before its back-off is over', { previews: [queued({ notBefore: NOW + 1_000 })] }, []],
  ['nor at once', { previews: [queued({ since: NOW - 2_999 })] }, []],
  [
    'a failure that can heal is tried again when its time has come',
    { previews: [failed()] },
    [{ do: 'apply', id: 'red', event: { type: 'start', by: 'retry' } }],
  ],
  ['not before', { previews: [failed({ retryAt: NOW + 1 })] }, []],
  ['nor as long as the engine is away', { previews: [failed({ ...away, retryAt: NOW })], containers: null }, []],
  ...[failed({ ...away, retryAt: NOW + 1 }), queued({ ...away, notBefore: NOW + 1 })].flatMap(
    (preview): typeof table => [
      [
        `what failed for want of the engine is started as soon as that answers (${preview.state})`,
        { previews: [preview], containers: [], listedAt: NOW - 1 },
        [{ do: 'apply', id: 'red', event: { type: 'start', by: 'retry' } }],
      ],
      ['not by an answer that is older', { previews: [preview], containers: [], listedAt: preview.since }, []],
      ['nor without one', { previews: [preview], containers: null, listedAt: NOW }, []],
    ],
  ),
  [
    'what failed while the engine was down is left when its last click is long ago',
    {
      previews: [failed({ ...away, retryAt: NOW, since: NOW - 10 * MINUTE, lastSeen: NOW - 10 * MINUTE })],
      containers: [],
      listedAt: NOW,
    },
    [],
  ],
  [
    'but not what was asked for a moment ago and never visited',
    { previews: [failed({ ...away, lastSeen: null })], containers: [], listedAt: NOW },
    [{ do: 'apply', id: 'red', event: { type: 'start', by: 'retry' } }],
  ],
  ['nor without visitors', { previews: [failed({ lastSeen: NOW - 11 * MINUTE })] }, []],
  [
    'a running preview whose container ended is looked into',
    { previews: [running()], containers: [container({ running: false })] },
    [exited(running())],
  ],
  ['and one whose container is gone', { previews: [running()], containers: [] }, [exited(running())]],
  [
    'one that was frozen by hand is looked into too, which finds it alive',
    { previews: [running()], containers: [container({ running: false, status: 'paused' })] },
    [exited(running())],
  ],
  [
    'a stopped preview whose kept container was removed is looked into',
    { previews: [stopped()], containers: [] },
    [exited(stopped())],
  ],
  [
    'what comes up is left to the queue-processor',
    { previews: [starting({ since: NOW })], containers: [container({ running: false })] },
    [],
  ],
  ['nothing is concluded from an engine that does not answer', { previews: [running()], containers: null }, []],
  ['a container of a removed preview is swept', { containers: [container()], lastGeneration: () => 2 }, [sweep]],
  [
    'a running one that is newer than the history of its tag is taken over: the database is a back-up',
    { containers: [container()], lastGeneration: () => 1 },
    [{ do: 'adopt', container: container() }],
  ],
  [
    'a running one without any history is taken over',
    { containers: [container()] },
    [{ do: 'adopt', container: container() }],
  ],
  [
    'of several the newest; the others are swept when it has its row',
    {
      containers: [
        container({ id: 'c1', generation: 1 }),
        container(),
        container({ id: 'c0', generation: 0, running: false }),
      ],
    },
    [{ do: 'adopt', container: container() }],
  ],
  ['not one of another repository', { containers: [container({ reference: 'r/old' })] }, [sweep]],
  [
    'the same tag of several repositories is taken over for each, but not of one that is not listed',
    {
      config: severalRepositories,
      containers: [
        container(),
        container({ id: 'c3', repository: 'api', reference: 'r/api' }),
        container({ id: 'c4', repository: 'old', reference: 'r/old' }),
        container({ id: 'c5', repository: 'docs', reference: 'r/api' }),
      ],
    },
    [
      { do: 'adopt', container: container() },
      { do: 'adopt', container: container({ id: 'c3', repository: 'api', reference: 'r/api' }) },
      { do: 'sweep', id: 'old/red' },
      { do: 'sweep', id: 'docs/red' },
    ],
  ],
  ['one that does not run is not', { containers: [container({ running: false })] }, [sweep]],
  [
    'an older generation is swept',
    { previews: [running()], containers: [container(), container({ id: 'c1', generation: 1, running: false })] },
    [sweep],
  ],
  [
    'nothing is swept while the queue-processor works on the tag',
    {
      previews: [{ ...queued({ since: NOW - 1_000 }), state: 'starting' } as Preview],
      containers: [container({ id: 'c9' })],
    },
    [],
  ],
  [
    'nor by a list that is older than the row',
    { previews: [queued({ since: NOW - 1_000 })], containers: [container({ id: 'c9' })], listedAt: NOW - 1_000 },
    [],
  ],
  [
    'by a newer one at once: a preview whose state changes every few seconds would keep its strays',
    {
      previews: [paused({ since: NOW - 1_000 })],
      containers: [container(), container({ id: 'c9' })],
      listedAt: NOW - 999,
    },
    [sweep],
  ],
  [
    'a container that runs though it is stopped is swept',
    { previews: [stopped()], containers: [container()] },
    [sweep],
  ],
  ...[running(), paused(), { ...stopping, phase: 'draining' } as Preview].flatMap((preview): typeof table => [
    [
      `one that is ${preview.state} and elsewhere than its row says is looked into`,
      { previews: [preview], containers: [container({ address: '10.83.0.20' })] },
      [misplaced(preview)],
    ],
    [
      `one that is ${preview.state} and off the network too`,
      { previews: [preview], containers: [container({ address: null })] },
      [misplaced(preview)],
    ],
    [
      `and so is one that is ${preview.state} beyond the slots that there are`,
      { previews: [preview], containers: [container()], config: { ...config, slots: 4 } },
      [misplaced(preview)],
    ],
    [
      `not before it is known where slots are: ${preview.state}`,
      {
        previews: [preview],
        containers: [container({ address: '10.83.0.20', status: preview.state === 'paused' ? 'paused' : 'running' })],
        slotScheme: undefined,
      },
      [],
    ],
  ]),
  ...[starting({ since: NOW }), stopped(), { ...stopping, phase: 'draining', why: 'moved' } as Preview].map(
    (preview): (typeof table)[number] => [
      `what no click leads to as it is may be anywhere: ${preview.state}`,
      { previews: [preview], containers: [container({ address: '10.83.0.20', running: preview.state !== 'stopped' })] },
      [],
    ],
  ),
  ...[failed({ retryAt: null, retiring: [{ ...generation, since: NOW - 1 }] })].flatMap((preview): typeof table => [
    [
      'what leaves where nothing serves is asked for, and not swept',
      { previews: [preview], containers: [container()] },
      [nudge(preview)],
    ],
    ['and where its container is gone already', { previews: [preview], containers: [] }, [nudge(preview)]],
  ]),
  [
    'who waits for a place with its image is asked for beside who has to be pulled',
    {
      previews: [
        queued({ tag: 'big', since: NOW - 2 * MINUTE, image: null }),
        queued({ tag: 'later', image: null }),
        queued(),
      ],
    },
    [nudge(queued({ tag: 'big', since: NOW - 2 * MINUTE, image: null })), nudge(queued())],
  ],
  [
    'what is ahead of the clock, which stepped back, is asked for all the same',
    { previews: [starting({ since: NOW + 60 * MINUTE })] },
    [nudge(starting({ since: NOW + 60 * MINUTE }))],
  ],
  [
    'what is a little ahead of the clock has only just changed',
    { previews: [running({ since: NOW + 1 })], containers: [container({ status: 'paused' })] },
    [],
  ],
  ['one that rests is left', { previews: [stopped()], containers: [container({ running: false })] }, []],
  [
    'a preview of another repository is removed',
    { previews: [running()], containers: [container({ reference: 'r/old' })] },
    [{ do: 'apply', id: 'red', event: { type: 'remove' } }],
  ],
  [
    'once',
    {
      previews: [{ ...running(), state: 'removing', phase: 'draining', since: NOW } as Preview],
      containers: [container({ reference: 'r/old' })],
    },
    [],
  ],
  [
    'a newer image of what runs is asked for again, in case that was lost',
    { previews: [running({ update })] },
    [{ do: 'refresh', preview: running({ update }) }],
  ],
  ['not once it is known why it does not come', { previews: [running({ update: { ...update, failure } })] }, []],
  [
    'nor while what is here is being replaced',
    { previews: [running({ update, pending: generation })] },
    [nudge(running({ update, pending: generation }))],
  ],
  ['nor of what sleeps: its next start looks for it', { previews: [stopped({ update }), paused({ update })] }, []],
  [
    'what another repository left beside a preview of this one is swept',
    { previews: [running()], containers: [container(), container({ id: 'old', generation: 1, reference: 'r/old' })] },
    [sweep],
  ],
]

for (const [name, facts, expected] of table)
  test(`plan: ${name}`, () => {
    const actions: Action[] = plan(
      {
        previews: [],
        containers: null,
        services: null,
        listedAt: NOW,
        slotScheme: places,
        freePlaces: 1,
        barred: new Map(),
        lastGeneration: () => null,
        isOpen: () => false,
        knownUntil: NOW,
        config,
        ...facts,
      },
      NOW,
    )
    assert.deepEqual(actions, expected)
  })
