import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh, type Image, type Preview } from '../../../shared/preview/preview.ts'
import type { SystemFacts } from '../../system/gather.ts'
import { serviceRow } from '../../../testing/harness/service-row.ts'
import { warningsOf } from '../../system/warnings.ts'
import { systemPage } from '../render.ts'
import { systemViewOf, type ViewFacts } from './view.ts'
import { repositoriesAt } from '../../../testing/harness/repositories.ts'

const now = 1_800_000_000_000
const MINUTE = 60_000
const GB = 1_024 ** 3
const image = (id: string, bytes: number, pulled = true): Image => ({
  id,
  digest: null,
  pulled,
  bytes,
  created: null,
  labels: {},
  ports: [],
})
type Form = { tag: string } & Partial<Preview>
const preview = (form: Form) => ({ repository: '', since: now - MINUTE, ...fresh, ...form }) as Preview
const generation = (slot: number) => ({ number: 1, slot, container: 'c', image: 'i', digest: null, port: 80, sandbox: null }) // prettier-ignore

const config: ViewFacts['config'] = {
  repositories: repositoriesAt('registry.example.com/app'),
  redis: { socket: '/run/redis.sock' },
  dataDir: '/data',
  listen: { host: '0.0.0.0', port: 80 },
  tls: null,
  sandboxes: { ready: 4, kept: 20 },
  forge: null,
  notifyUrl: null,
  shell: null,
  pauseAfter: null,
  stopAfter: 10 * MINUTE,
  rmiAfter: 60 * MINUTE,
  prepulls: () => false,
}

const fine = { ok: true, detail: 'answers', ms: 1.25 }
function factsOf(
  differs: Partial<Omit<SystemFacts, 'told'>> & { told?: Partial<SystemFacts['told']> } = {},
): SystemFacts {
  return {
    now,
    previews: [],
    pulled: [],
    sandboxes: [],
    images: [],
    registries: { '': { at: now, took: 70, usual: 60, tags: 3, error: null, since: null } },
    updatesAt: now + MINUTE,
    lately: { pullRate: [12_000], start: [900] },
    certificate: null,
    noted: {
      firewall: { why: null },
      slotKind: 'network',
      slotWhy: 'it is here',
      unreachable: null,
      pairFront: null,
      pairListen: null,
      memoryFull: false,
      forge: {},
    },
    crashing: [],
    upFor: 90_000,
    ...differs,
    told: {
      versions: { lotan: '1.0.0', node: '24.0.0', nginx: '1.26', engine: '28.1', redis: '7.4' },
      checks: { engine: fine, redis: fine, database: fine, nginx: fine, 'queue-processor': fine, reaper: fine },
      disk: {
        engine: { total: 80e9, free: 40e9, path: '/var/lib/docker' },
        data: { total: 80e9, free: 40e9, path: '/data' },
        marks: { high: 85, low: 75 },
      },
      memory: { total: 8 * GB, available: 4 * GB, high: 90, previews: GB },
      previews: { running: 3, most: 50, pinned: 0, byState: {} },
      slots: { total: 500, taken: 3, resting: 1 },
      sandboxes: { ready: 4 },
      queue: { start: { waiting: 0, active: 0 } },
      database: { bytes: 1e6, rebuilding: false },
      settings: [],
      saved: { since: '', previews: 0, hours: 0, memoryHours: 0, words: 'Nothing.' },
      ...differs.told,
    },
  }
}

const viewOf = (facts: SystemFacts) =>
  systemViewOf({ facts, config, sessions: [], inside: [], current: undefined, tokens: [] })
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

test('an installation that is well says so, and warns of nothing', () => {
  const view = viewOf(factsOf())
  assert.deepEqual([view.health.words, view.health.more, view.warnings], ['works', '', []])
  assert.deepEqual(view.parts.map(({ word }) => word), Array(8).fill('well')) // prettier-ignore
  assert.equal(plain(view.parts[0]!.what), '28.1, 1.25 ms')
})

