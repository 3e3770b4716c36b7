import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import vm from 'node:vm'
import type { KnownChange } from '../../shared/forge/change.ts'
import type { In, Preview } from '../../shared/preview/preview.ts'
import type { Reason, ReasonCode } from '../../shared/preview/failure-reason.ts'
import { previewDetailOf, plain } from './preview/detail.ts'
import { aboutPage } from './about-page.ts'
import type { Brand } from './brand.ts'
import { failedPage } from './failed-page.ts'
import * as admin from './render.ts'
import type { Page } from './views.ts'
import * as pages from './visitor-pages.ts'
import { sortOf } from './list/order.ts'
import { previewListOf } from './list/list.ts'
import { changeWords, type ChangeWords } from '../words/change-words.ts'
import type { ListFacts } from './list/row.ts'
import { messages } from './messages.ts'
import { serviceRow, volumeRow } from '../../testing/harness/service-row.ts'
import type { StackRows } from '../services/stack-rows.ts'
import { alone } from '../services/coming-up.ts'
import { startStatusOf, type StartFacts } from './start/status.ts'
import { barAt } from './start/way.ts'
import { duration } from './format.ts'
import { repositoriesAt } from '../../testing/harness/repositories.ts'

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
  copy: null,
}
const change: KnownChange = {
  ...{ repository: '', number: 7, title: evil, author: evil, branch: evil, base: evil, sha: evil },
  ...{
    fork: true,
    state: 'open',
    url: `https://git.example.com/${evil}`,
    updated: now,
    closedAt: null,
    approval: null,
  },
  behind: { revision: evil, sha: evil, commits: 2 },
}
const words = changeWords(change, evil, 'github')
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

const brand: Brand = { name: evil, application: evil, logo: null, logoData: null }

const evilChange: KnownChange = {
  ...{ repository: '', number: 7, title: evil, author: evil, branch: evil, base: evil, sha: evil },
  ...{
    fork: true,
    state: 'open',
    url: 'javascript:alert(1)',
    updated: 0,
    closedAt: null,
    approval: null,
    behind: null,
  },
}

/** None could be called so: `read/part.ts` refuses it. */
const evilRows: StackRows = {
  services: [
    serviceRow('pr-1', evil, { image: evil, digest: evil, container: evil, label: evil }),
    serviceRow('pr-1', evil, {
      ...{ state: 'restarting', image: evil, crashes: 2, restartAt: now + 9_000 },
      reason: { code: 'start-failed', detail: evil, service: evil },
    }),
  ],
  volumes: [volumeRow('pr-1', evil, { bytes: 9, measuredAt: now })],
}

const desk: ListFacts = {
  config: {
    repositories: repositoriesAt(evil),
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
    forge: null,
  },
  previews: [{ ...queued, tag: `q${evil}` }, { ...failed, tag: `f${evil}` }, running, stopped],
  suggested: new Map([['', [`new${evil}`]]]),
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
  servicesOf: () => evilRows.services,
  changeOf: () => change,
  barred: new Map(),
  asking: [{ id: `a${evil}`, change: evilChange }],
  q: '',
  state: '',
  of: '',
  problem: { tag: evil, sentence: evil },
  now,
}
const one = (preview: Preview) =>
  admin.previewPage(
    previewDetailOf({
      config: {
        ...desk.config,
        limits: { memory: '512m', cpus: 1, pids: 512, disk: '2g', diskMax: '2g' },
        ceilings: { memory: '2g', cpus: 2 },
        shell: { ssh: null, idle: 900_000 },
        gate: { kind: 'password', password: evil },
        ...{ publicUrl: { protocol: 'http:', port: null }, stackText: null, stackImages: null },
      },
      preview,
      figures: desk.figures,
      rows: evilRows,
      part: { service: evil, name: evil, container: evil },
      standing: { is: 'asks', change: evilChange },
      approval: null,
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
        variables: [{ name: evil, value: evil, secret: false, from: evil, words: evil }],
        stack: null,
        image: null,
        imageWords: evil,
        slot: null,
        awake: { lastSeen: null, openConnections: null, pinned: null, words: evil },
        asleep: { words: evil },
        waiter: null,
        change: null,
        next: [{ what: 'stop', why: 'idle', at: new Date(now).toISOString(), words: evil }],
      },
      change,
      inside: [{ id: evil, preview: 'red', service: evil, kind: 'exec', program: evil, via: 'ssh', who: evil, address: evil, container: null, opened: now }], // prettier-ignore
      shares: [{ id: evil, created: now, until: now, by: { who: evil, address: null } }],
      made: { url: evil, until: now },
      log: [evil, '\u001b[31mred\u001b[0m', `${new Date(now).toISOString()} ${evil}`],
      q: 'script',
      now,
    }),
    brand,
  )
