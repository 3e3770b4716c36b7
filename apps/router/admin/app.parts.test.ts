import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { makeSecret } from '../../shared/secret.ts'
import { examplesAt } from '../../shared/api/examples.ts'
import { problemNames } from '../../shared/api/problems.ts'
import { startsAgain } from '../../shared/preview/preview.ts'
import type { SessionJson } from '../../shared/api/session.ts'
import { bearer, bringUp, domain, openBed, steps, token, type Answer, type Ask } from './harness.ts'

const bed = await openBed({ LOTAN_LISTEN: '127.0.0.1:8080', ADMIN_WELCOME: '<b>Welcome</b>' })
after(() => bed.close())

const { ask, store } = bed
const origin = `http://${domain}:8080`
const own = { 'Sec-Fetch-Site': 'same-origin' }
const cookie = await bed.cookie()

/** Each wrong token from an address of its own, except where the count is what is tested. */
let addresses = 0
const fromElsewhere = () => ({ 'X-Forwarded-For': `198.51.100.${++addresses}` })

function post(uri: string, fields: Record<string, string>, headers: Ask['headers'] = {}) {
  const body = new URLSearchParams(fields).toString()
  return ask(uri, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  })
}

test('who is let in', async () => {
  const proof = cookie.slice('lotan='.length)
  const cases: [what: string, headers: Ask['headers'], status: number][] = [
    ['nobody', {}, 401],
    ['the token', bearer, 200],
    ['the token, written otherwise', { Authorization: `bearer  ${token} ` }, 200],
    ['a wrong token', { Authorization: 'Bearer wrong' }, 401],
    ['no token', { Authorization: 'Bearer' }, 401],
    ['a wrong token beside a good cookie', { Authorization: 'Bearer wrong', Cookie: cookie }, 401],
    ['a password for a proxy beside a good cookie', { Authorization: 'Basic YTpi', Cookie: cookie }, 200],
    ['the token as a password', { Authorization: `Basic ${Buffer.from(`admin:${token}`).toString('base64')}` }, 401],
    ['the cookie', { Cookie: cookie }, 200],
    ['the token as a cookie', { Cookie: `lotan=${token}` }, 401],
    ['a cookie that a preview has tossed', { Cookie: 'lotan=1.x' }, 401],
    ['a cookie of the right form', { Cookie: `lotan=${makeSecret()}` }, 401],
    ['the cookie behind tossed ones', { Cookie: `${'lotan=1.x; '.repeat(50)}${cookie}; lotan=y` }, 200],
    ['behind 500 of the right form', { Cookie: `${`lotan=${makeSecret()}; `.repeat(500)}${cookie}` }, 200],
    ['the name that is for https', { Cookie: `__Host-lotan=${proof}` }, 401],
  ]
  for (const [what, headers, status] of cases) {
    for (const uri of ['/', '/api/v1/previews']) {
      const answer = await ask(uri, { headers })
      assert.equal(answer.status, status, `${what}, ${uri}`)
      const type =
        uri === '/'
          ? 'text/html; charset=utf-8'
          : status === 200
            ? 'application/json; charset=utf-8'
            : 'application/problem+json'
      assert.equal(answer.headers['content-type'], type)
    }
  }
})

test('nothing but health and the pages’ own files answers without a login', async () => {
  for (const uri of [
    '/',
    '/nothing',
    '/previews/red',
    '/previews/red/stop',
    '/api',
    '/api/v1/tags',
    '/api/v1/nothing',
    '/metrics',
  ])
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS'])
      assert.equal((await ask(uri, { method })).status, 401, `${method} ${uri}`)
  for (const uri of ['/healthz', '/lotan.css', '/lotan.js', '/login']) assert.equal((await ask(uri)).status, 200, uri)
})

test('programs that are not let in are told how, and people get the login page where they are', async () => {
  const program = await ask('/api/v1/previews')
  assert.equal(program.headers['www-authenticate'], 'Bearer realm="lotan"')
  assert.equal(program.json.status, 401)
  const person = await ask('/previews/red')
  assert.match(person.text, /<form method="post" action="\/login"/)
})

