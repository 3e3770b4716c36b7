import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import vm from 'node:vm'
import type { In, Preview } from '../../shared/preview/preview.ts'
import type { Reason, ReasonCode } from '../../shared/preview/failure-reason.ts'
import { previewDetailOf, plain } from './preview-detail.ts'
import * as pages from './render.ts'
import { sortOf } from './list-order.ts'
import { previewListOf } from './preview-list.ts'
import type { ListFacts } from './preview-row.ts'
import { messages } from './messages.ts'
import { startStatusOf } from './start-status.ts'
import { duration } from './format.ts'

const now = Date.UTC(2026, 10, 20, 14, 32, 7)
const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;`
const reason: Reason = {
  code: 'exited',
  detail: `ENGINE-WORDS ${evil}`,
  output: [`CONTAINER-OUTPUT ${evil}`],
  exitCode: 1,
  after: 2_000,
}
const known = {
  repository: '',
  tag: evil,
  since: now - 5_000,
  change: 1,
  lastSeen: now - 4_000,
  image: {
    id: evil,
    digest: evil,
    pulled: true,
    bytes: 50_600_000,
    created: null,
    labels: { 'lotan.memory': evil, 'org.opencontainers.image.revision': evil },
    ports: [],
  },
  generations: 1,
  stages: { queued: now - 5_000 },
  took: {},
  crashes: 0,
  notices: [{ code: 'text' as const, text: evil }],
  retiring: [],
  rejectedImage: null,
  update: null,
  refreshes: 0,
  waiter: null,
  pin: null,
  removeAt: null,
  request: null,
}
const generation = { number: 1, container: evil, slot: 3, sandbox: null, image: evil, digest: evil, port: 80 }
const queued: In<'queued'> = {
  ...known,
  state: 'queued',
  phase: 'start',
  generation: null,
  notBefore: 0,
  by: 'visit',
  reason,
}
const failed: Preview = { ...known, state: 'failed', reason, retryAt: null }
const running: Preview = { ...known, state: 'running', generation, readyAt: now - 5_000, pending: null }
const stopped: Preview = { ...known, tag: 'quiet', state: 'stopped', generation: null, why: 'idle' }

const desk: ListFacts = {
  config: {
    repository: evil,
    domain: evil,
    adminWelcome: '<p id="welcome">Hello</p>',
    adminInfo: '<p id="info">Ask us</p>',
    maxRunning: 50,
    stopAfter: 600_000,
    pauseAfter: null,
    rmiAfter: 3_600_000,
    prepulls: () => false,
    memoryHigh: 90,
    disk: { high: 85, low: 75 },
  },
  previews: [{ ...queued, tag: `q${evil}` }, { ...failed, tag: `f${evil}` }, running, stopped],
  suggested: [`new${evil}`],
  figures: { [evil]: { memory: 148 * 1024 ** 2 } },
  machine: {
    engine: evil,
    disk: { total: 80_000_000_000, free: 39_000_000_000, root: evil },
    memory: { total: 16 * 1024 ** 3, available: 1024 ** 3 },
  },
  full: null,
  slept: { slept: 1_312 * 3_600_000, byteMs: 1_312 * 3_600_000 * 1024 ** 3, previews: 9 },
  sort: null,
  recentDurations: { pullRate: [], start: [] },
  address: (tag) => `http://${tag}.example.com`,
  q: '',
  state: '',
  problem: { tag: evil, sentence: evil },
  now,
}
const one = (preview: Preview) =>
  pages.previewPage(
    previewDetailOf({
      config: {
        ...desk.config,
        limits: { memory: '512m', cpus: 1, pids: 512, disk: '2g', diskMax: '2g' },
        ceilings: { memory: '2g', cpus: 2 },
        gate: { kind: 'password', password: evil },
      },
      preview,
      ahead: 0,
      recentDurations: desk.recentDurations,
      address: `http://${evil}`,
      slotAddress: evil,
      history: [
        {
          id: 1,
          at: now - 9_000,
          was: 'starting',
          state: 'failed',
          event: 'fail',
          generation: 1,
          detail: evil,
          who: evil,
          address: evil,
          request: evil,
        },
      ],
      samples: [{ at: now - 60_000, memory: 2 ** 26, cpu: 0.1, requests: 3 }],
      explanation: {
        repository: evil,
        tag: evil,
        state: evil,
        values: [
          {
            name: 'port',
            value: evil,
            unit: null,
            source: 'label',
            from: evil,
            notice: evil,
            words: `${evil}, by the image’s label ${evil}.`,
          },
        ],
        variables: [{ name: evil, value: evil, secret: false, from: evil }],
        image: null,
        imageWords: evil,
        slot: null,
        awake: { lastSeen: null, openConnections: null, pinned: null, words: evil },
        waiter: null,
        next: [{ what: 'stop', why: 'idle', at: new Date(now).toISOString(), words: evil }],
      },
      shares: [{ id: evil, created: now, until: now, by: { who: evil, address: null } }],
      made: { url: evil, until: now },
      log: [evil, '\u001b[31mred\u001b[0m', `${new Date(now).toISOString()} ${evil}`],
      q: 'script',
      now,
    }),
  )