const statusOf = (preview: Preview | undefined, id: string, facts: Partial<StartFacts> = {}) =>
  startStatusOf(preview, {
    id,
    ahead: 0,
    full: null,
    missing: false,
    standing: 'free',
    beside: alone,
    recentDurations: desk.recentDurations,
    now,
    ...facts,
  })
const wait = (
  tag: string,
  uri: string,
  preview: Preview | undefined = { ...queued, tag },
  name: string | null = null,
  change: ChangeWords | null = null,
) => pages.waitingPage({ told: statusOf(preview, tag), uri, change }, { ...brand, name, application: tag })
const near = [{ tag: evil, href: `http://${encodeURIComponent(evil)}.example.com/` }]
const why = { sentence: `${evil} is none.`, typed: evil }
const noTag = { host: evil, why, domain: evil, forms: [], example: evil, near }
const about = {
  ...{ id: evil, isMissing: false, timeouts: desk.config, details: `http://${evil}`, pass: undefined, change, now },
  forge: 'github' as const,
}
const share = { until: now + 1_000, session: null, user: null, lastUsed: null }

const visitors: Record<string, Page> = {
  waiting: wait(evil, `/${evil}?${evil}`, undefined, null, words),
  removed: pages.waitingPage({ told: statusOf(undefined, evil), uri: evil, change: null }, brand),
  failed: failedPage(
    { preview: { ...failed, retryAt: now + 5_000 }, change: words, details: `http://${evil}`, now },
    brand,
  ),
  missing: pages.missingPage({ id: evil, askAgainIn: 14_200, near }, brand),
  'no tag': pages.noTagPage({ ...noTag, label: evil, transliterate: true }, brand),
  'no repository': pages.noTagPage({ ...noTag, label: evil, forms: [evil, evil], transliterate: true }, brand),
  'no host': pages.noTagPage({ ...noTag, label: null, transliterate: false }, brand),
  'not offered': pages.notOfferedPage({ id: evil, near }, brand),
  unanswered: pages.messagePage(messages.unanswered(evil), brand),
  'too large': pages.messagePage(messages.tooLarge(evil), brand),
  crowded: pages.messagePage(messages.crowded(evil), brand),
  news: pages.newsPage(
    { status: 200, tag: evil, heading: evil, sentence: evil, link: { href: '/', name: evil } },
    brand,
  ),
  problem: pages.problemPage('no-tag', brand),
  problems: pages.problemsPage(brand),
  'about, running': aboutPage({ ...about, preview: running, pass: share }, brand),
  'about, failed': aboutPage({ ...about, preview: failed }, brand),
  'about, unknown': aboutPage({ ...about, preview: undefined }, brand),
}
const admins: Record<string, Page> = {
  login: admin.loginPage({ domain: evil, provider: {}, gate: { kind: 'off' } }, brand),
  'login, wrong token': admin.loginPage(
    { domain: evil, provider: {}, gate: { kind: 'off' }, wrong: { triesLeft: 3 } },
    brand,
  ),
  enter: admin.enterPage({ id: evil, provider: {} }, brand),
  'enter, wrong password': admin.enterPage({ id: evil, provider: null, wrong: { triesLeft: 0 } }, brand),
  'login, too many': admin.loginPage(
    { domain: evil, provider: {}, gate: { kind: 'off' }, wrong: { opensIn: 52, page: evil } },
    brand,
  ),
  admin: admin.adminPage(previewListOf(desk), brand),
  'admin, nothing found': admin.adminPage(previewListOf({ ...desk, q: evil, state: 'failed' }), brand),
  'admin, empty': admin.adminPage(previewListOf({ ...desk, previews: [] }), brand),
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
    assert.match(html, /<title>Next · red<\/title>/)
    assert.match(html, /You will land on <code>\/lists\/42\?filter=open<\/code>/)
    assert.match(html, /<noscript><meta http-equiv="refresh" content="2"><\/noscript>/)
    assert.match(html, /<li class="current" aria-current="step">/)
  })

  test('the waiting page counts as the server does', () => {
    const { html } = wait('red', '/')
    const theirsOf = <T>(name: string) => {
      const source = new RegExp(`const ${name}=[^]*?\\n\\}`).exec(html)![0]
      return vm.runInNewContext(`${source}; ${name}`) as T
    }
    const theirDuration = theirsOf<typeof duration>('duration')
    for (const ms of [0, 999, 8_400, 59_999, 60_000, 61_000, 754_000, 3_600_000, 4_920_000])
      assert.equal(theirDuration(ms), duration(ms))
    const theirBarAt = theirsOf<typeof barAt>('barAt')
    const creep = { from: 400, over: 1_500, to: 99 }
    for (const way of [
      { bar: null, creep: null },
      { bar: 46, creep: null },
      { bar: 85, creep },
      { bar: 0, creep },
    ])
      for (const ms of [0, 399, 400, 1_000, 9_000, 600_000]) assert.equal(theirBarAt(way, ms), barAt(way, ms))
  })

  test('the waiting page opens its stages where it is slower than usual, and says so in the tab', () => {
    const slow: In<'starting'> = {
      ...known,
      tag: 'red',
      stages: { queued: now - 41_000, starting: now - 40_000, waiting: now - 39_000 },
      took: { start: 12_000 },
      crashes: 0,
      state: 'starting',
      generation,
    }
    const page = (preview: Preview) => wait('red', '/', preview).html.replaceAll('\u00a0', ' ')
    assert.match(page(slow), /<title>Slower than usual · red<\/title>/)
    assert.match(page(slow), /<main class="visit slow">/)
    assert.match(
      page(slow),
      /<p id="slow" class="callout num"><b>Slower than usual\.<\/b> <span>It usually takes 12 s\./,
    )
    assert.match(page(slow), /<details class="fold" open>/)
    const quick = page({ ...slow, took: { start: 60_000 } })
    assert.match(quick, /<title>\d\d % · red<\/title>/)
    assert.match(quick, /<main class="visit">/)
    assert.match(quick, /<details class="fold" hidden>/)
  })

  test('the waiting page of what an admin has stopped shows no progress, and offers a start', () => {
    const ended: Preview = { ...known, tag: 'red', state: 'stopping', phase: 'ending', generation: null, why: 'asked' }
    const { html } = wait('red', '/', ended)
    assert.match(html, /<h1><span><\/span><code>red<\/code><span> was stopped<\/span><\/h1>/)
    assert.match(html, /Somebody who runs Lotan stopped it while you were waiting\./)
    assert.match(html, /<div id="way" class="num" hidden>/)
    assert.match(html, /<details class="fold" hidden>/)
    assert.match(html, /<form id="again"[^>]* action="\/\.lotan\/retry"><button class="primary">Start it again</)
  })

  const failedOf = (reason: Reason, retryAt: number | null = null, image: In<'failed'>['image'] = null) => {
    const preview: In<'failed'> = { ...known, tag: 'red', image, state: 'failed', since: now - 4_200, reason, retryAt }
    return failedPage(
      { preview, change: null, details: 'http://previews.example.com/previews/red', now },
      brand,
    ).html.replaceAll('\u00a0', ' ')
  }
  const because = (code: ReasonCode, retryAt: number | null = null) => failedOf({ code, detail: '' }, retryAt)

  test('the failure page says what Lotan does by itself', () => {
    assert.match(because('registry-down', now + 25_800), /Lotan tries again by itself <b[^>]*>in 26 s<\/b>/)
    assert.match(because('registry-down', now), /Lotan tries again by itself <b[^>]*>now<\/b>/)
    // No clock of the server's: it may stand in another zone.
    assert.match(because('exited'), /Failed <time datetime="2026-11-20T14:32:02\.800Z">4 s ago<\/time>\./)
    assert.match(because('no-answer'), /Lotan has stopped trying by itself\./)
    assert.match(because('exited'), /Lotan tried 3 times and has stopped trying\./)
    assert.match(because('wrong-port'), /Helps once a new image is pushed\./)
  })

  test('the failure page has one next step, and no button where only a new image helps', () => {
    const steps = (html: string) => [
      /action="\/\.lotan\/retry" class="act"><button class="primary">Try once more</.test(html),
      /Whoever pushed it can mend it: /.test(html),
      /Tell <b>whoever runs Lotan<\/b>/.test(html),
    ]
    assert.deepEqual(steps(because('exited')), [true, false, false])
    assert.deepEqual(steps(failedOf({ code: 'wrong-port', detail: '', listens: ['0.0.0.0:3000'] })), [
      false,
      true,
      false,
    ])
    assert.deepEqual(steps(because('credentials', now + 9_000)), [false, false, true])
    assert.deepEqual(steps(because('registry-down', now + 9_000)), [false, false, false])
  })

  test('the failure page’s heading reads, and its last lines are one link away', () => {
    const page = because('exited')
    assert.match(page, /<title>red did not start · /)
    assert.match(page, /<\/span> <code>red<\/code> did not start<\/h1>/)
    assert.match(page, /<a href="http:\/\/previews\.example\.com\/previews\/red" rel="noreferrer">Its last lines<\/a>/)
    assert.match(because('disk-full', now), /There is no room for <code>red<\/code><\/h1>/)
  })

  test('a change is a link where the image’s labels name a site and a commit, and nothing else is', () => {
    const image = (source: string, revision = 'c0ffee1234567890abcdef') =>
      failedOf({ code: 'exited', detail: '' }, null, {
        ...known.image,
        created: new Date(now - 7_200_000).toISOString(),
        labels: { 'org.opencontainers.image.source': source, 'org.opencontainers.image.revision': revision },
      })
    assert.match(
      image('https://git.example.com/shop/todowrangler.git'),
      /Built 2 h ago, from <a href="https:\/\/git\.example\.com\/shop\/todowrangler\/commit\/c0ffee1234567890abcdef" rel="noreferrer"><code>c0ffee1234<\/code><\/a>/,
    )
    for (const source of ['javascript:alert(1)', 'https://me:secret@git.example.com/a', 'git.example.com/a'])
      assert.match(image(source), /Built 2 h ago, from <code>c0ffee1234<\/code>/, source)
    assert.match(image('https://git.example.com/a', '../../evil'), /from <code>/)
  })

  test('name and picture of the installation stand above the heading, with the application’s name', () => {
    const page = (brand: Brand) => pages.missingPage({ id: 'red', askAgainIn: 1_000, near: [] }, brand).html
    const plain = { name: null, application: 'todowrangler', logo: null, logoData: null }
    assert.match(page(plain), /<\/svg> <span><b>todowrangler<\/b> previews<\/span>/)
    assert.match(page({ ...plain, name: 'Acme Shop' }), /<b>Acme Shop<\/b> · todowrangler previews</)
    const logo = { type: 'image/svg+xml', body: Buffer.from('<svg/>') }
    const drawn = { ...plain, logo, logoData: 'data:image/svg+xml;base64,PHN2Zy8+' }
    assert.match(page(drawn), /<img class="logo" src="data:image\/svg\+xml;base64,PHN2Zy8\+" alt="">/)
    assert.match(
      admin.adminPage(previewListOf({ ...desk, previews: [] }), drawn).html,
      /<img class="logo" src="\/logo" alt="">/,
    )
  })

  test('the page about a preview says when it stops, and lets out who has a pass', () => {
    const page = (
      more: object,
      preview: Preview = {
        ...running,
        tag: 'red',
        image: null,
        readyAt: now - 60_000,
        lastSeen: now - 60_000,
        since: now - 4_920_000,
      },
    ) => aboutPage({ ...about, id: 'red', preview, ...more }, brand).html.replaceAll('\u00a0', ' ')
    assert.match(page({}), /running<\/span> for 1 h 22 min, stops in 9 min if nobody comes</)
    assert.doesNotMatch(page({}), /Leave/)
    assert.match(
      page({ pass: { ...share, until: now + 86_400_000 } }),
      /you came by a share link, which opens it for 1 d more</,
    )
    assert.match(page({ pass: share }), /<form method="post" action="\/\.lotan\/leave"><button[^>]*>Leave</)
    assert.match(page({}, { ...running, tag: 'red', pin: { until: null } }), /it stays up until somebody unpins it/)
    assert.match(page({}, failed), /did not start/)
    assert.match(page({ preview: undefined }), /nobody has opened it yet, or it was removed/)
    assert.match(page({ preview: undefined, isMissing: true }), /the registry has no image of that name/)
  })
})