test('the forge part is one of them where it has something to do', () => {
  const forge: ViewFacts['config']['forge'] = {
    ...{ kind: 'github', api: 'https://api.github.com', templates: [], says: [], verify: false, interval: MINUTE },
    ...{ closedAfter: MINUTE, forks: 'ask', repositories: ['', 'api'].map((name) => ({ name, path: 'team/app' })) },
  }
  const { told } = factsOf()
  const facts = factsOf({ told: { checks: { ...told.checks, forge: fine } } })
  const whereOf = (more: Partial<typeof config>) =>
    systemViewOf({
      facts,
      config: { ...config, ...more },
      sessions: [],
      inside: [],
      current: undefined,
      tokens: [],
    }).parts.find(({ name }) => name === 'Forge')?.where
  assert.equal(whereOf({ forge }), 'pull requests of team/app at api.github.com')
  assert.equal(whereOf({ notifyUrl: 'https://chat.example.com/x' }), 'tells LOTAN_NOTIFY_URL')
  assert.ok(!viewOf(factsOf()).parts.some(({ name }) => name === 'Forge'))
})

test('the way in is one of them where it is on', () => {
  const { told } = factsOf()
  const facts = factsOf({ told: { checks: { ...told.checks, shell: fine } } })
  const shell = { ssh: { listen: { host: '0.0.0.0', port: 2222 }, keys: '/keys' }, idle: 15 * MINUTE }
  const whereOf = (shell: ViewFacts['config']['shell']) =>
    systemViewOf({
      facts,
      config: { ...config, shell },
      sessions: [],
      inside: [],
      current: undefined,
      tokens: [],
    }).parts.find(({ name }) => name === 'Way in')?.where
  assert.equal(whereOf(shell), 'browser, command line, API, SSH at 0.0.0.0:2222')
  assert.equal(whereOf({ ...shell, ssh: null }), 'browser, command line, API')
  assert.ok(!viewOf(factsOf()).parts.some(({ name }) => name === 'Way in'))
})

