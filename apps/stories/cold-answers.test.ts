/**
 * What a cold preview answers: the table of that name in docs/behaviour.md, cell by cell. Who is who, cold-clients.test.ts
 * asks.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import type { Answer, Ask } from '../testing/clients/http.ts'
import { buildApp, buildApps, buildBroken, buildSmall } from '../testing/images/build.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const HOLD = 6
const MAX_HELD = 3
const asRobot = { 'User-Agent': 'UptimeRobot/2.0', ...asBrowser }
const page = /^text\/html/
const problem = /^application\/problem\+json/

/** Who asks how, and gets what of which host. The first who asks for `nothing` makes Lotan ask the registry. */
const cells: [host: string, who: string, ask: Omit<Ask, 'host'>, status: number, type: RegExp, said: RegExp][] = [
  ['-cannot-be-a-tag', 'a browser', { headers: asBrowser }, 404, page, /No container tag/],
  ['-cannot-be-a-tag', 'a browser’s HEAD', { method: 'HEAD', headers: asBrowser }, 404, page, /^$/],
  ['-cannot-be-a-tag', 'a program', {}, 404, problem, /\/problems\/no-tag",\s*"title": ?"No container tag"/],
  [
    '-cannot-be-a-tag',
    'a robot',
    { headers: asRobot },
    404,
    problem,
    /\/problems\/no-tag",\s*"title": ?"No container tag"/,
  ],
  ['nothing', 'a robot', { headers: asRobot }, 503, problem, /is asleep/],
  ['nothing', 'a program', {}, 404, problem, /"state":"unknown"/],
  ['nothing', 'a program’s POST', { method: 'POST', body: 'x' }, 404, problem, /"tag":"nothing"/],
  ['nothing', 'a browser', { headers: asBrowser }, 404, page, /No such container tag/],
  ['nothing', 'a browser’s HEAD', { method: 'HEAD', headers: asBrowser }, 404, page, /^$/],
  ['x-hidden', 'a browser', { headers: asBrowser }, 403, page, /<code>x-hidden<\/code> has no preview/],
  ['x-hidden', 'a browser’s HEAD', { method: 'HEAD', headers: asBrowser }, 403, page, /^$/],
  [
    'x-hidden',
    'a program',
    {},
    403,
    problem,
    /\/problems\/not-offered","title":"This tag is not offered".*"tag":"x-hidden"/,
  ],
  ['x-hidden', 'a program’s POST', { method: 'POST', body: 'x' }, 403, problem, /"state":"unknown"/],
  [
    'x-hidden',
    'a robot',
    { headers: asRobot },
    403,
    problem,
    /\/problems\/not-offered",\s*"title": ?"This tag is not offered"/,
  ],
  ['broken', 'a robot', { headers: asRobot }, 503, problem, /is asleep/],
  ['broken', 'a program that was held', {}, 502, problem, /"state":"failed","reason":"bad-image"/],
  ['broken', 'a program', {}, 502, problem, /"state":"failed","reason":"bad-image"/],
  ['broken', 'a program’s HEAD', { method: 'HEAD' }, 502, problem, /^$/],
  ['broken', 'a program’s POST', { method: 'POST', body: 'x' }, 502, problem, /"tag":"broken"/],
  ['broken', 'a browser', { headers: asBrowser }, 502, page, /Whoever pushed it can mend it/],
  ['broken', 'a browser’s HEAD', { method: 'HEAD', headers: asBrowser }, 502, page, /^$/],
  ['broken', 'a browser that would wait', { headers: { ...asBrowser, Prefer: 'wait=5' } }, 502, page, /no program/],
  ['broken', 'a robot afterwards', { headers: asRobot }, 503, problem, /is asleep/],
]

describe('a cold preview', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    const { repository } = registry
    const apps = ['x-hidden', 'prefer', 'prefer-page', 'timing', 'elsewhere', 'watched', 'status']
    await buildApps(repository, apps)
    await buildApp(`${repository}:slow`, { env: { APP_DELAY: 120_000 } })
    await buildBroken(`${repository}:broken`)
    await buildSmall(`${repository}:quick`, 'quick')
    await publishSmall(`${repository}:pulled`, 'pulled', { ballast: 500 })
    lotan = await startLotan({
      repository,
      env: {
        LOTAN_HOLD_SECONDS: String(HOLD),
        LOTAN_MAX_HELD: String(MAX_HELD),
        LOTAN_START_TIMEOUT_SECONDS: '120',
        TAG_FILTER: '^[^x]',
        LOTAN_ROBOT_AGENTS: 'AcmeProbe, Corp Scanner/1.0 (x)',
        LOTAN_ROBOT_PATHS: '/healthz, /status/*',
      },
    })
    // It has to be stopped again when its turn comes.
    await lotan.click('quick')
    await lotan.api('POST', '/previews/quick/stop')
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  for (const [host, who, ask, status, type, said] of cells)
    test(`${host}: ${who} gets ${status}`, async () => {
      const answer = await lotan.ask({ host: `${host}.${lotan.domain}`, ...ask })
      assert.equal(answer.status, status, answer.text)
      assert.match(answer.headers['content-type'] ?? '', type)
      assert.match(answer.text, said)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.ok(answer.head < HOLD * 1_000, 'it was held to the end')
    })

  test('that is not offered is started by nobody', async () => {
    for (const [method, path] of [
      ['POST', '/previews/x-hidden/start'],
      ['POST', '/previews/x-hidden/restart'],
      ['GET', '/previews/x-hidden/wait?timeout=5'],
    ] as const) {
      const { status, json } = await lotan.api(method, path)
      assert.deepEqual([status, json.detail], [403, 'TAG_FILTER does not offer x-hidden.'])
    }
    assert.equal((await lotan.api('POST', '/previews', { tag: 'x-hidden' })).status, 403)
    await lotan.request('x-hidden', { method: 'POST', path: '/.lotan/retry' })
    assert.equal(lotan.store.get('x-hidden'), undefined)
    assert.deepEqual(lotan.store.history('x-hidden'), [])
  })

  test('holds a request no longer than it may, and says when to come again', async () => {
    const { status, headers, text, head } = await lotan.request('slow', { method: 'POST', body: 'x' })
    assertRefusal({ status, headers, text })
    assert.ok(head >= HOLD * 1_000 - 50 && head < (HOLD + 3) * 1_000, `${head} ms`)
    assert.equal(lotan.store.get('slow')?.state, 'starting')
  })

  for (const [what, wait, applied] of [
    ['as long as it prefers', '1', '1'],
    ['not at all, when it prefers that', '0', '0'],
    ['no longer than Lotan’s limit', '600', String(HOLD)],
  ] as const)
    test(`holds a request ${what}`, async () => {
      const asked = { Prefer: `respond-async, wait=${wait}` }
      const [program, browser] = await Promise.all([
        lotan.request('slow', { headers: asked }),
        lotan.request('slow', { headers: { ...asBrowser, ...asked } }),
      ])
      assertRefusal(program)
      assert.ok(browser.status === 503 && page.test(browser.headers['content-type'] ?? ''))
      for (const { head, headers } of [program, browser]) {
        assert.equal(headers['preference-applied'], `wait=${applied}`)
        assert.equal(headers['cache-control'], 'no-store')
        assert.ok(head >= Number(applied) * 1_000 - 50, `only ${head} ms`)
        assert.ok(head < Number(applied) * 1_000 + 2_000, `${head} ms`)
      }
    })

  test('is waited for by a program, and by a browser, that prefers to', async () => {
    const asked = { Prefer: `wait=${HOLD}` }
    const program = await lotan.request('prefer', { path: '/plain', headers: asked })
    const browser = await lotan.request('prefer-page', { path: '/plain', headers: { ...asBrowser, ...asked } })
    assert.deepEqual([program.status, program.text], [200, 'prefer'])
    assert.deepEqual([browser.status, browser.text], [200, 'prefer-page'])
    for (const { headers } of [program, browser]) assert.equal(headers['preference-applied'], `wait=${HOLD}`)
    const warm = await lotan.request('prefer', { path: '/plain' })
    assert.equal(warm.headers['preference-applied'], undefined)
  })

  for (const [what, tag, timing] of [
    ['start', 'timing', /^queue;dur=\d+, start;dur=\d+, ready;dur=\d+$/],
    ['pull and its start', 'pulled', /^queue;dur=\d+, pull;dur=\d+, start;dur=\d+, ready;dur=\d+$/],
  ] as const)
    test(`says once how long its ${what} took`, async () => {
      const timings = []
      for (let i = 0; i < 3; i++) timings.push((await lotan.request(tag)).headers['server-timing'])
      assert.match(String(timings[0]), timing)
      assert.deepEqual(timings.slice(1), [undefined, undefined])
    })

  test('holds as many as it may; one more is refused at once, until somebody goes away', async () => {
    const waiting = new Set<ReturnType<typeof hold>>()
    /** Adds requests until one is refused. */
    const fill = async (): Promise<Answer> => {
      for (;;) {
        const one = hold('slow')
        waiting.add(one)
        void one.answer.then(() => waiting.delete(one))
        const refused = await Promise.race([one.answer, sleep(300)])
        if (refused) return refused
      }
    }
    try {
      const refused = await fill()
      assertRefusal(refused)
      assert.match(refused.text, /Too many wait/)
      assert.equal(waiting.size, MAX_HELD)
      const visitor = await lotan.request('slow', { headers: asBrowser })
      assert.match(visitor.text, /(Getting|Waking) <\/span><code>slow<\/code>/)

      // The last one leaves, so that no place becomes free in time by itself.
      const others = [...waiting]
      others.pop()!.leave()
      await until('there is a place again, and one only', async () => {
        await fill()
        return waiting.size === MAX_HELD
      })
      assert.ok(
        others.every((one) => waiting.has(one)),
        'its place became free when its time was over',
      )
      for (const { answer } of others) assertRefusal((await answer)!)
    } finally {
      for (const { leave } of waiting) leave()
    }
  })

  for (const [what, tag, headers] of [
    ['the user agents it is told of', 'elsewhere', { 'User-Agent': 'Mozilla/5.0 (compatible; acmeprobe/2.3)' }],
    ['the user agents it is told of, whatever stands in them', 'elsewhere', { 'User-Agent': 'corp scanner/1.0 (X)' }],
  ] as const)
    test(`is not woken by ${what}`, async () => {
      const { status } = await lotan.request(tag, { headers: { ...asBrowser, ...headers } })
      assert.equal(status, 503)
      assert.equal(lotan.store.get(tag), undefined)
    })

  test('is not woken at the paths it is told of, and is at others', async () => {
    for (const path of ['/healthz', '/healthz?deep=1', '/status/', '/status/db/1'])
      assert.equal((await lotan.request('status', { path })).status, 503, path)
    assert.equal(lotan.store.get('status'), undefined)
    for (const [tag, ask] of [
      ['status', { path: '/api/healthz' }],
      ['watched', { path: '/status' }],
      ['elsewhere', { headers: { 'User-Agent': 'corp scanner/1x0 (x)' } }],
    ] as const)
      assert.equal((await lotan.request(tag, ask)).status, 200, tag)
  })

  test('whose image is here and starts in less than a second gets no page at all', async (t) => {
    // On a busy machine a start may take longer. Then the page comes after that second, and the next click has to tell.
    for (let left = 3; left > 0; left--) {
      await lotan.untilState('quick', 'stopped', 40_000)
      const usual = lotan.store.get('quick')!.took.start!
      const { status, text, head } = await lotan.request('quick', { headers: asBrowser })
      if (status === 200) return assert.match(text, /<h1>quick/)
      assert.ok(usual >= 1_000 || head > 900, `its last start took ${usual} ms, and the page came after ${head} ms`)
      await lotan.click('quick')
      await lotan.api('POST', '/previews/quick/stop')
    }
    // Each time the page came when that second was over, as it should: this machine is too busy to see the other case.
    t.diagnostic('no start of three took less than a second')
  })

  /** A request that waits. `answer` is undefined when it was left. */
  function hold(tag: string) {
    const gone = new AbortController()
    const answer = lotan.request(tag, { signal: gone.signal }).catch(() => undefined)
    return { answer, leave: () => gone.abort() }
  }

  function assertRefusal({ status, headers, text }: Pick<Answer, 'status' | 'headers' | 'text'>) {
    assert.equal(status, 503, text)
    assert.match(headers['content-type'] ?? '', problem)
    assert.equal(headers['cache-control'], 'no-store')
    assert.ok(Number(headers['retry-after']) > 0)
    assert.equal((JSON.parse(text) as { status: number }).status, 503)
  }
})