describe('the admin page', () => {
  const html = (facts: Partial<ListFacts> = {}) =>
    admin
      .adminPage(previewListOf({ ...desk, problem: undefined, changeOf: () => null, ...facts }), brand)
      .html.replaceAll('\u00a0', ' ')
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
    assert.deepEqual(tags({ previews, q: 'did not start' }), ['a', 'b'])
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
    const progress = { bytes: 1, total: 50_600_000, layers: 2, layersDone: 0, percent: 12, phase: 'downloading' }
    const pulling = { ...known, tag: 'a', notices: [], image: null, state: 'pulling', progress } as Preview
    const line = (preview: Preview) =>
      /class="what">(?:<progress.*<\/progress> )?(.*?)<\/span>/.exec(
        html({ recentDurations: lately, previews: [preview], servicesOf: () => [] }),
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

    const full = { of: 'memory', roomIn: 0 } as const
    const waits = { ...queued, tag: 'waits', notBefore: 0 } as Preview
    const room = html({ previews: [waits, idle] as Preview[], full })
    assert.match(room, /Stops idle for room now/)
    assert.match(room, /class="soon">Stops for room now</)
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
    assert.ok(!html({ config: full, previews: [running], full: why, asking: [] }).includes('banner'))
    assert.match(html({ config: full, previews: [running, { ...running, tag: 'b' }] }), /class="over"><dt>Running/)
  })

  test('the image’s own time limit wins', () => {
    const labels = { 'lotan.inactivity-stop-minutes': '2' }
    const preview = { ...running, image: { ...known.image, labels }, lastSeen: now }
    assert.match(html({ previews: [preview] as Preview[] }), /Stops .* in 2 min</)
  })

  test('suggests tags to add', () => {
    assert.match(html({ previews, suggested: new Map([['', ['pr-11']]]) }), /<option value="pr-11">/)
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