test('each thing that Lotan knows to be wrong is a warning with what to do, failures first', () => {
  const { told } = factsOf()
  const away = (...names: string[]) => Object.fromEntries(Object.entries(told.checks).map(([name, check]) => [name, names.includes(name) ? { ok: false, detail: 'does not answer', ms: 1_200 } : check])) // prettier-ignore
  const certificate = (validTo: string) =>
    ({
      subjectAltName: 'DNS:a',
      subject: 'CN=a',
      validFrom: 'Jan  1 00:00:00 2020 GMT',
      validTo,
    }) as SystemFacts['certificate']
  const day = (n: number) => new Date(now + n * 86_400_000).toUTCString()
  const noted = factsOf().noted
  const registry = factsOf().registries!['']!
  const cases: [what: Parameters<typeof factsOf>[0], level: string, says: RegExp][] = [
    [{ told: { checks: away('redis', 'queue-processor') } }, 'failure', /^Redis does not answer$/],
    [{ told: { checks: away('reaper', 'engine') } }, 'failure', /^the reaper does not answer$/],
    [{ told: { checks: away('nginx') } }, 'failure', /^nginx does not answer$/],
    [{ told: { disk: { ...told.disk, engine: { total: 80e9, free: 5e9, path: '/d' } } } }, 'warning', /94 % used.*removed early/],
    [{ told: { disk: { ...told.disk, engine: { total: 80e9, free: 5e8, path: '/d' } } } }, 'failure', /0\.5 GB free/],
    [{ told: { disk: { ...told.disk, engine: null } } }, 'warning', /cannot be measured/],
    [{ told: { disk: { ...told.disk, data: null } } }, 'failure', /\/data cannot be looked at/],
    [{ told: { memory: { ...told.memory, available: GB / 2 } } }, 'warning', /94 % of the machine’s memory/],
    [{ noted: { ...noted, memoryFull: true } }, 'warning', /50 % of the machine’s memory/],
    [{ told: { previews: { ...told.previews, running: 51 } } }, 'warning', /51 previews are up, and 50 may be/],
    [{ told: { previews: { ...told.previews, pinned: 50 } } }, 'warning', /all 50 places are pinned/],
    [{ crashing: [serviceRow('api/pr-7', 'db', { crashes: 3 }), serviceRow('pr-7', 'mail', { crashes: 2 })] }, 'warning', /^the service db of api\/pr-7 has ended 3 times in a row$/],
    [{ told: { slots: { total: 10, taken: 8, resting: 2 } } }, 'warning', /all 10 slots/],
    [{ certificate: certificate(day(5)) }, 'warning', /the certificate ends on/],
    [{ certificate: certificate(day(-1)) }, 'failure', /the certificate ended on/],
    [{ noted: { ...noted, firewall: { why: 'previews can reach the machine' } } }, 'warning', /can reach the machine/],
    [{ noted: { ...noted, pairFront: { address: null, why: 'slots are ports' } } }, 'warning', /cannot call .*: slots are ports/],
    [{ noted: { ...noted, pairFront: { address: '10.83.0.1', why: null }, pairListen: { address: null, why: 'it is taken' } } }, 'warning', /: it is taken/],
    [{ noted: { ...noted, unreachable: 'the engine is elsewhere' } }, 'failure', /cannot be reached: the engine/],
    [{ noted: { ...noted, forge: { 'owner/app': { away: { why: 'down', since: now }, lacks: [] } } } }, 'warning', /forge does not answer.*owner\/app/],
    [{ noted: { ...noted, forge: { 'owner/app': { away: null, lacks: ['status'] } } } }, 'warning', /does not let Lotan write a status into .*owner\/app/],
    [{ registries: { '': { ...registry, error: { code: 'tls', says: 'no trust' }, since: now } } }, 'failure', /no trust/],
    [{ registries: { '': { ...registry, took: 4_000 } } }, 'warning', /answers slowly: its tags took 4\.0 s, usually 60 ms/],
  ] // prettier-ignore
  for (const [differs, level, says] of cases) {
    const found = warningsOf(factsOf(differs), config)
    assert.equal(found.length, 1, `${says}: ${JSON.stringify(found)}`)
    assert.deepEqual([found[0]!.level, says.test(found[0]!.says)], [level, true], found[0]!.says)
    assert.ok(found[0]!.advice)
  }
  const two = warningsOf(
    factsOf({ told: { checks: away('nginx'), previews: { ...told.previews, running: 51 } } }),
    config,
  )
  assert.deepEqual(two.map(({ level }) => level), ['failure', 'warning']) // prettier-ignore
})