const wait = (tag: string, uri: string, preview: Preview | undefined = { ...queued, tag }) =>
  pages.waitingPage({
    told: startStatusOf(preview, {
      id: tag,
      ahead: 0,
      full: null,
      missing: false,
      recentDurations: desk.recentDurations,
      now,
    }),
    repository: `registry.example.com/team/${tag}`,
    uri,
  })

const visitors: Record<string, pages.Page> = {
  waiting: wait(evil, `/${evil}?${evil}`),
  removed: pages.waitingPage({
    told: startStatusOf(undefined, {
      id: evil,
      ahead: 0,
      full: null,
      missing: false,
      recentDurations: desk.recentDurations,
      now,
    }),
    repository: evil,
    uri: evil,
  }),
  failed: pages.failedPage({ tag: evil, reason, since: now, retryAt: now + 5_000, now }),
  missing: pages.notFoundPage({ why: 'missing', tag: evil, askAgainIn: 14_200 }),
  'no tag': pages.notFoundPage({
    why: 'no-tag',
    label: evil,
    host: evil,
    domain: evil,
    example: evil,
    transliterate: true,
  }),
  'no host': pages.notFoundPage({
    why: 'no-tag',
    label: null,
    host: evil,
    domain: evil,
    example: evil,
    transliterate: false,
  }),
  'not offered': pages.notFoundPage({ why: 'not-offered', tag: evil }),
  unanswered: pages.messagePage(messages.unanswered(evil)),
  'too large': pages.messagePage(messages.tooLarge(evil)),
  crowded: pages.messagePage(messages.crowded(evil)),
}
const admins: Record<string, pages.Page> = {
  login: pages.loginPage({ repository: evil, domain: evil, provider: {}, gate: { kind: 'off' } }),
  'login, wrong token': pages.loginPage({
    repository: evil,
    domain: evil,
    provider: {},
    gate: { kind: 'off' },
    wrong: { triesLeft: 3 },
  }),
  enter: pages.enterPage({ repository: evil, provider: {}, host: evil }),
  'enter, wrong password': pages.enterPage({ repository: evil, provider: null, host: evil, wrong: { triesLeft: 0 } }),
  'login, too many': pages.loginPage({
    repository: evil,
    domain: evil,
    provider: {},
    gate: { kind: 'off' },
    wrong: { opensIn: 52, page: evil },
  }),
  admin: pages.adminPage(previewListOf(desk)),
  'admin, nothing found': pages.adminPage(previewListOf({ ...desk, q: evil, state: 'failed' })),
  'admin, empty': pages.adminPage(previewListOf({ ...desk, previews: [] })),
  'preview, running': one(running),
  'preview, running an older image': one({ ...running, generation: { ...generation, image: 'other' } }),
  'preview, failed': one(failed),
}

