import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../testing/arbitraries/texts.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { FREE, type Barred } from '../../shared/forge/standing.ts'
import type { KnownChange } from '../../shared/forge/change.ts'
import type { UpService } from './second-host.ts'
import { decide, isNavigation, preferredWait, type Facts, type ClientRequest } from './decide.ts'

const NOW = 1_000_000_000_000
const HOLD = 60_000

const browser: ClientRequest = {
  method: 'GET',
  kind: 'person',
  stream: '',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  fetchMode: '',
  fetchDest: '',
  upgrade: '',
  insecure: '',
  prefer: '',
}
const program: ClientRequest = { ...browser, accept: '*/*' }
const events: ClientRequest = { ...program, stream: 'events', accept: 'text/event-stream' }
const socket: ClientRequest = { ...program, stream: 'websocket', upgrade: 'websocket' }

const image = { id: 'sha256:1', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [80] }
const known = {
  repository: '',
  tag: 'red',
  since: NOW - 1_000,
  change: 1,
  lastSeen: null,
  image,
  generations: 1,
  stages: {},
  took: { start: 300 },
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
const generation = { number: 1, container: 'c', slot: 3, sandbox: null, image: 'sha256:1', digest: null, port: 80 }
const running: Preview = { ...known, state: 'running', generation, readyAt: NOW, pending: null }
const paused: Preview = { ...known, state: 'paused', generation, readyAt: NOW, phase: 'frozen' }
const stopping = { ...known, state: 'stopping', generation, why: 'idle', phase: 'draining' } as const
const queued: Preview = {
  ...known,
  state: 'queued',
  phase: 'start',
  generation: null,
  notBefore: 0,
  by: 'retry',
  reason: null,
}
const stopped: Preview = { ...known, state: 'stopped', generation: null, why: 'idle' }
const failedAt = (since: number): Preview => ({
  ...known,
  since,
  state: 'failed',
  reason: { code: 'exited', detail: '' },
  retryAt: null,
})
const facts = (over: Partial<Facts> = {}): Facts => ({
  id: 'red',
  offers: () => true,
  standing: FREE,
  preview: undefined,
  missingUntil: undefined,
  hold: HOLD,
  laneFree: () => true,
  comesBack: () => false,
  ...over,
})
const wait = (ms: number, applied: number | null = null) => ({ do: 'wait', until: NOW + ms, applied, wakes: true })
const comesBack = () => true
const unvisited = { wakesUntil: NOW, staysUntil: NOW }
const asleep = { do: 'refuse', why: 'unvisited' }
const change: KnownChange = {
  ...{ repository: '', number: 3001, title: '', author: 'anna', branch: 'b', base: 'main', sha: 'a' },
  ...{ fork: true, state: 'merged', url: '', updated: 0, closedAt: NOW, approval: null, behind: null },
}
const closed = { is: 'closed', change } as const
const barred = (standing: Barred) => ({ do: 'refuse', why: 'barred', standing })
const refused = { do: 'refuse', why: 'comes-back' }

const service = { name: 'mail', slot: 1_784, port: 8025, container: 'c' } as UpService
const upService = { is: 'up', service } as const
const downService = { is: 'down' } as const
const noService = { is: 'none', where: 'stack' } as const
const laterService = { is: 'later' } as const
const waitForService = (ms: number, applied: number | null = null) => ({
  ...wait(ms, applied),
  wakes: false,
  isServiceDown: true,
})

const secondHosts: [string, ClientRequest, Facts, object][] = [
  [
    'a second host goes to its service',
    browser,
    facts({ preview: running, asked: upService }),
    { do: 'forward', preview: running, service },
  ],
  [
    'for a robot too',
    { ...browser, kind: 'robot' },
    facts({ preview: running, asked: upService }),
    { do: 'forward', preview: running, service },
  ],
  [
    'a second host of a sleeping preview wakes it as the preview’s own does',
    browser,
    facts({ preview: stopped, asked: laterService }),
    wait(1_000),
  ],
  ['so does one of a preview that nobody knows', program, facts({ asked: laterService }), wait(HOLD)],
  [
    'one that the stack does not have is refused, and wakes nothing',
    program,
    facts({ preview: stopped, asked: noService }),
    { do: 'refuse', why: 'no-service', where: 'stack' },
  ],
  [
    'and where the preview runs',
    browser,
    facts({ preview: running, asked: noService }),
    { do: 'refuse', why: 'no-service', where: 'stack' },
  ],
  [
    'a tag that is not offered says nothing of its services',
    browser,
    facts({ offers: () => false, preview: running, asked: upService }),
    { do: 'refuse', why: 'not-offered' },
  ],
  [
    'nor does one that its change does not let run',
    browser,
    facts({ standing: closed, preview: running, asked: upService }),
    barred(closed),
  ],
  [
    'a navigation gets a page at once while its service is started again',
    browser,
    facts({ preview: running, asked: downService }),
    waitForService(0),
  ],
  [
    'unless it would wait',
    { ...browser, prefer: 'wait=5' },
    facts({ preview: running, asked: downService }),
    waitForService(5_000, 5_000),
  ],
  ['a program waits for it', program, facts({ preview: running, asked: downService }), waitForService(HOLD)],
  ['so does a WebSocket', socket, facts({ preview: running, asked: downService }), waitForService(HOLD)],
  [
    'a robot does not',
    { ...browser, kind: 'robot' },
    facts({ preview: running, asked: downService }),
    { do: 'refuse', why: 'service-down' },
  ],
  [
    'a stream that only comes back wakes nothing here either',
    socket,
    facts({ preview: stopped, asked: laterService, comesBack }),
    refused,
  ],
  [
    'a failure is told here too',
    browser,
    facts({ preview: failedAt(NOW), asked: laterService }),
    { do: 'refuse', why: 'failed', preview: failedAt(NOW) },
  ],
]

const entered: Preview = { ...running, image: { ...image, labels: { 'lotan.kind': 'ssh' } } }
const wayIn = { do: 'refuse', why: 'way-in' }

const withoutPages: typeof secondHosts = [
  ['what has nothing on HTTP tells a navigation how to come in', browser, facts({ preview: entered }), wayIn],
  ['and a program', program, facts({ preview: entered }), wayIn],
  ['and what cannot read it', socket, facts({ preview: entered }), wayIn],
  ['and a robot', { ...browser, kind: 'robot' }, facts({ preview: entered }), wayIn],
  ['a click wakes it as any other', browser, facts({ preview: { ...stopped, image: entered.image } }), wait(1_000)],
  ['and a robot does not', { ...browser, kind: 'robot' }, facts({ preview: { ...stopped, image: entered.image } }), { do: 'refuse', why: 'robot' }], // prettier-ignore
  ['its services may have pages', browser, facts({ preview: entered, asked: upService }), { do: 'forward', preview: entered, service }], // prettier-ignore
  ['it is told to those alone whom it is offered to', browser, facts({ offers: () => false, preview: entered }), { do: 'refuse', why: 'not-offered' }], // prettier-ignore
]

const table: [string, ClientRequest, Facts, object][] = [
  ['a host that cannot be a tag is refused', browser, facts({ id: null }), { do: 'refuse', why: 'no-tag' }],
  [
    'a tag that is not offered is refused, even where it runs',
    browser,
    facts({ offers: (tag) => tag !== 'red', preview: running }),
    { do: 'refuse', why: 'not-offered' },
  ],
  ...([closed, { is: 'asks', change: null }, { is: 'refused', change }] satisfies Barred[]).flatMap(
    (standing): typeof table =>
      (
        [
          ['a navigation', browser],
          ['a program', program],
          ['a stream', events],
          ['a robot', { ...browser, kind: 'robot' }],
        ] as const
      ).flatMap(([who, client]): typeof table => [
        [
          `${who} is refused what its change does not let run: ${standing.is}`,
          client,
          facts({ standing }),
          barred(standing),
        ],
        ['even where it runs', client, facts({ standing, preview: running }), barred(standing)],
        ['or is stopped', client, facts({ standing, preview: stopped }), barred(standing)],
        ['or the registry did not have it', client, facts({ standing, missingUntil: NOW + 1 }), barred(standing)],
        [
          'or another preview calls it',
          client,
          facts({ standing, preview: running, call: { wakesUntil: NOW + 1, staysUntil: NOW + 1 } }),
          barred(standing),
        ],
      ]),
  ),
  [
    'a tag that is not offered says nothing of its change',
    browser,
    facts({ offers: () => false, standing: closed }),
    { do: 'refuse', why: 'not-offered' },
  ],
  [
    'a change that lets it run changes nothing',
    browser,
    facts({ preview: running, standing: { is: 'free', change, isTrusted: false } }),
    { do: 'forward', preview: running },
  ],
  ['a running preview is forwarded to', browser, facts({ preview: running }), { do: 'forward', preview: running }],
  [
    'a robot is let through to a running one',
    { ...browser, kind: 'robot' },
    facts({ preview: running }),
    { do: 'forward', preview: running },
  ],
  ['a robot wakes nothing', { ...browser, kind: 'robot' }, facts(), { do: 'refuse', why: 'robot' }],
  ['a navigation to an unknown tag gets the page at once', browser, facts(), wait(0)],
  ['a navigation waits a second for an image that started quickly', browser, facts({ preview: stopped }), wait(1_000)],
  ['but not while the start lanes are taken', browser, facts({ preview: stopped, laneFree: () => false }), wait(0)],
  ['nor when its last start was slow', browser, facts({ preview: { ...stopped, took: { start: 1_500 } } }), wait(0)],
  [
    'nor when a newer image has to be looked for first',
    browser,
    facts({ preview: { ...stopped, update: { number: 1, digest: null, asked: false, failure: null } } }),
    wait(0),
  ],
  ['nor when its image is gone', browser, facts({ preview: { ...stopped, image: null } }), wait(0)],
  ['a program is held', program, facts(), wait(HOLD)],
  ['a POST is held whatever it accepts', { ...browser, method: 'POST' }, facts(), wait(HOLD)],
  ['a WebSocket is held', socket, facts({ preview: stopped }), wait(HOLD)],
  ['an EventSource is held', events, facts({ preview: stopped }), wait(HOLD)],
  ['a WebSocket that only comes back wakes nothing', socket, facts({ preview: stopped, comesBack }), refused],
  ['nor does an EventSource', events, facts({ preview: stopped, comesBack }), refused],
  ['nor where the preview has failed', events, facts({ preview: failedAt(NOW - 1), comesBack }), refused],
  ['nor does it call a stop off', events, facts({ preview: stopping, comesBack }), refused],
  ['nor wake what is frozen', socket, facts({ preview: paused, comesBack }), refused],
  ['nor bring back what was removed', events, facts({ comesBack }), refused],
  ['whatever it would prefer', { ...socket, prefer: 'wait=5' }, facts({ preview: stopped, comesBack }), refused],
  [
    'it waits for what comes up anyway, and does not count',
    socket,
    facts({ preview: queued, comesBack }),
    { ...wait(HOLD), wakes: false },
  ],
  [
    'also where that is stopped first',
    events,
    facts({ preview: { ...stopping, phase: 'drainingToRestart' }, comesBack }),
    { ...wait(HOLD), wakes: false },
  ],
  [
    'and is let through to what runs',
    socket,
    facts({ preview: running, comesBack }),
    { do: 'forward', preview: running },
  ],
  ['a request of the same client wakes', program, facts({ preview: stopped, comesBack }), wait(HOLD)],
  [
    'a preview’s call is held no longer than its caller stays up',
    program,
    facts({ call: { wakesUntil: NOW + 1, staysUntil: NOW + 5_000 } }),
    wait(5_000),
  ],
  ['nor longer than any', program, facts({ call: { wakesUntil: NOW + 1, staysUntil: NOW + HOLD + 1 } }), wait(HOLD)],
  ['one of a caller that nobody visits wakes nothing', program, facts({ preview: stopped, call: unvisited }), asleep],
  ['nor what there is not yet', program, facts({ call: unvisited }), asleep],
  [
    'it waits for what comes up anyway',
    program,
    facts({ preview: queued, call: unvisited }),
    { ...wait(HOLD), wakes: false },
  ],
  [
    'and is let through to what runs, too',
    program,
    facts({ preview: running, call: unvisited }),
    { do: 'forward', preview: running },
  ],
  ['a preference is honoured', { ...program, prefer: 'wait=5' }, facts(), wait(5_000, 5_000)],
  ['wait=0 is answered at once', { ...program, prefer: 'wait=0' }, facts(), wait(0, 0)],
  ['a preference never exceeds the hold', { ...program, prefer: 'wait=900' }, facts(), wait(HOLD, HOLD)],
  ['a navigation may prefer to wait', { ...browser, prefer: 'wait=2' }, facts(), wait(2_000, 2_000)],
  [
    'a tag the registry lacks is refused',
    browser,
    facts({ missingUntil: NOW + 9 }),
    { do: 'refuse', why: 'missing', until: NOW + 9 },
  ],
  [
    'a failure is shown',
    browser,
    facts({ preview: failedAt(NOW - 59_999) }),
    { do: 'refuse', why: 'failed', preview: failedAt(NOW - 59_999) },
  ],
  ['for 60 s, then a visit starts it again', program, facts({ preview: failedAt(NOW - 60_000) }), wait(HOLD)],
  [
    'what waits for the engine is waited for',
    program,
    facts({ preview: { ...failedAt(NOW), reason: { code: 'engine-down', detail: '' } } as Preview }),
    wait(HOLD),
  ],
  ['nor longer where the clock stepped back', program, facts({ preview: failedAt(NOW + 60_000) }), wait(HOLD)],
]
for (const [name, request, given, expected] of [...table, ...secondHosts, ...withoutPages])
  test(`decide: ${name}`, () => assert.deepEqual(decide(request, given, NOW), expected))

test('a navigation is what a browser shows, by what it says it fetches, else by what it accepts', () => {
  const rows: [Partial<ClientRequest>, boolean][] = [
    [{}, true],
    [{ method: 'HEAD' }, true],
    [{ fetchMode: 'navigate', fetchDest: 'document' }, true],
    [{ fetchMode: 'navigate', fetchDest: 'iframe' }, true],
    [{ fetchMode: 'cors', fetchDest: 'empty' }, false],
    [{ fetchMode: 'same-origin', fetchDest: 'empty', insecure: '1' }, true],
    [{ fetchMode: 'no-cors', fetchDest: 'image', insecure: '1' }, false],
    [{ fetchMode: 'no-cors', fetchDest: 'image' }, false],
    [{ accept: 'image/avif,image/webp,*/*' }, false],
    [{ accept: '' }, false],
    [{ method: 'POST' }, false],
    [{ upgrade: 'websocket' }, false],
  ]
  for (const [over, expected] of rows)
    assert.equal(isNavigation({ ...browser, ...over }), expected, JSON.stringify(over))
})

test('Prefer: wait is read among other preferences', () => {
  const rows: [string, number | null][] = [
    ['', null],
    ['wait=10', 10_000],
    ['respond-async, wait=10', 10_000],
    ['WAIT = 3', 3_000],
    ['wait="7"', 7_000],
    ['wait', null],
    ['wait=-1', null],
    ['wait=1.5', null],
    ['wait=99999999999', null],
    ['wait=1, wait=2', 1_000],
  ]
  for (const [prefer, expected] of rows) assert.equal(preferredWait(prefer), expected, prefer)
})

test('any Prefer header asks for a time or for none, and a time that is asked for comes back', () => {
  fc.assert(
    fc.property(anyText, anyText, fc.nat(999_999_999), (before, after, seconds) => {
      const found = preferredWait(before)
      assert.ok(found === null || (Number.isInteger(found) && found >= 0 && found <= 999_999_999_000))
      const others = /wait/i.test(before) ? '' : before
      assert.equal(preferredWait(`${others}, wait=${seconds}, ${after}`), seconds * 1_000)
    }),
    { numRuns: 300 },
  )
})