test('an image is told with its tags, its size, what of it is shared, and when it goes', () => {
  const stopped = { state: 'stopped', why: 'idle', generation: null } as const
  const previews = [
    preview({ tag: 'runs', image: image('a', 9e9), state: 'running', generation: generation(1), readyAt: now, pending: null }),
    preview({ tag: 'sleeps', image: image('b', 3e9), lastSeen: now - 30 * MINUTE, ...stopped }),
    preview({ tag: 'sleeps-too', image: image('b', 3e9), lastSeen: now - 10 * MINUTE, ...stopped }),
    preview({ tag: 'own', image: image('c', 2e9, false), ...stopped }),
    preview({ tag: 'pinned', image: image('d', 1e9), pin: { until: null }, ...stopped }),
  ] // prettier-ignore
  const images = [...'abcde'].map((id, i) => ({ id, bytes: 9e9 / (i + 1), shared: 6e8 }))
  const pulled = [{ repository: '', tag: 'runs', id: 'e', reference: 'r', digest: 'd' }]
  const { disk } = viewOf(factsOf({ previews, images, pulled }))
  assert.deepEqual(disk.top.map(({ name, title, size, note }) => [name, title, plain(size), plain(note)]), [
    ['runs', 'runs', '9 GB', 'in use'],
    ['sleeps and 1 more', 'sleeps, sleeps-too', '4.5 GB', 'goes in 50 min'],
    ['own', 'own', '3 GB', 'not pulled by Lotan: stays'],
    ['pinned', 'pinned', '2.3 GB', 'pinned'],
    ['runs', 'runs', '1.8 GB', 'older: goes once no container needs it'],
  ]) // prettier-ignore
  assert.deepEqual([disk.top[0]!.own, disk.top[0]!.shared], [93.3, 6.7])
  assert.match(plain(disk.foot[0]!), /^5 images; 17\.6 GB of it no other image has/)
  assert.match(disk.head!.of, /cleaned from/)

  const untold = viewOf(factsOf({ previews, images: images.map((one) => ({ ...one, shared: null })), pulled })).disk
  assert.match(untold.foot[0]!, /Layers that images share are counted with each/)
  const away = viewOf(factsOf({ previews, images: null, pulled })).disk
  assert.deepEqual(away.top.map(({ name }) => name), ['runs', 'sleeps and 1 more', 'own', 'pinned']) // prettier-ignore
  assert.match(away.foot[0]!, /the engine does not tell now/)

  const many = Array.from({ length: 30 }, (_, i) => ({ id: `${i}`, bytes: 1e9, shared: 0 }))
  const long = viewOf(factsOf({ images: many })).disk
  assert.deepEqual([long.top.length, long.rest.length, plain(long.restWords)], [8, 22, '22 others, 22 GB, shared layers counted with each']) // prettier-ignore
})

test('slots are counted by what holds them, and every slot is one cell', () => {
  const previews = [
    preview({ tag: 'runs', state: 'running', generation: generation(1), pending: generation(2), readyAt: now }),
    preview({ tag: 'starts', state: 'starting', generation: generation(3) }),
    preview({ tag: 'sleeps', state: 'stopped', why: 'idle', generation: generation(4) }),
    preview({ tag: 'ends', state: 'stopping', phase: 'draining', why: 'idle', generation: generation(5) }),
  ]
  const sandboxes = [
    { number: 1, state: 'ready', port: null, slot: 6, preview: null },
    { number: 2, state: 'given', port: null, slot: 4, preview: 'sleeps' },
  ] as SystemFacts['sandboxes']
  const { slots } = viewOf(factsOf({ previews, sandboxes, told: { slots: { total: 250, taken: 6, resting: 2 }, sandboxes: { ready: 1, given: 1 } } })) // prettier-ignore
  assert.deepEqual(
    slots.cells.map(({ words }) => words),
    ['1 serve', '2 coming up', '1 sandboxes ready', '1 kept for sleeping previews', '3 going or resting', '242 free'],
  )
  const widths = slots.cells.flatMap(({ d }) => Array.from(d.matchAll(/h(\d+)v/g), ([, width]) => Number(width)))
  assert.equal(widths.reduce((all, width) => all + width / 10, 0), 250) // prettier-ignore
  assert.equal(slots.cells.at(-1)!.d, 'M80 0h920v12h-920zM0 12h1000v12h-1000zM0 24h500v12h-500z')
  assert.equal(slots.box, '0 0 1000 36')
  assert.match(slots.sandboxes, /^1 of 4 stand ready, 1 more with previews/)
})

