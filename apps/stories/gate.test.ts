/** The gate of previews, through nginx: who is let in, what a refusal costs, and what never reaches an application. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { goTo, openBrowser, type Browser, type Page } from '../testing/harness/browser.ts'
import { openEngineProxy, type EngineProxy } from '../testing/harness/engine-proxy.ts'
import { buildApps, buildSmall } from '../testing/images/build.ts'
import { countQuestions, type Counted } from '../testing/registries/counting-proxy.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const domain = 'previews.example.test'
const password = 'open sesame'
const junk = (letter: string) => `lotan-pass=${letter.repeat(43)}`

interface Visitor {
  session: string
  code: string
  /** As the browser sends it. */
  pass: string
}

describe('a gate with a password', { timeout: 300_000 }, () => {
  let registry: Registry
  let counted: Counted
  let engine: EngineProxy
  let lotan: Lotan
  let browser: Browser
  let red: Visitor
  const calls: string[] = []
  /** What may stand in no log. */
  const secrets: string[] = [password]

  before(async () => {
    registry = await startImageRegistry()
    counted = await countQuestions(registry.port)
    engine = await openEngineProxy({ onCall: ({ call }) => calls.push(call) })
    const repository = registry.repository.replace(/:\d+\//, `:${counted.port}/`)
    await buildApps(repository, ['red', 'blue', 'cold', 'asleep'])
    await buildSmall(`${repository}:sibling`, 'this is sibling')
    lotan = await startLotan({
      repository,
      env: {
        TL_DOMAIN: domain,
        LOTAN_GATE: 'password',
        LOTAN_GATE_PASSWORD: password,
        DOCKER_HOST: `unix://${engine.socket}`,
        TAG_FILTER: '^[^x]',
        // No call to the engine but for previews, and looks.
        LOTAN_SANDBOXES: '0',
      },
    })
    browser = await openBrowser({ resolve: [`*.${domain}`, domain] })
    secrets.push(lotan.token)
    red = await visit('red')
    for (const tag of ['red', 'blue', 'sibling']) await wake(tag)
  })
  after(async () => {
    await browser?.close()
    await lotan?.stop()
    await engine?.close()
    counted?.close()
    await registry?.close()
  })

  test('a refusal costs no call, no row and no wake', async () => {
    const state = () =>
      JSON.stringify(lotan.store.list().map(({ tag, state, change, generations }) => [tag, state, change, generations]))
    await until(
      'nothing is under way',
      () => !lotan.store.list().some(({ state }) => /ing$/.test(state) && state !== 'running'),
    )
    const tags = ['asleep', 'cold', 'no-such-tag', 'xfiltered']
    const asks = [
      { headers: asBrowser },
      { headers: { ...asBrowser, 'Sec-Fetch-Dest': 'iframe' } },
      { headers: {} },
      { method: 'HEAD' },
      { method: 'POST', body: 'held' },
      { headers: { Prefer: 'wait=5' } },
      { headers: { Cookie: junk('a') } },
      { headers: { 'Lotan-Bypass': 'not the token' } },
      { headers: { Accept: 'text/event-stream' } },
      { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } },
      { method: 'OPTIONS', headers: { Origin: 'http://a.test', 'Access-Control-Request-Method': 'POST' } },
      { path: '/robots.txt' },
      { path: '/favicon.ico' },
      { headers: { ...asBrowser, 'Sec-Purpose': 'prefetch' } },
      { headers: { ...asBrowser, 'User-Agent': 'Slackbot' } },
      { path: '/.lotan/events', headers: { Accept: 'text/event-stream' } },
      { path: '/.lotan/retry', method: 'POST' },
      { path: '/.lotan/', headers: asBrowser },
      { path: '/.lotan/', headers: { Accept: '*/*' } },
      { path: '/.lotan/enter?code=wrong', headers: asBrowser },
      { path: '/.lotan/leave', method: 'POST' },
    ]
    const was = state()
    const from = [calls.length, counted.asked.length]
    const seen = new Map<string, number>()
    for (let round = 0; round < 14; round++)
      await Promise.all(
        tags.flatMap((tag) =>
          asks.map(async (ask) => {
            const { status } = await lotan.request(tag, ask)
            const what = `${ask.method ?? 'GET'} ${ask.path ?? '/'} ${JSON.stringify(ask.headers ?? {})}: ${status}`
            seen.set(what, (seen.get(what) ?? 0) + 1)
          }),
        ),
      )
    // What the engine is asked anyway, whoever comes, are looks, and the ends of what runs.
    const woken = calls
      .slice(from[0])
      .filter((call) => !/^GET |\/wait/.test(call) || /asleep|cold|no-such|xfilt/.test(call))
    assert.deepEqual(woken, [])
    for (const tag of tags)
      assert.deepEqual([lotan.store.history(tag), lotan.store.missing(tag, Date.now())], [[], undefined])
    assert.deepEqual(
      counted.asked.slice(from[1]).filter(({ path }) => /manifests|blobs/.test(path)),
      [],
    )
    assert.equal(state(), was)
    const wrong = [...seen.keys()].filter((what) => !/: (401|303)$/.test(what))
    assert.deepEqual(wrong.sort(), ['GET /robots.txt {}: 200', 'POST /.lotan/leave {}: 200'])
  })

  test('a visitor types the password once and is on the page that was asked for', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const addresses: string[] = []
    page.on('framenavigated', (frame) => addresses.push(frame.url()))
    const path = '/deep/er?a=1&b=%2F%20c'
    await goTo(page, `${lotan.url('red', path)}#part`)
    assert.equal(new URL(page.url()).hostname, domain)
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: /^Open/ }).click()
    await page.getByText('That is not the password').waitFor()
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: /^Open/ }).click()
    await page.waitForURL((url) => url.pathname === '/deep/er')
    assert.equal(page.url().replace(/#.*/, ''), lotan.url('red', path))
    const shown = JSON.parse(await page.locator('body').innerText()) as { url: string; rawHeaders: string[] }
    assert.equal(shown.url, path)
    assert.doesNotMatch(shown.rawHeaders.join('\n'), /lotan-pass|code=/)
    assert.doesNotMatch(await page.locator('body').evaluate((body) => body.ownerDocument.referrer), /code/)
    assert.doesNotMatch(addresses.join('\n'), /code=/)

    const [pass, ...more] = (await context.cookies(lotan.url('red'))).filter(({ name }) => name === 'lotan-pass')
    assert.ok(pass)
    secrets.push(pass.value, ...(await context.cookies()).map(({ value }) => value))
    assert.deepEqual(
      [more.length, pass.domain, pass.httpOnly, pass.sameSite],
      [0, new URL(lotan.url('red')).hostname, true, 'Lax'],
    )
    assert.deepEqual(await context.cookies(lotan.url('cold')), [])

    // A sibling's page leads here too, and no password is asked for.
    await goTo(page, lotan.url('sibling'))
    await page.getByRole('heading', { name: 'this is sibling' }).waitFor()
    await page.locator('body').evaluate(
      (body, { domain, secret }) => {
        for (const [path, name] of [
          ['/', 'a'],
          ['/deep', 'b'],
          ['/deep/er', 'c'],
        ])
          body.ownerDocument.cookie = `lotan-pass=${name!.repeat(secret)}; domain=${domain}; path=${path}`
      },
      { domain, secret: 43 },
    )
    assert.equal((await context.cookies(lotan.url('red', path))).length, 4)
    assert.equal((await goTo(page, lotan.url('red', path)))?.status(), 200)
    assert.equal(page.url(), lotan.url('red', path))
    assert.match(await page.locator('body').innerText(), /"url":"\/deep\/er/)
    // Nor does the application throw its visitor out.
    const thrown = `/answer?h=${encodeURIComponent('Set-Cookie:lotan-pass=; Max-Age=0; Path=/')}`
    assert.equal((await goTo(page, lotan.url('red', thrown)))?.status(), 200)
    assert.equal((await goTo(page, lotan.url('red', path)))?.status(), 200)

    // It leaves, and what is tossed lets nobody in.
    await ask(page, '/.lotan/leave', 'POST')
    await until('a request is refused', async () => (await ask(page, '/plain')) === 401, { within: 5_000 })
    await context.close()
  })

  test('a code gives one pass, at its own host', async () => {
    const { code } = red
    const again = await lotan.request('red', { path: `/.lotan/enter?code=${code}`, headers: asBrowser })
    assert.deepEqual([again.status, again.headers['set-cookie']], [401, undefined])
    const other = await codeFor('red', red.session)
    const foreign = await lotan.request('blue', { path: `/.lotan/enter?code=${other}`, headers: asBrowser })
    assert.deepEqual([foreign.status, foreign.headers['set-cookie']], [401, undefined])
    const late = await lotan.request('red', { path: `/.lotan/enter?code=${other}`, headers: asBrowser })
    assert.deepEqual([late.status, late.headers['set-cookie']], [401, undefined])
  })

  test('what lets one in opens nothing to another through the cache', async () => {
    const blue = await visit('blue')
    await lotan.api('POST', '/tokens', { name: 'blues', can: 'read', match: '^blue$', for: '1d' })
    const made = await lotan.api<{ token: string }>('POST', '/tokens', {
      name: 'reds',
      can: 'read',
      match: '^red$',
      for: '1d',
    })
    const other = await lotan.api<{ token: string }>('POST', '/tokens', {
      name: 'others',
      can: 'read',
      match: '^blue$',
      for: '1d',
    })
    assert.deepEqual([made.status, other.status], [201, 201])
    secrets.push(made.json.token, other.json.token)
    const near = red.pass.slice(0, -1) + (red.pass.endsWith('A') ? 'B' : 'A')
    const good = [
      { Cookie: red.pass },
      { Cookie: `${junk('a')}; x=1; ${red.pass}` },
      { Cookie: [junk('b'), red.pass] },
      { 'Lotan-Bypass': made.json.token },
    ]
    const bad = [
      {},
      { Cookie: junk('a') },
      { Cookie: `${junk('a')}; ${junk('b')}; ${junk('c')}` },
      { Cookie: blue.pass },
      { Cookie: near },
      { Cookie: `x="${red.pass.slice(0, -1)}"` },
      { Cookie: red.pass.toUpperCase().replace('LOTAN-PASS', 'Lotan-Pass') },
      { 'Lotan-Bypass': other.json.token },
      { 'Lotan-Bypass': `${made.json.token}, ${other.json.token}` },
      { 'Lotan-Bypass': made.json.token.slice(0, -1) },
    ]
    const answers = new Map<string, number>()
    for (let round = 0; round < 75; round++)
      await Promise.all(
        [...good, ...bad, ...good].map(async (headers) => {
          const { status } = await lotan.request('red', { path: '/plain', headers })
          const is = good.includes(headers as (typeof good)[0]) ? 'good' : JSON.stringify(Object.keys(headers))
          const key = `${is} ${status}`
          answers.set(key, (answers.get(key) ?? 0) + 1)
        }),
      )
    assert.deepEqual(
      [...answers.keys()].filter((key) => !/^good 200$|^\[.* 401$|^\[\] 401$/.test(key)),
      [],
    )
    assert.equal(answers.get('good 200'), 75 * 8)
    await lotan.api('DELETE', '/tokens/reds')
    await refusedSoon('red', { 'Lotan-Bypass': made.json.token })
  })

  test('streams and sockets need a pass, and work with one', async () => {
    const events = (headers: Record<string, string>) =>
      lotan.request('red', { path: '/sse', headers: { Accept: 'text/event-stream', ...headers } })
    assert.equal((await events({})).status, 401)
    assert.match((await events({ Cookie: red.pass })).text, /data: 2/)
    assert.equal(await socket('red', {}), 401)
    assert.equal(await socket('red', { Cookie: red.pass }), 'open')
  })

  test('a preflight passes to what runs, and opens nothing else', async () => {
    const headers = { Origin: 'http://a.test', 'Access-Control-Request-Method': 'PUT' }
    const answer = await lotan.request('red', { method: 'OPTIONS', path: '/deep', headers })
    assert.deepEqual([answer.status, answer.headers['x-app-tag']], [200, 'red'])
    assert.equal((await lotan.request('red', { method: 'OPTIONS', headers: { Origin: 'http://a.test' } })).status, 401)
    assert.equal((await lotan.request('red', { method: 'GET', headers })).status, 401)
    assert.equal((await lotan.request('red', { method: 'PUT', headers })).status, 401)
    const upgrade = { ...headers, Connection: 'Upgrade', Upgrade: 'websocket' }
    assert.equal((await lotan.request('red', { method: 'OPTIONS', headers: upgrade })).status, 401)
  })

  test('a held upload needs a pass, and its application sees neither pass nor token', async () => {
    const body = 'x'.repeat(200_000)
    assert.equal((await lotan.request('cold', { method: 'POST', body })).status, 401)
    assert.equal(lotan.store.get('cold'), undefined)
    const { pass } = await visit('cold')
    const headers = { Cookie: `a=1; ${pass}; b=2`, 'Lotan-Bypass': 'x', 'Transfer-Encoding': 'chunked' }
    const { status, text } = await lotan.request('cold', { method: 'POST', headers, body })
    assert.equal(status, 200)
    const shown = JSON.parse(text) as { bytes: number; rawHeaders: string[] }
    assert.equal(shown.bytes, body.length)
    assert.doesNotMatch(shown.rawHeaders.join('\n'), /lotan-pass|bypass/i)
    assert.match(shown.rawHeaders.join('\n'), /a=1; b=2/)
  })

  test('cookies of any size are told apart', async () => {
    const many = Array.from({ length: 500 }, (_, i) => `lotan-pass=${String(i).padStart(43, 'j')}`).join('; ')
    assert.equal(
      (await lotan.request('red', { path: '/plain', headers: { Cookie: `${many}; ${red.pass}` } })).status,
      200,
    )
    assert.equal((await lotan.request('red', { path: '/plain', headers: { Cookie: many } })).status, 401)
  })

  test('odd addresses lead to no other site', async () => {
    const odd = [
      '//evil.example',
      '/\\evil.example',
      '/%0d%0aX-A:b',
      '/ä%ff%00',
      `/${'x'.repeat(5_000)}`,
      'http://evil.example/',
      '/%ed%a0%80',
    ]
    const places = [
      'evil.com/x',
      'a:9@evil.com',
      'RED',
      'no-such-tag',
      '',
      '@',
      '..',
      `${'a'.repeat(300)}`,
      'red.evil',
      'a b',
      '%ff',
    ]
    for (const to of odd) {
      const at = await atOf('red')
      const value = encodeURIComponent(to).replace(/%25/g, '%')
      const asked = await admin(`/enter?at=${at}&to=${value}`, red.session)
      assert.equal(asked.status, 303, to)
      const code = URL.parse(asked.headers.location ?? '')
      assert.equal(code?.host, lotan.host('red'))
      const { status, headers } = await lotan.request('red', {
        path: code.pathname + code.search,
        headers: asBrowser,
      })
      assert.equal(status, 303, to)
      const host = URL.parse(headers.location ?? '', lotan.url('red'))?.host
      assert.equal(host, lotan.host('red'), to)
      const kept = await lotan.request('red', {
        path: `/.lotan/enter?to=${value}`,
        headers: { ...asBrowser, Cookie: red.pass },
      })
      assert.equal(URL.parse(kept.headers.location ?? '', lotan.url('red'))?.host, lotan.host('red'), to)
    }
    for (const place of places) {
      const { status, headers } = await admin(`/enter?at=${encodeURIComponent(place)}&to=/`, red.session)
      assert.ok(status < 500, `${place}: ${status}`)
      const host = headers.location && URL.parse(headers.location)?.hostname
      assert.ok(!host || host.endsWith(`.${domain}`), `${place}: ${host}`)
    }
  })

  test('who knows the password may do nothing on the admin page', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/previews/red'],
      ['GET', '/api'],
      ['GET', '/api/v1/previews'],
      ['GET', '/api/v1/sessions'],
      ['GET', '/api/v1/previews/red'],
      ['GET', '/api/v1/events'],
      ['POST', '/api/v1/tokens'],
      ['POST', '/api/v1/previews'],
      ['DELETE', '/api/v1/previews/red'],
      ['POST', '/previews/red/stop'],
    ] as const) {
      const { status } = await lotan.ask({
        host: `${domain}:${lotan.port}`,
        method,
        path,
        headers: {
          Cookie: red.session,
          Origin: lotan.admin,
          'Sec-Fetch-Site': 'same-origin',
          'Content-Type': 'application/json',
        },
        ...(method === 'POST' && { body: '{}' }),
      })
      assert.ok(status === 401 || status === 403, `${method} ${path}: ${status}`)
    }
    assert.equal(lotan.store.get('red')?.state, 'running')
  })

  test('a pass ends with its session, and on the way out', async () => {
    const first = await visit('red')
    const evil = { Cookie: first.pass, Origin: lotan.url('sibling').slice(0, -1) }
    assert.equal((await lotan.request('red', { method: 'POST', path: '/.lotan/leave', headers: evil })).status, 403)
    const own = { Cookie: first.pass, Origin: lotan.url('red').slice(0, -1) }
    assert.equal((await lotan.request('red', { path: '/plain', headers: own })).status, 200)
    assert.equal((await lotan.request('red', { method: 'POST', path: '/.lotan/leave', headers: own })).status, 200)
    await refusedSoon('red', { Cookie: first.pass })

    const second = await visit('red')
    await admin('/logout', second.session, 'POST')
    await refusedSoon('red', { Cookie: second.pass })

    const third = await visit('red')
    const { json } = await lotan.api<{ id: string; via: string; created: string }[]>('GET', '/sessions')
    for (const { id } of json.filter(({ via }) => via === 'password'))
      assert.ok((await lotan.api('DELETE', `/sessions/${id}`)).status < 300)
    await refusedSoon('red', { Cookie: third.pass })
  })

  test('ten wrong passwords in a minute, and the next one waits', async () => {
    const at = await atOf('red')
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await sendPassword(at, `wrong ${i}`)).status)
    assert.deepEqual(statuses.slice(-2), [429, 429])
    assert.equal((await lotan.request('red', { path: '/plain', headers: { 'Lotan-Bypass': lotan.token } })).status, 200)
    assert.equal((await lotan.api('GET', '/previews')).status, 200)
  })

  test('none of it stands in a log', async () => {
    // While the router is away nginx says what it could not ask.
    const router = lotan.part('router')!
    process.kill(router, 'SIGKILL')
    await lotan.request('red', {
      path: `/.lotan/enter?code=${'c'.repeat(43)}`,
      headers: { Cookie: junk('d'), 'Lotan-Bypass': 'e'.repeat(43) },
    })
    await lotan.ready()
    await until('the access log is written', async () => (await lotan.output()).includes('/deep/er'), {
      within: 20_000,
    })
    // The launcher prints its login link.
    const output = (await lotan.output()).replaceAll(`login?token=${lotan.token}`, '')
    for (const secret of [
      ...secrets.filter((secret) => secret !== lotan.token),
      'c'.repeat(43),
      'd'.repeat(43),
      'e'.repeat(43),
    ])
      assert.ok(!output.includes(secret), `${secret} is in a log`)
  })

  function admin(path: string, session: string, method = 'GET') {
    const headers = {
      ...asBrowser,
      Cookie: session,
      Origin: lotan.admin,
      'Sec-Fetch-Site': 'same-origin',
      'Sec-Fetch-Dest': 'document',
    }
    return lotan.ask({ host: `${domain}:${lotan.port}`, path, method, headers })
  }

  function sendPassword(at: string, text: string) {
    return lotan.ask({
      host: `${domain}:${lotan.port}`,
      method: 'POST',
      path: `/enter?at=${at}&to=/`,
      headers: { ...asBrowser, Origin: lotan.admin, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ password: text }).toString(),
    })
  }

  async function atOf(tag: string): Promise<string> {
    const { status, headers } = await lotan.request(tag, { headers: asBrowser })
    assert.equal(status, 303)
    return new URL(headers.location!).searchParams.get('at')!
  }

  async function codeFor(tag: string, session: string): Promise<string> {
    const { status, headers } = await admin(`/enter?at=${await atOf(tag)}&to=/`, session)
    assert.equal(status, 303)
    const code = new URL(headers.location!).searchParams.get('code')!
    secrets.push(code)
    return code
  }

  async function visit(tag: string): Promise<Visitor> {
    const logged = await sendPassword(await atOf(tag), password)
    assert.equal(logged.status, 200)
    const session = logged.headers['set-cookie']![0]!.split(';')[0]!
    const code = await codeFor(tag, session)
    const { status, headers } = await lotan.request(tag, { path: `/.lotan/enter?code=${code}`, headers: asBrowser })
    assert.equal(status, 303)
    const pass = headers['set-cookie']![0]!.split(';')[0]!
    secrets.push(session.split('=')[1]!, pass.split('=')[1]!)
    return { session, code, pass }
  }

  async function wake(tag: string) {
    await lotan.request(tag, { headers: { 'Lotan-Bypass': lotan.token } })
    await lotan.untilState(tag, 'running')
  }

  function refusedSoon(tag: string, headers: Record<string, string>) {
    const refused = async () => (await lotan.request(tag, { path: '/plain', headers })).status === 401
    return until('it is refused', refused, { within: 6_000 })
  }

  function socket(tag: string, headers: Record<string, string>): Promise<number | 'open'> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(`ws://127.0.0.1:${lotan.port}/`, { headers: { Host: lotan.host(tag), ...headers } })
      ws.on('open', () => {
        ws.terminate()
        resolve('open')
      })
      ws.on('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0))
      ws.on('error', reject)
    })
  }

  /** From the page's own script. */
  function ask(page: Page, path: string, method = 'GET'): Promise<number> {
    return page.evaluate(async ({ path, method }) => (await fetch(path, { method })).status, { path, method })
  }
})