for (const [name, { html, csp }] of Object.entries({ ...visitors, ...admins }))
  test(`${name}: other people's words stay words`, () => {
    assert.ok(!html.includes('<img'), 'markup came through')
    assert.ok(!/<script(?! nonce="|\ssrc="\/(lotan|list|login|preview)\.js")/.test(html), 'a script came through')
    assert.ok(!/&amp;amp;amp;|undefined|\[object |\bNaN\b/.test(html), 'something odd is on the page')
    for (const rule of ["default-src 'none'", "base-uri 'none'", "form-action 'self'"])
      assert.ok(csp.includes(rule), rule)
    assert.ok(!/unsafe|\*|https?:/.test(csp))
    assert.ok(!/\sstyle=|\son\w+="/.test(html), 'the policy would refuse it')
  })

describe('visitors’ pages', () => {
  for (const [name, { html, csp }] of Object.entries(visitors)) {
    test(`${name}: carries its styles under a nonce of its own`, () => {
      const nonces = [...html.matchAll(/<(?:style|script) nonce="([^"]+)"/g)].map(([, nonce]) => nonce)
      assert.ok(nonces.length >= 1)
      for (const nonce of nonces) assert.ok(csp.includes(`style-src 'nonce-${nonce}'`))
      assert.equal(csp.includes(`script-src 'nonce-`), html.includes('<script nonce='))
      assert.ok(!/<link rel="stylesheet"|\ssrc="/.test(html), 'a preview’s host serves nothing of Lotan’s')
    })
    test(`${name}: neither the engine's words nor the application's output`, () => {
      assert.ok(!/ENGINE-WORDS|CONTAINER-OUTPUT/.test(html))
    })
  }

  test('a nonce is used once', () => {
    assert.notEqual(wait('red', '/').csp, wait('red', '/').csp)
  })

  test('the waiting page is small, even for the longest tag and path', () => {
    assert.ok(Buffer.byteLength(wait('pr-3001', '/lists/42?filter=open').html) < 10_000)
    assert.ok(Buffer.byteLength(wait('t'.repeat(128), `/${'p'.repeat(8_000)}`).html) < 12_000)
  })

  test('the waiting page names stage, place and where the visitor will land', () => {
    const { html } = wait('red', '/lists/42?filter=open', { ...queued, tag: 'red', reason: null })
    assert.match(html, /<title>1st in line · red<\/title>/)
    assert.match(html, /You will land on <code>\/lists\/42\?filter=open<\/code>/)
    assert.match(html, /<noscript><meta http-equiv="refresh" content="2"><\/noscript>/)
    assert.match(html, /<li class="current" aria-current="step">/)
  })

  test('the waiting page counts in the words that the server uses', () => {
    const source = /const duration = [^]*?\n\}/.exec(wait('red', '/').html)![0]
    const theirs = vm.runInNewContext(`${source}; duration`) as typeof duration
    for (const ms of [0, 999, 8_400, 59_999, 60_000, 61_000, 754_000, 3_600_000, 4_920_000])
      assert.equal(theirs(ms), duration(ms))
  })

  test('the failure page says what Lotan does by itself', () => {
    const page = (code: ReasonCode, retryAt: number | null) =>
      pages
        .failedPage({ tag: 'red', reason: { code, detail: '' }, since: now - 4_200, retryAt, now })
        .html.replaceAll('\u00a0', ' ')
    assert.match(page('registry-down', now + 25_800), /Lotan tries again by itself in 26 s\./)
    assert.match(page('registry-down', now), /Lotan tries again by itself now\./)
    // No clock of the server's: it may stand in another zone.
    assert.match(page('exited', null), /Failed <time datetime="2026-11-20T14:32:02\.800Z">4 s ago<\/time>\./)
    assert.match(page('no-answer', null), /Lotan has stopped trying by itself\./)
    assert.match(page('exited', null), /Lotan tried 3 times and has stopped trying\./)
    assert.match(page('wrong-port', null), /Helps once a new image is pushed\./)
    assert.match(page('exited', null), /<form method="post" action="\/\.lotan\/retry"/)
  })
})

describe('the admin page', () => {
  const html = (facts: Partial<ListFacts> = {}) =>
    pages.adminPage(previewListOf({ ...desk, problem: undefined, ...facts })).html.replaceAll('\u00a0', ' ')
  const tags = (facts: Partial<ListFacts>) => [...html(facts).matchAll(/data-tag="([^"]*)"/g)].map(([, tag]) => tag)
  const named = (tag: string, preview: Preview): Preview => ({ ...preview, tag })
  const previews = [
    named('pr-10', stopped),
    named('pr-9', running),
    named('a', { ...failed, image: null }),
    named('b', queued),
  ]

  test('shows the operator’s own markup above and below', () => {
    assert.match(html(), /<p id="welcome">Hello<\/p>/)
    assert.match(html(), /<p id="info">Ask us<\/p>/)
  })

  test('lists what failed and what changes first, and by any column that one asks for', () => {
    assert.deepEqual(tags({ previews }), ['a', 'b', 'pr-9', 'pr-10'])
    assert.deepEqual(tags({ previews, sort: sortOf('-tag') }), ['pr-10', 'pr-9', 'b', 'a'])
    const page = html({ previews, sort: sortOf('-tag'), q: 'x&y' })
    assert.match(page, /aria-sort="descending"><a href="\/\?q=x%26y&amp;sort=tag">Tag</)
    assert.match(page, /<a href="\/\?q=x%26y&amp;sort=memory">Memory</)
    assert.match(html({ previews }), /aria-sort="ascending"><a href="\/\?sort=-state">State</)
  })

  test('filters by state and by what is looked for', () => {
    assert.deepEqual(tags({ previews, state: 'asleep' }), ['pr-10'])
    assert.deepEqual(tags({ previews, state: 'no-such-state' }).length, 4)
    assert.deepEqual(tags({ previews, q: ' PR- ' }), ['pr-9', 'pr-10'])
    assert.deepEqual(tags({ previews, q: 'while starting' }), ['a', 'b'])
    assert.deepEqual(tags({ previews, q: 'running' }), ['pr-9'])
    assert.match(html({ previews, q: 'x&y', state: 'failed' }), /href="\/\?q=x%26y&amp;state=running"/)
    assert.match(html({ previews, q: 'x&y', state: 'failed' }), /No preview matches/)
    const pinned = { ...running, tag: 'kept', pin: { until: null } }
    assert.deepEqual(tags({ previews: [...previews, pinned], state: 'pinned' }), ['kept'])
  })

  test('of very many shows the first thousand, and finds all', () => {
    const many = Array.from({ length: 1_003 }, (_, i) => named(`pr-${i}`, running))
    assert.equal(tags({ previews: many }).length, 1_000)
    assert.match(html({ previews: many }), /The first 1000 of 1003\./)
    assert.deepEqual(tags({ previews: many, q: 'pr-1002' }), ['pr-1002'])
  })

  test('offers each state its own button, and in its menu what may be done besides', () => {
    const frozen = { ...running, tag: 'p', state: 'paused', phase: 'frozen' } as Preview
    const leaving = { ...running, tag: 'x', removeAt: now + 8_200 }
    const page = html({ previews: [...previews, frozen, leaving], sort: sortOf('tag') })
    const offered = [...page.matchAll(/data-acts="([^"]*)"[^]*?formaction="\/previews\/([^/]+)\/(\w+)">([^<]+)</g)].map(
      ([, acts, tag, to, name]) => [tag, to, name, acts],
    )
    assert.deepEqual(offered, [
      ['a', 'start', 'Try again', 'start refresh pin remove'],
      ['b', 'stop', 'Stop', 'stop refresh pin remove'],
      ['p', 'start', 'Wake', 'start stop restart refresh pin remove'],
      ['pr-9', 'stop', 'Stop', 'stop restart refresh pin remove'],
      ['pr-10', 'start', 'Start', 'start refresh pin remove'],
      ['x', 'keep', 'Keep', 'keep stop restart refresh pin'],
    ])
    assert.match(page, /class="soon">Goes in 9 s</)
  })

  const revision = 'c0ffee1234567890abcdef'
  const image = {
    ...known.image,
    digest: `sha256:${'ab12'.repeat(16)}`,
    created: new Date(now - 3 * 86_400_000).toISOString(),
    labels: { 'org.opencontainers.image.revision': revision },
  }

  test('names image, age and revision, and each in full where one points at it; so does the preview’s own page', () => {
    const asleep = { ...stopped, image }
    const page = html({ previews: [asleep] as Preview[] })
    assert.match(page, /title="sha256:(ab12){16}, revision c0ffee1234567890abcdef"><code>c0ffee1234<\/code>/)
    assert.match(page, /<span class="who">built 3 d ago<\/span>/)
    const bare = { ...asleep, image: { ...image, labels: {} } }
    assert.match(html({ previews: [bare] as Preview[] }), /<code>ab12ab12<\/code>/)
    assert.deepEqual(tags({ previews: [asleep as Preview, running], q: 'FFEE12345' }), ['quiet'])
    const own = one(asleep).html.replaceAll('\u00a0', ' ')
    assert.match(own, /<code id="digest" title="sha256:(ab12){16}">sha256:(ab12){4}<\/code>/)
    assert.match(own, /50\.6 MB</)
    assert.match(own, />17 Nov \d\d:\d\d<\/time>, 3 d ago</)
    assert.match(own, /<dt>Revision<\/dt><dd><code title="c0ffee1234567890abcdef">c0ffee1234<\/code>/)
  })

  test('says of what comes up how long that usually takes, and that it waits for room; so does the preview’s own page', () => {
    const lately = { pullRate: [6_325], start: [3_600] }
    const progress = { bytes: 1, total: 50_600_000, layers: 2, layersDone: 0, percent: 12 }
    const pulling = { ...known, tag: 'a', notices: [], image: null, state: 'pulling', progress } as Preview
    const line = (preview: Preview) =>
      /class="what">(?:<progress.*<\/progress> )?(.*?)<\/span>/.exec(
        html({ recentDurations: lately, previews: [preview] }),
      )![1]
    assert.equal(line(pulling), '12 %, 50.6 MB, usually 12 s')
    const waiting = { ...pulling, progress: { ...progress, waitsFor: 'room' } } as Preview
    assert.equal(line(waiting), 'waits for room on the disk, 5 s, usually 12 s')
    assert.ok(!html({ previews: [waiting] }).includes('aria-label="a, pulled"'))
    assert.match(one(waiting).html.replaceAll('\u00a0', ' '), /waits for room on the disk, 5 s</)
    assert.match(one({ ...pulling, took: { pull: 1_000, start: 1_000 } }).html, /50\.6\u00a0MB</)
    assert.equal(line({ ...running, notices: [], tag: 'a' }), '5 s')
  })

  test('links a commit where its image tells of its sources on the web, and nowhere else', () => {
    const linked = (source: string, of = revision) => {
      const labels = { 'org.opencontainers.image.source': source, 'org.opencontainers.image.revision': of }
      const page = html({ previews: [{ ...running, image: { ...image, id: generation.image, labels } }] as Preview[] })
      return /class="change num"[^>]*><a href="([^"]*)"/.exec(page)?.[1]
    }
    assert.equal(linked('https://git.example.com/shop/app.git'), `https://git.example.com/shop/app/commit/${revision}`)
    assert.equal(linked('http://git.example.com/shop/app/?x#y'), `http://git.example.com/shop/app/commit/${revision}`)
    for (const source of [
      'javascript:alert(1)//',
      'data:text/html,x',
      'git@example.com:shop/app',
      '/shop',
      'https://u:p@x/y',
    ])
      assert.equal(linked(source), undefined, source)
    assert.equal(linked('https://git.example.com/shop/app', '../../evil'), undefined)
  })

  test('says what the reaper does next', () => {
    const idle = { ...running, tag: 'idle', since: now - 900_000, readyAt: now - 900_000, lastSeen: now - 500_000 }
    const asleep = { ...stopped, lastSeen: now - 3_000_000 }
    const page = html({ previews: [asleep, idle] as Preview[] })
    assert.match(page, /Stops idle in 1 min 40 s/)
    assert.match(page, /then the image of quiet in 10 min/)
    assert.match(page, /class="soon">Stops in 1 min 40 s</)
    assert.match(html({ previews: [] }), /Nothing is due/)
  })

  test('says how full the machine is, in amber where it is too full, and what sleeping has saved', () => {
    const page = html()
    assert.match(page, /<div class="over"><dt>Memory<\/dt><dd><strong>15 GB<\/strong> of 16 GB/)
    assert.match(page, /<div><dt>Disk<\/dt><dd><strong>41 GB<\/strong> of 80 GB/)
    assert.match(page, /slept 1\u202f312 h/)
    assert.match(html({ machine: null }), /<dt>Memory<\/dt><dd class="muted">not known now</)
    const full = { ...desk.config, maxRunning: 1 }
    const why = { of: 'places', most: 1, roomIn: 240_000 } as const
    const waiting = html({ config: full, previews: [running, queued], full: why })
    assert.match(waiting, /Full: 1 of 1 run; .* in about 4 min\.<\/b> <span>1 preview waits\./)
    assert.ok(!html({ config: full, previews: [running], full: why }).includes('banner'))
    assert.match(html({ config: full, previews: [running, { ...running, tag: 'b' }] }), /class="over"><dt>Running/)
  })

  test('the image’s own time limit wins', () => {
    const labels = { 'lotan.inactivity-stop-minutes': '2' }
    const preview = { ...running, image: { ...known.image, labels }, lastSeen: now }
    assert.match(html({ previews: [preview] as Preview[] }), /Stops .* in 2 min</)
  })

  test('suggests tags to add', () => {
    assert.match(html({ previews, suggested: ['pr-11'] }), /<option value="pr-11">/)
  })

  test('the engine’s words are on the page of the preview', () => {
    assert.match(one(failed).html, /ENGINE-WORDS/)
    assert.match(one(failed).html, /CONTAINER-OUTPUT/)
    assert.ok(!html({ previews }).includes('ENGINE-WORDS'))
  })
})

test('what a program prints loses its colours and keeps its words', () => {
  const printed = '\u001b[1;31mred\u001b[0m\r \u001b]0;title\u0007tab\there \u001b[2Kend\u0000 żółw'
  assert.equal(plain(printed), 'red tab\there end żółw')
})