test('the queue has who waits in the order in which they are served', () => {
  const queued = { state: 'queued', phase: 'start', generation: null, notBefore: 0, by: 'visit', reason: null } as const
  const until = now + MINUTE
  const previews = [
    preview({ tag: 'asked', ...queued }),
    preview({ tag: 'looked-at', ...queued, waiter: { who: 'person', until } }),
    preview({ tag: 'waited-for', ...queued, waiter: { who: 'program', until } }),
    preview({ tag: 'later', ...queued, notBefore: now + 30_000 }),
    ...Array.from({ length: 6 }, (_, i) => preview({ tag: `pull-${i}`, state: 'pulling', progress: null })),
  ]
  const { lanes } = viewOf(factsOf({ previews })).queue
  assert.deepEqual(lanes.slice(0, 6).map(({ now: n, which, pace }) => [n, which, plain(pace)]), [
    [1, 'looked-at', 'oldest 1 min'],
    [1, 'waited-for', 'oldest 1 min'],
    [1, 'asked', 'oldest 1 min'],
    [1, 'later', ''],
    [6, 'pull-0, pull-1, pull-2, pull-3 and 2 more', '12 MB a second of late'],
    [0, '–', 'under 1 s of late'],
  ]) // prettier-ignore
  const jobs = (queue: SystemFacts['told']['queue']) => viewOf(factsOf({ told: { queue } })).queue.jobs
  assert.equal(jobs({ start: { waiting: 2, active: 1 }, stop: { waiting: 0, active: 0 } }), 'Jobs by lane: start 1 at work, 2 waiting.') // prettier-ignore
  assert.match(jobs(null), /Redis does not answer/)
})

test('settings that are set come first, and of a secret there is no more than that', () => {
  const one = { value: null, source: 'environment', secret: false, words: null } as const
  const { set, more, defaults } = viewOf(
    factsOf({
      told: {
        settings: [
          { ...one, name: 'A', source: 'default', words: 'made at first start', secret: true },
          { ...one, name: 'B', value: '7' },
          { ...one, name: 'C', secret: true },
          ...Array.from({ length: 200 }, (_, i) => ({ ...one, name: `V${i}`, value: 'x'.repeat(500) })),
        ],
      },
    }),
  ).settings
  assert.deepEqual(set.slice(0, 2).map(({ name, value, words }) => [name, value, words]), [['B', '7', 'set'], ['C', null, 'set, not shown']]) // prettier-ignore
  assert.deepEqual([set.length, more.length, set[2]!.value!.length, set[2]!.whole.length], [12, 190, 121, 500])
  assert.deepEqual([defaults[0]!.name, defaults[0]!.words], ['A', 'made at first start'])
})

test('other people’s words stay words', () => {
  const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;`
  const previews = [preview({ tag: evil, image: image('a', 1e9), state: 'pulling', progress: null })]
  const registry = { at: now, took: 70, usual: 60, tags: null, error: { code: 'tls', says: evil }, since: now } as const
  const settings = [{ name: evil, value: evil, source: 'environment', secret: false, words: evil }] as const
  const facts = factsOf({
    previews,
    registries: { '': registry },
    images: [{ id: 'a', bytes: 1e9, shared: 0 }],
    noted: {
      firewall: { why: evil },
      slotKind: 'port',
      slotWhy: evil,
      unreachable: evil,
      pairFront: null,
      pairListen: null,
      memoryFull: false,
      forge: {},
    },
    told: { settings: [...settings] },
  })
  const session = { id: 'x', user: evil, via: 'oidc', can: 'admin', address: evil, userAgent: evil, created: now, lastUsed: now, until: now } as const // prettier-ignore
  const token = { name: evil, can: 'run', match: evil, until: null, created: now, lastUsed: null } as const
  const form = { name: evil, can: evil, match: evil, for: evil, problem: evil }
  const made = { name: evil, secret: evil }
  const inside = { id: 'x', preview: 'red', service: evil, kind: 'exec', program: evil, via: 'ssh', who: evil, address: evil, container: null, opened: now } as const // prettier-ignore
  const shell = { ssh: null, idle: MINUTE }
  const view = systemViewOf({
    facts,
    config: { ...config, shell },
    inside: [inside],
    sessions: [session],
    current: undefined,
    tokens: [token],
    form,
    made,
  })
  const { html } = systemPage(view, { name: evil, application: evil, logo: null, logoData: null })
  assert.ok(!html.includes('<img') && !html.includes('<script>'), 'markup came through')
  assert.doesNotMatch(html, /&amp;amp;amp;|undefined|\[object |\bNaN\b/)
  assert.doesNotMatch(html, /\sstyle=|\son\w+="/)
})