test('the login page loads itself again, once, where a strict cookie may not have come along', async () => {
  const refresh = async (uri: string, headers: Record<string, string>) => (await ask(uri, { headers })).headers.refresh
  const navigate = { 'Sec-Fetch-Mode': 'navigate' }
  const again = '0; url=/previews/red?again'
  for (const [headers, expected] of [
    [{ ...navigate, 'Sec-Fetch-Site': 'cross-site' }, again],
    [{ 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Site': 'cross-site' }, undefined],
    [{ ...navigate, 'Sec-Fetch-Site': 'none' }, undefined],
    [{ ...navigate, 'Sec-Fetch-Site': 'same-origin' }, undefined],
    // Over plain HTTP there is the Referer alone, or nothing.
    [{}, again],
    [{ Referer: 'http://chat.example/' }, again],
    [{ Referer: `http://red.${domain}/` }, again],
    [{ Referer: `http://${domain}/` }, undefined],
  ] as const) {
    assert.equal(await refresh('/previews/red', headers), expected, JSON.stringify(headers))
    assert.equal(await refresh('/previews/red?again', headers), undefined)
  }
  assert.equal(await refresh('/?q=red', {}), '0; url=/?q=red&again')
  assert.equal(await refresh('//evil.example', {}), '0; url=/.//evil.example?again')
  // Whoever is in does not see that.
  for (const [uri, to] of [
    ['/?q=red&again', '/?q=red'],
    ['/previews/red?again', '/previews/red'],
    ['//evil.example?again', '/.//evil.example'],
  ] as const) {
    const { status, headers } = await ask(uri, { headers: { Cookie: cookie } })
    assert.deepEqual([status, headers.location], [303, to])
  }
})

test('the login link and the login form let in, and lead to where one wanted to go', async () => {
  const link = await ask(`/login?token=${token}`, { headers: { 'Sec-Fetch-Dest': 'document' } })
  assert.equal(link.status, 303)
  assert.equal(link.headers.location, '/')
  assert.match(
    link.headers['set-cookie']![0]!,
    /^lotan=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
  )

  const cases: [referer: string, location: string][] = [
    [`http://${domain}/previews/red?log=1`, '/previews/red?log=1'],
    [`http://${domain}/?q=red`, '/?q=red'],
    [`http://${domain}/login`, '/'],
    [`http://${domain}/login?token=wrong`, '/'],
    [`http://${domain}/previews`, '/'],
    [`http://${domain}/previews/red/stop`, '/previews/red'],
    ['http://evil.example/previews/red', '/'],
    [`http://${domain}//evil.example`, '/'],
  ]
  for (const [Referer, location] of cases) {
    const form = await post(
      '/login',
      { token: ` ${token}\n`, username: 'admin' },
      { Referer, Origin: `http://${domain}` },
    )
    assert.equal(form.status, 303, Referer)
    assert.equal(form.headers.location, location, Referer)
    assert.equal((await ask('/', { headers: { Cookie: form.headers['set-cookie']![0]!.split(';')[0] } })).status, 200)
  }
})

test('a login link that is not opened by a person is not followed', async () => {
  for (const dest of ['image', 'iframe', 'empty', 'script']) {
    const answer = await ask(`/login?token=${token}`, { headers: { 'Sec-Fetch-Dest': dest } })
    assert.equal(answer.status, 403, dest)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
})

test('after five wrong tokens in the form from one address only wrong ones are refused, and right ones never count', async () => {
  const here = { 'X-Forwarded-For': '203.0.113.7' }
  for (let i = 0; i < 7; i++) assert.equal((await post('/login', { token }, here)).status, 303)
  for (const [i, other] of ['wrong', `${token}x`, '', ' ', 'wrong'].entries()) {
    const wrong = await post('/login', { token: other }, here)
    assert.equal(wrong.status, 401)
    const left = ['4 tries left', '3 tries left', '2 tries left', '1 try left', 'After another wrong one'][i]
    assert.ok(wrong.text.includes(`That is not the token. ${left}`), left)
    assert.doesNotMatch(wrong.text, /disabled/)
  }
  for (let i = 0; i < 3; i++) {
    const refused = await post(
      '/login',
      { token: 'wrong' },
      { ...here, Referer: `http://${domain}/previews/red?log=1` },
    )
    assert.equal(refused.status, 429)
    const seconds = Number(refused.headers['retry-after'])
    assert.ok(seconds > 50 && seconds <= 60)
    assert.equal(refused.headers['set-cookie'], undefined)
    // A script opens the form again; without one the page is loaded anew, and it is open.
    assert.match(refused.text, /<input id="token"[^>]* disabled>/)
    assert.ok(
      refused.text.includes(
        `Too many tries. The form opens again in <b data-opens-in="${seconds}">${seconds}&nbsp;s</b>`,
      ),
    )
    assert.ok(
      refused.text.includes(`<noscript><meta http-equiv="refresh" content="${seconds}; url=/previews/red?log=1">`),
    )
    assert.doesNotMatch((await ask('/previews/red?log=1', { headers: here })).text, /disabled/)
    // Whoever has the right one and shares the address is let in all the same.
    const right = await post('/login', { token }, here)
    assert.equal(right.status, 303)
    assert.ok(right.headers['set-cookie'])
  }
  // Any page can ask for links in the name of whoever looks at it: they neither count nor are they barred.
  for (let i = 0; i < 7; i++) {
    const wrong = await ask('/login?token=wrong', { headers: here })
    assert.equal(wrong.status, 401)
    assert.match(wrong.text, /That is not the token\. *</)
  }
  assert.equal((await ask(`/login?token=${token}`, { headers: here })).status, 303)
  // Who is in stays in, and others are not barred.
  assert.equal((await ask('/', { headers: { ...here, Cookie: cookie } })).status, 200)
  assert.equal((await post('/login', { token }, fromElsewhere())).status, 303)
})

test('people and programs behind one address pass with the right token, however many wrong ones come from there', async () => {
  const here = { 'X-Forwarded-For': '203.0.113.8' }
  const json = { ...bearer, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ name: 'neighbour', can: 'read' })
  const made = await ask('/api/v1/tokens', { method: 'POST', body, headers: json })
  const ways: [what: string, wrong: number[], send: (token: string) => Promise<Answer>, right: number][] = [
    ['form', [401, 429], (token) => post('/login', { token }, here), 303],
    ['link', [401], (token) => ask(`/login?token=${token}`, { headers: here }), 303],
    ['bearer', [401], (token) => ask('/', { headers: { ...here, Authorization: `Bearer ${token}` } }), 200],
  ]
  for (const [what, , send] of ways)
    for (let i = 0; i < 30; i++) assert.ok([401, 429].includes((await send(`wrong-${i}`)).status), what)
  for (const [what, wrong, send, right] of ways) {
    const { status, headers } = await send(token)
    assert.equal(status, right, what)
    if (right === 303) assert.ok(headers['set-cookie'], what)
    assert.ok(wrong.includes((await send('wrong')).status), what)
    assert.equal((await send(token)).status, right, what)
  }
  const named = { ...here, Authorization: `Bearer ${made.json.token}` }
  assert.equal((await ask('/api/v1/previews', { headers: named })).status, 200)
  // Each wrong one is evaluated alone: no part of the token is told from another.
  assert.equal((await post('/login', { token: token.slice(0, -1) }, here)).status, 429)
})

test('what is no token is a wrong one', async () => {
  const bodies = ['', 'token', 'token=', 'token=a&token=b', `token[]=${token}`, `token[x]=${token}`, '%', 'token=%ff']
  for (const body of bodies) {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...fromElsewhere() }
    assert.equal((await ask('/login', { method: 'POST', body, headers })).status, 401, body)
  }
  const json = { 'Content-Type': 'application/json', ...fromElsewhere() }
  assert.equal((await ask('/login', { method: 'POST', body: JSON.stringify({ token }), headers: json })).status, 401)
  assert.equal((await post('/login', { token: 'x'.repeat(10_000) }, fromElsewhere())).status, 413)
})

test('another site can neither log in nor log out, nor change anything with the cookie', async () => {
  bringUp('stay', bed)
  const foreign: [what: string, headers: Record<string, string>][] = [
    ['no word where it comes from', {}],
    ['a preview, which is the same site', { 'Sec-Fetch-Site': 'same-site', Origin: `http://red.${domain}:8080` }],
    ['a preview over plain HTTP', { Origin: `http://red.${domain}:8080` }],
    ['another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['a page without an origin', { Origin: 'null' }],
    ['the address bar', { 'Sec-Fetch-Site': 'none' }],
  ]
  const changes: [method: string, uri: string][] = [
    ['POST', '/previews'],
    ['POST', '/previews/stay/stop'],
    ['POST', '/previews/stay/start'],
    ['POST', '/previews/stay/restart'],
    ['POST', '/previews/stay/remove'],
    ['POST', '/logout'],
    ['POST', '/api/v1/previews'],
    ['POST', '/api/v1/previews/stay/stop'],
    ['POST', '/api/v1/previews/new/start'],
    ['POST', '/api/v1/previews/stay/restart'],
    ['DELETE', '/api/v1/previews/stay'],
    ['GET', '/api/v1/previews/new/wait'],
  ]
  for (const [what, headers] of foreign)
    for (const [method, uri] of changes) {
      const answer = await ask(uri, { method, headers: { Cookie: cookie, ...headers } })
      assert.equal(answer.status, 403, `${what}: ${method} ${uri}`)
      assert.equal(answer.headers['set-cookie'], undefined)
      assert.match(answer.headers['content-type']!, uri.startsWith('/api') ? /problem\+json/ : /html/)
    }
  assert.equal(store.get('stay')?.state, 'running')
  assert.equal(store.get('new'), undefined)
  assert.equal((await post('/login', { token }, { Origin: `http://red.${domain}:8080` })).status, 403)
  assert.equal((await post('/login', { token }, { Origin: 'null' })).status, 403)
})

test('a change passes from the admin’s own page, by any of its addresses, and with the token from anywhere', async () => {
  bringUp('go', bed)
  const good: Record<string, string>[] = [
    { Cookie: cookie, ...own },
    { Cookie: cookie, Origin: origin },
    { Cookie: cookie, Origin: `http://${domain}:9090`, Host: `${domain}:9090` },
    { ...bearer },
    { ...bearer, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
  ]
  for (const headers of good) {
    assert.equal((await ask('/previews/go/stop', { method: 'POST', headers })).status, 303)
    assert.equal(store.get('go')?.state, 'stopping')
    assert.equal((await ask('/api/v1/previews/go/start', { method: 'POST', headers })).status, 202)
    assert.equal(store.get('go')?.state, 'running')
  }
})

test('logging out takes the cookie away, and ends its session alone', async () => {
  const cookie = await bed.cookie()
  const other = await bed.cookie()
  assert.equal((await ask('/', { headers: { Cookie: cookie } })).status, 200)
  const out = await ask('/logout', { method: 'POST', headers: { Cookie: cookie, ...own } })
  assert.equal(out.status, 303)
  assert.equal(out.headers.location, '/')
  assert.equal(out.headers['set-cookie']![0], 'lotan=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict')
  for (const headers of [{ Cookie: cookie }, { Cookie: cookie, ...own }])
    assert.equal((await ask('/', { headers })).status, 401)
  assert.equal((await ask('/', { headers: { Cookie: other } })).status, 200)
  assert.equal((await ask('/logout', { method: 'POST', headers: { Cookie: cookie, ...own } })).status, 303)
  const typed = await ask('/logout', { headers: { Cookie: other } })
  assert.deepEqual([typed.status, typed.headers.allow], [405, 'POST'])
})

test('sessions are listed without their secrets, and ended one by one', async () => {
  const [mine, other] = [await bed.cookie(), await bed.cookie()]
  const list = async (headers: Ask['headers']) => (await ask('/api/v1/sessions', { headers })).json as SessionJson[]
  const seen = await list({ Cookie: mine })
  const [current, ...rest] = seen.filter(({ current }) => current)
  assert.deepEqual(
    [current?.user, current?.via, current?.can, current?.address],
    ['admin', 'link', 'admin', '192.0.2.1'],
  )
  assert.equal(rest.length, 0)
  assert.ok((await list(bearer)).every(({ current }) => !current))
  const text = JSON.stringify(seen)
  for (const secret of [mine, other]) assert.ok(!text.includes(secret.slice('lotan='.length)))

  const [theirs] = (await list({ Cookie: other })).filter(({ current }) => current)
  const end = (id: string, headers: Ask['headers']) => ask(`/api/v1/sessions/${id}`, { method: 'DELETE', headers })
  assert.equal((await end(theirs!.id, { Cookie: mine })).status, 403)
  assert.equal((await end(theirs!.id, { Cookie: mine, ...own })).status, 204)
  assert.equal((await ask('/', { headers: { Cookie: other } })).status, 401)
  assert.equal((await ask('/', { headers: { Cookie: mine } })).status, 200)
  assert.equal((await end(theirs!.id, bearer)).json.status, 404)
  // A session may end itself.
  assert.equal((await end(current!.id, { Cookie: mine, ...own })).status, 204)
  assert.equal((await ask('/', { headers: { Cookie: mine } })).status, 401)
})

test('every answer is strict: nobody frames it, keeps it or guesses its type', async () => {
  for (const uri of [
    '/',
    '/login',
    '/nothing',
    '/previews/nothing',
    '/api/v1/previews',
    '/api/v1/nothing',
    '/healthz',
  ]) {
    const { headers } = await ask(uri, { headers: { Cookie: cookie } })
    assert.match(String(headers['content-security-policy']), /^default-src 'none';.*frame-ancestors 'none'/, uri)
    assert.equal(headers['cache-control'], 'no-store', uri)
    assert.equal(headers['referrer-policy'], 'same-origin')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['strict-transport-security'], undefined)
    assert.equal(headers['x-powered-by'], undefined)
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
})

test('the pages’ own files are asked for each time, and sent only when they are new', async () => {
  for (const [uri, type] of [
    ['/lotan.css', /text\/css/],
    ['/lotan.js', /text\/javascript/],
  ] as const) {
    const first = await ask(uri)
    assert.match(first.headers['content-type']!, type)
    assert.equal(first.headers['cache-control'], 'no-cache')
    assert.ok(first.text.length > 100)
    const again = await ask(uri, { headers: { 'If-None-Match': first.headers.etag! } })
    assert.equal(again.status, 304)
  }
})

test('the admin page lists previews, and finds them', async () => {
  bringUp('red', bed)
  store.apply('blue', { type: 'start', by: 'visit' })
  const headers = { Cookie: cookie }
  const all = await ask('/', { headers })
  assert.match(all.text, /<b>Welcome<\/b>/)
  assert.match(all.text, new RegExp(`href="http://red\\.${domain}:8080/"`))
  assert.match(all.text, /data-tag="blue"/)
  const found = await ask('/?q=RED', { headers })
  assert.match(found.text, /data-tag="red"/)
  assert.doesNotMatch(found.text, /data-tag="blue"/)
  assert.doesNotMatch((await ask('/?state=running', { headers })).text, /data-tag="blue"/)
  const odd = await ask('/?q=a&q=b&state[x]=1&q[]=%3Cscript%3E', { headers })
  assert.equal(odd.status, 200)
})

test('the page of a preview shows its figures and its log, and does without them', async () => {
  const { generation } = bringUp('shown', bed) as { generation: { container: string } }
  const page = () => ask('/previews/shown', { headers: { Cookie: cookie } })
  assert.match((await page()).text, /The reaper, which reads logs, does not answer\./)
  bed.reaper((req, res) => {
    if (req.url === '/figures')
      return res.end(JSON.stringify({ containers: { [generation.container]: { memory: 100 * 1_048_576, at: 1 } } }))
    if (req.url === `/containers/${generation.container}/logs?tail=200&timestamps=1`)
      return res.end('2031-01-01T00:00:00.5Z one <line>\nanother\n')
    return res.writeHead(404).end('{}')
  })
  const { text, status } = await page()
  assert.equal(status, 200)
  assert.match(text, /\.500<\/time>one &lt;line&gt;\n<\/span><span>another\n<\/span>/)
  assert.match(text, /uses 100\u00a0MB/)
  bed.reaper((_req, res) => res.writeHead(503).end('{}'))
  assert.match((await page()).text, /uses 100\u00a0MB/, 'the last one that is known')
  bed.reaper((req, res) => (req.url!.includes('/logs') ? res.end('') : res.writeHead(404).end('{}')))
  assert.match((await page()).text, /It has written nothing yet\./)
  bed.reaper((_req, res) => res.writeHead(404).end('{}'))
  assert.equal((await page()).status, 200)
})

test('forms add, start, stop, restart and remove, and lead back to the page they were on', async () => {
  const sent = (uri: string, referer = '/', fields = {}) =>
    post(uri, fields, { Cookie: cookie, ...own, Referer: `http://${domain}${referer}` })

  const added = await sent('/previews', '/?q=x', { tag: ' form-1 ' })
  assert.equal(added.status, 303)
  assert.equal(added.headers.location, '/')
  assert.equal(store.get('form-1')?.state, 'queued')
  assert.equal(store.history('form-1')[0]?.detail, 'admin')
  for (const event of Object.values(steps)) store.apply('form-1', event)

  const stopped = await sent('/previews/form-1/stop', '/?state=running')
  assert.equal(stopped.headers.location, '/?state=running')
  assert.equal(store.get('form-1')?.state, 'stopping')
  const started = await sent('/previews/form-1/start', '/previews/form-1')
  assert.equal(started.headers.location, '/previews/form-1')
  assert.equal(store.get('form-1')?.state, 'running')
  await sent('/previews/form-1/restart')
  const restarting = store.get('form-1')
  assert.ok(restarting?.state === 'stopping' && startsAgain(restarting))
  const removed = await sent('/previews/form-1/remove', '/previews/form-1')
  assert.equal(removed.headers.location, '/')
  const at = store.get('form-1')!.removeAt! - Date.now()
  assert.ok(at > 0 && at <= 10_000, `${at} ms`)
  await sent('/previews/form-1/keep')
  assert.equal(store.get('form-1')!.removeAt, null)
  await sent('/previews/form-1/remove')
  await sent('/previews/form-1/start')
  assert.equal(store.get('form-1')!.removeAt, null, 'who starts it wants it')

  assert.equal((await sent('/previews/never-was/stop')).status, 404)
  assert.equal((await sent('/previews/never-was/remove')).status, 404)
})

test('a form leaves a nudge for the queue-processor', async () => {
  const before = await bed.nudges.waiting()
  await post('/previews', { tag: 'nudged' }, { Cookie: cookie, ...own })
  assert.equal((await bed.nudges.waiting()).start, before.start + 1)
})

const hostile = [
  '..',
  '.',
  '-x',
  '%2e%2e',
  'a%2Fb',
  'a%00b',
  '%3Cscript%3E',
  'a%20b',
  'x'.repeat(129),
  'r%C3%A9d',
  "'--",
  '*',
  ':tag',
]

test('a tag that cannot be one gets a clear answer, as a page and as a problem', async () => {
  const headers = { Cookie: cookie, ...own }
  for (const tag of hostile) {
    const page = await ask(`/previews/${tag}`, { headers })
    assert.equal(page.status, 404, tag)
    assert.doesNotMatch(page.text, /<script>/)
    assert.equal((await ask(`/previews/${tag}/start`, { method: 'POST', headers })).status, 404, tag)
    for (const [method, rest] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/start'],
      ['GET', '/wait'],
      ['GET', '/logs'],
      ['GET', '/events'],
    ]) {
      const answer = await ask(`/api/v1/previews/${tag}${rest}`, { method, headers })
      assert.equal(answer.status, 404, `${method} ${tag}${rest}`)
      assert.equal(answer.json.status, 404)
    }
    const added = await post('/previews', { tag: decodeURIComponent(tag) }, headers)
    assert.equal(added.status, 400, tag)
    assert.match(added.text, /That is no tag\./)
    assert.doesNotMatch(added.text, /<script>/)
  }
  for (const uri of ['/previews/%', '/previews/%zz/stop', '/api/v1/previews/%E0%A4%A'])
    assert.equal((await ask(uri, { headers })).status, 400, uri)
  assert.equal(store.list().filter(({ tag }) => !/^[\w.-]+$/.test(tag)).length, 0)
})

test('paths and methods that do not exist are told from each other', async () => {
  const headers = { Cookie: cookie, ...own }
  const cases: [method: string, uri: string, status: number, allow?: string][] = [
    ['GET', '/nothing', 404],
    ['GET', '/API/v1/previews', 404],
    ['GET', '/previews/red/nothing', 404],
    ['POST', '/', 405, 'GET, HEAD'],
    ['PUT', '/previews/red', 405, 'GET, HEAD'],
    ['GET', '/previews', 405, 'POST'],
    ['GET', '/previews/red/stop', 405, 'POST'],
    ['HEAD', '/', 200],
  ]
  for (const [method, uri, status, allow] of cases) {
    const answer = await ask(uri, { method, headers })
    assert.equal(answer.status, status, `${method} ${uri}`)
    assert.equal(answer.headers.allow, allow, `${method} ${uri}`)
  }
})

test('a Host header of any shape gets a clear answer', async () => {
  const headers = { Cookie: cookie }
  for (const Host of [domain, `${domain}:8080`, domain.toUpperCase(), `${domain}.`])
    assert.equal((await ask('/', { headers: { ...headers, Host } })).status, 200, Host)
  for (const Host of [
    '',
    'localhost',
    `red.${domain}`,
    `${domain}.evil.example`,
    '[::1]:80',
    '<script>',
    `${domain}:80:80`,
  ]) {
    const page = await ask('/', { headers: { ...headers, Host } })
    assert.equal(page.status, 421, Host)
    assert.doesNotMatch(page.text, /<script>/)
    assert.equal((await ask('/api/v1/previews', { headers: { ...bearer, Host } })).json.status, 421)
  }
})

test('an error that nobody expected is logged under an id, and says nothing else', async () => {
  const broken = await openBed()
  try {
    broken.store.close()
    for (const uri of ['/', '/api/v1/previews/red']) {
      const answer = await broken.ask(uri, { headers: bearer })
      assert.equal(answer.status, 500)
      const id = /at ([0-9a-f]{32})\./.exec(answer.text)?.[1]
      assert.ok(id && broken.lines.some((line) => line.includes(id) && line.includes('request failed')))
      assert.doesNotMatch(answer.text, /node_modules|desk\.ts|database connection|TypeError/)
    }
  } finally {
    await broken.close()
  }
})

test('the token is in no log', () => {
  assert.ok(bed.lines.length > 50)
  assert.ok(!bed.lines.some((line) => line.includes(token) || line.includes(cookie.slice(30))))
})

test('over https the cookie is secure and bound to its host', async () => {
  const tls = await openBed({ LOTAN_PUBLIC_URL: `https://${domain}` })
  try {
    const { headers } = await tls.ask(`/login?token=${token}`)
    assert.match(headers['set-cookie']![0]!, /^__Host-lotan=.*; Path=\/;.*; HttpOnly; SameSite=Strict; Secure$/)
    const Cookie = headers['set-cookie']![0]!.split(';')[0]
    assert.equal((await tls.ask('/', { headers: { Cookie } })).status, 200)
    for (const [Origin, status] of [
      [`https://${domain}`, 303],
      [`http://${domain}`, 403],
    ] as const) {
      const answer = await tls.ask('/previews', {
        method: 'POST',
        body: 'tag=red',
        headers: { Cookie, Origin, 'Content-Type': 'application/x-www-form-urlencoded' },
      })
      assert.equal(answer.status, status)
    }
  } finally {
    await tls.close()
  }
})

test('the list suggests the tags that were shown last and may be added, a hundred at most', async () => {
  const offer = (...tags: string[]) =>
    store.offer(
      '',
      tags.map((tag) => ({ tag, digest: null })),
    )
  const old = Array.from({ length: 110 }, (_, i) => `old-${i}`)
  offer(...old)
  offer(...old, 'new-1', 'new-2')
  store.apply('new-1', { type: 'start', by: 'api' })
  const { text } = await ask('/', { headers: bearer })
  offer()
  const suggested = [...text.matchAll(/<option value="(.+)">/g)].map(([, tag]) => tag)
  assert.deepEqual([suggested.length, suggested[0], suggested.includes('new-1')], [100, 'new-2', false])
})

test('the page of every problem opens without a login, and tells visitors of no setting', async () => {
  const list = await bed.ask('/problems')
  assert.equal(list.status, 200)
  for (const name of problemNames) {
    const page = await bed.ask(`/problems/${name}`)
    assert.equal(page.status, 200)
    assert.match(page.headers['content-type']!, /text\/html/)
    assert.ok(page.text.includes(`<code>${name}</code>`), name)
    assert.ok(list.text.includes(`href="/problems/${name}"`), name)
  }
  assert.equal((await bed.ask('/problems/__proto__')).status, 404)
  assert.equal((await bed.ask('/problems/none')).status, 404)
})

test('the page of the API has the installation’s own address, and needs a login', async () => {
  assert.equal((await bed.ask('/api')).status, 401)
  assert.match(
    (await bed.ask('/api', { headers: { Accept: 'text/html' } })).text,
    /<form method="post" action="\/login"/,
  )
  const { status, text } = await bed.ask('/api', { headers: { Cookie: cookie } })
  assert.equal(status, 200)
  for (const { name } of examplesAt(origin)) assert.ok(text.includes(name), name)
  assert.ok(text.includes(`${origin}/api/v1/previews/pr-3001/wait?timeout=300`))
  assert.match(text, /<code>POST \/previews\/TAG\/stop<\/code><\/th><td class="whole">run<\/td>/)
  assert.ok(text.includes(`curl -fsSO`) && text.includes(`export LOTAN_API=${origin} `))
  assert.match((await bed.ask('/', { headers: { Cookie: cookie } })).text, /<a href="\/api">API<\/a>/)
})

test('JSON that a browser opens has lines, and what a program asks for has none', async () => {
  const navigation = { Cookie: cookie, Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
  for (const uri of ['/api/v1/openapi.json', '/api/v1/previews', '/api/v1/previews/none', '/readyz']) {
    const [person, program] = await Promise.all([navigation, { Cookie: cookie, Accept: '*/*' }].map((headers) => ask(uri, { headers }))) // prettier-ignore
    assert.ok(person!.text.includes('\n  ') && person!.text.endsWith('\n'), uri)
    assert.ok(!program!.text.includes('\n'), uri)
    assert.equal(person!.headers['content-type'], program!.headers['content-type'])
    assert.equal(person!.status, program!.status)
    if (uri !== '/readyz') assert.deepEqual(person!.json, program!.json)
  }
})
