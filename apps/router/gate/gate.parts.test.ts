/** The gate as nginx asks for it: who is let in, and what others get. */
import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { hashOf, makeSecret } from '../../shared/secret.ts'
import { openSessions } from '../access/sessions.ts'
import { bearer, bringUp, domain, openBed, token, type Bed } from '../admin/harness.ts'

const PASSWORD = 'open sesame'
const browser = { Accept: 'text/html,*/*;q=0.8', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
const form = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: `http://${domain}` }
const at = (label: string, headers: OutgoingHttpHeaders = {}) => ({ 'X-Host': `${label}.${domain}`, ...headers })
const cookieIn = (headers: { 'set-cookie'?: string[] }) => headers['set-cookie']?.[0]?.split(';')[0] ?? ''
const valueIn = (cookie: string) => cookie.slice(cookie.indexOf('=') + 1)

let bed: Bed
before(async () => {
  bed = await openBed({
    LOTAN_GATE: 'password',
    LOTAN_GATE_PASSWORD: PASSWORD,
    TAG_FILTER: '^[^x]',
    REPOSITORY: 'registry.example.com/app',
    LOTAN_REPOSITORIES: 'api=registry.example.com/api',
  })
  bed.store.facts.set('subnet', '10.83.0.0/16')
  bringUp('red', bed)
  bringUp('blue', bed)
  bringUp('api/red', bed)
})
after(() => bed?.close())

async function login(address = '192.0.2.1'): Promise<string> {
  const body = new URLSearchParams({ password: PASSWORD }).toString()
  const headers = { ...form, 'X-Forwarded-For': address }
  return cookieIn((await bed.ask('/enter?at=red&to=/', { method: 'POST', headers, body })).headers)
}

/** @returns where the main domain leads to */
async function ledTo(label: string, cookie: string, to = '/'): Promise<URL> {
  const { status, headers } = await bed.ask(`/enter?${new URLSearchParams({ at: label, to }).toString()}`, {
    headers: { Cookie: cookie },
  })
  assert.equal(status, 303)
  return new URL(headers.location!)
}

async function passFor(label: string, cookie: string): Promise<string> {
  const { pathname, search } = await ledTo(label, cookie)
  const { status, headers } = await bed.door('/enter', at(label, { 'X-Uri': pathname + search }))
  assert.equal(status, 303)
  return valueIn(cookieIn(headers))
}

const routeStatus = async (label: string, headers: OutgoingHttpHeaders) =>
  (await bed.door('/route', at(label, headers))).status

describe('without a pass', () => {
  test('each question of nginx about a request gets 401, and nothing is woken', async () => {
    const before = bed.store.list().length
    for (const path of ['/route', '/wait', '/lost', '/silent'])
      for (const label of ['red', 'asleep', 'x-1', 'never'])
        assert.equal((await bed.door(path, at(label, browser))).status, 401, `${path} ${label}`)
    assert.equal(bed.store.list().length, before)
  })

  test('a navigation is led to the login, with the way back', async () => {
    const { status, headers } = await bed.door('/answer', at('red', { ...browser, 'X-Uri': '/a/b?c=%20d&e=//f' }))
    assert.equal(status, 303)
    const login = new URL(headers.location!)
    assert.equal(login.origin + login.pathname, `http://${domain}/enter`)
    assert.deepEqual(Object.fromEntries(login.searchParams), { at: 'red', to: '/a/b?c=%20d&e=//f' })
    assert.equal(headers['referrer-policy'], 'no-referrer')
  })

  test('a way back that the login cannot keep is given up', async () => {
    const { headers } = await bed.door('/answer', at('red', { ...browser, 'X-Uri': `/${'a'.repeat(2_000)}` }))
    assert.equal(new URL(headers.location!).searchParams.get('to'), '/')
  })

  for (const [what, headers, type] of [
    ['a program', { Accept: '*/*' }, /problem/],
    ['a form', { ...browser, 'X-Method': 'POST' }, /problem/],
    ['a robot', { ...browser, 'X-Kind': 'robot' }, /problem/],
    ['a stream', { Accept: 'text/event-stream', 'X-Stream': 'events' }, /problem/],
    ['a preflight of what sleeps', { 'X-Method': 'OPTIONS', 'X-Preflight': 'preflight' }, /problem/],
    ['a page in a frame', { ...browser, 'Sec-Fetch-Dest': 'iframe' }, /html/],
  ] as const)
    test(`${what} is told so`, async () => {
      const { status, headers: sent, json, text } = await bed.door('/answer', at('asleep', headers))
      assert.equal(status, 401)
      assert.match(sent['content-type']!, type)
      assert.equal(sent['www-authenticate'], 'Lotan-Bypass realm="previews"')
      if (json) assert.match(json.type, /\/problems\/pass-needed$/)
      else assert.match(text, /target="_blank"/)
    })

  test('events and the button are closed too, a host without a tag is not', async () => {
    for (const path of ['/events', '/retry']) assert.equal((await bed.door(path, at('red'))).status, 401, path)
    assert.equal((await bed.door('/answer', at('-no', browser))).status, 404)
  })

  test('search engines are told to stay away', async () => {
    const { status, text } = await bed.door('/answer', at('red', { 'X-Uri': '/robots.txt' }))
    assert.deepEqual([status, text], [200, 'User-agent: *\nDisallow: /\n'])
  })

  test('a preflight passes to what runs, and no other request of it does', async () => {
    assert.equal(await routeStatus('red', { 'X-Method': 'OPTIONS', 'X-Preflight': 'preflight' }), 200)
    assert.equal(await routeStatus('red', { 'X-Method': 'OPTIONS' }), 401)
  })
})

describe('the way in', () => {
  test('by the password: a session, a code, a pass for this preview alone, at the page that was asked for', async () => {
    const session = await login()
    const entrance = await ledTo('red', session, '/a?b=1')
    assert.equal(entrance.origin, `http://red.${domain}`)
    const uri = entrance.pathname + entrance.search
    const { status, headers } = await bed.door('/enter', at('red', { 'X-Uri': uri }))
    assert.deepEqual([status, headers.location, headers['referrer-policy']], [303, '/a?b=1', 'no-referrer'])
    const cookie = headers['set-cookie']![0]!
    assert.match(cookie, /^lotan-pass=[\w-]{43}; Path=\/; Max-Age=25\d{5}; HttpOnly; SameSite=Lax$/)
    const pass = valueIn(cookie.split(';')[0]!)
    assert.equal(await routeStatus('red', { 'X-Passes': pass }), 200)
    assert.equal(await routeStatus('red', { 'X-Passes': `${makeSecret()},${pass}` }), 200)
    assert.equal(await routeStatus('blue', { 'X-Passes': pass }), 401)
    for (const wrong of [makeSecret(), pass.slice(1), pass.toLowerCase(), hashOf(pass), valueIn(session)])
      assert.equal(await routeStatus('red', { 'X-Passes': wrong }), 401, wrong)
    // It was used.
    assert.equal((await bed.door('/enter', at('red', { 'X-Uri': uri }))).status, 401)
    assert.equal((await bed.door('/enter', at('red', { 'X-Uri': uri, 'X-Passes': pass }))).status, 303)
  })

  test('the same tag in two repositories are two previews: pass, code and share link of one open not the other', async () => {
    const { headers } = await bed.door('/answer', at('red.api', browser))
    assert.equal(new URL(headers.location!).searchParams.get('at'), 'red.api')
    const asked = await bed.ask('/enter?at=red.api&to=/', { headers: { 'Sec-Fetch-Site': 'none' } })
    assert.match(asked.text, /<code>red<\/code> of api needs a password/)
    const session = await login()
    for (const [own, other] of [
      ['red', 'red.api'],
      ['red.api', 'red'],
    ] as const) {
      const pass = await passFor(own, session)
      assert.equal(await routeStatus(own, { 'X-Passes': pass }), 200)
      assert.equal(await routeStatus(other, { 'X-Passes': pass }), 401)
      const { pathname, search } = await ledTo(own, session)
      assert.equal((await bed.door('/enter', at(other, { 'X-Uri': pathname + search }))).status, 401)
    }
    const cookie = { Cookie: await bed.cookie(), ...form }
    const path = '/repositories/api/previews/red'
    const made = await bed.ask(`${path}/shares`, { method: 'POST', headers: cookie, body: 'for=1d' })
    const [, share] = /http:\/\/red\.api\.[^/]*(\/\.lotan\/enter\?share=[\w-]+)/.exec(made.text)!
    assert.equal((await bed.door('/enter', at('red', { 'X-Uri': share! }))).status, 401)
    assert.equal((await bed.door('/enter', at('red.api', { 'X-Uri': share! }))).status, 303)
    const left = await bed.door('/leave', at('red.api', { 'X-Method': 'POST', 'X-Passes': '', 'Sec-Fetch-Site': 'same-origin' }))
    assert.match(left.text, /You have left <code>red<\/code> of api/)
  }) // prettier-ignore

  test('a code is for one host, and a robot gets no pass', async () => {
    const session = await login()
    const { pathname, search } = await ledTo('red', session)
    const robot = await bed.door('/enter', at('red', { 'X-Uri': pathname + search, 'X-Kind': 'robot' }))
    assert.deepEqual([robot.status, robot.headers['set-cookie']], [401, undefined])
    const elsewhere = await bed.door('/enter', at('blue', { 'X-Uri': pathname + search }))
    assert.deepEqual([elsewhere.status, elsewhere.headers['set-cookie']], [401, undefined])
  })

  test('leads nowhere else', async () => {
    const session = await login()
    for (const to of ['//evil.example', '/\\evil.example', 'https://evil.example', '', '/\r\nSet-Cookie: a=1']) {
      const { pathname, search } = await ledTo('red', session, to)
      const { headers } = await bed.door('/enter', at('red', { 'X-Uri': pathname + search }))
      assert.equal(new URL(headers.location!, `http://red.${domain}/`).origin, `http://red.${domain}`, to)
      assert.equal(headers['set-cookie']!.length, 1)
    }
    for (const label of ['evil.example/x', 'a:9@evil.example', '', 'red.', '-no', 'evil.example#', 'a b'])
      assert.equal((await bed.ask(`/enter?${new URLSearchParams({ at: label }).toString()}`)).status, 404, label)
    assert.equal((await bed.ask('/enter?at=red&at=blue')).status, 404)
  })

  test('a frame or an image on another page is no visit', async () => {
    const headers = { Cookie: await login(), 'Sec-Fetch-Dest': 'iframe' }
    assert.equal((await bed.ask('/enter?at=red&to=/', { headers })).status, 403)
  })

  test('a login that a browser left out, since another site led here, is looked for once more', async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }
    const { headers: sent } = await bed.ask('/enter?at=red&to=/', { headers })
    assert.equal(sent.refresh, '0; url=/enter?at=red&to=/&again')
    const { text } = await bed.ask('/enter?at=red&to=/&again', { headers })
    assert.match(text, /name="password"/)
  })

  test('one that leads in a circle ends', async () => {
    const session = await login()
    for (let i = 0; i < 10; i++) await ledTo('red', session)
    const { status, text } = await bed.ask('/enter?at=red&to=/', { headers: { Cookie: session } })
    assert.equal(status, 403)
    assert.match(text, /Allow cookies/)
  })

  test('another site may not send the form', async () => {
    const body = `password=${encodeURIComponent(PASSWORD)}`
    const headers = { ...form, Origin: `http://red.${domain}` }
    assert.equal((await bed.ask('/enter?at=red', { method: 'POST', headers, body })).status, 403)
  })

  test('ten wrong passwords, and their address waits, the right one too; others do not', async () => {
    const wrong = { method: 'POST', headers: { ...form, 'X-Forwarded-For': '198.51.100.7' }, body: 'password=guess' }
    for (let i = 0; i < 10; i++) assert.equal((await bed.ask('/enter?at=red', wrong)).status, 401)
    const right = { ...wrong, body: new URLSearchParams({ password: PASSWORD }).toString() }
    const late = await bed.ask('/enter?at=red', right)
    assert.equal(late.status, 429)
    const seconds = late.headers['retry-after']
    assert.ok(Number(seconds) > 30 && Number(seconds) <= 60)
    assert.ok(late.text.includes(`The form opens again in <b data-opens-in="${seconds}">`))
    assert.ok(late.text.includes(`<noscript><meta http-equiv="refresh" content="${seconds}; url=/enter?at=red">`))
    assert.equal(late.headers['set-cookie'], undefined)
    assert.ok(await login('198.51.100.8'))
    assert.ok(!bed.lines.some((line) => line.includes('guess') || line.includes(PASSWORD)))
  })
})

describe('a share link', () => {
  const share = async (tag: string): Promise<{ id: string; url: string }> => {
    const headers = { ...bearer, 'Content-Type': 'application/json' }
    return (await bed.api(`/previews/${tag}/shares`, { method: 'POST', headers, body: '{"for":"2h"}' })).json
  }
  const open = (label: string, url: string, more = '', headers: OutgoingHttpHeaders = {}) => {
    const { pathname, search } = new URL(url)
    return bed.door('/enter', at(label, { ...headers, 'X-Uri': pathname + search + more }))
  }

  test('lets in without a login, as often as it is opened, into its preview alone, until it is ended', async () => {
    const { id, url } = await share('red')
    assert.equal(new URL(url).host, `red.${domain}`)
    const first = await open('red', url, '&to=/a')
    assert.deepEqual(
      [first.status, first.headers.location, first.headers['referrer-policy']],
      [303, '/a', 'no-referrer'],
    )
    assert.match(first.headers['set-cookie']![0]!, /Max-Age=7200;/)
    const second = await open('red', url)
    const passes = [first, second].map(({ headers }) => valueIn(cookieIn(headers)))
    for (const pass of passes) {
      assert.equal(await routeStatus('red', { 'X-Passes': pass }), 200)
      assert.equal(await routeStatus('blue', { 'X-Passes': pass }), 401)
    }
    const known = await open('red', url, '', { 'X-Passes': passes[0]! })
    assert.deepEqual([known.status, known.headers['set-cookie']], [303, undefined])
    const elsewhere = await open('blue', url)
    assert.deepEqual([elsewhere.status, elsewhere.headers['set-cookie']], [401, undefined])
    const secret = new URL(url).searchParams.get('share')!
    assert.ok(!bed.lines.some((line) => line.includes(secret)))

    assert.equal((await bed.api(`/shares/${id}`, { method: 'DELETE' })).status, 204)
    for (const pass of passes) assert.equal(await routeStatus('red', { 'X-Passes': pass }), 401)
    assert.equal((await open('red', url)).status, 401)
    assert.match((await open('red', url, '', browser)).text, /This link has ended/)
  })

  test('is not used up by a chat that looks at it, and what is no link opens nothing', async () => {
    const { url } = await share('red')
    const robot = await open('red', url, '', { 'X-Kind': 'robot' })
    assert.deepEqual([robot.status, robot.headers['set-cookie']], [401, undefined])
    for (const wrong of ['', 'x', makeSecret(), `${makeSecret()}x`])
      assert.equal((await open('red', `http://red.${domain}/.lotan/enter?share=${wrong}`)).status, 401)
    assert.equal((await open('red', url)).status, 303)
  })
})

describe('a pass ends', () => {
  test('when its visitor leaves; not when another site asks for that', async () => {
    const pass = await passFor('red', await login())
    const leave = { 'X-Method': 'POST', 'X-Passes': pass }
    const other = await bed.door(
      '/leave',
      at('red', { ...leave, Origin: `http://blue.${domain}`, 'Sec-Fetch-Site': 'same-site' }),
    )
    assert.equal(other.status, 403)
    assert.equal((await bed.door('/leave', at('red', { 'X-Passes': pass }))).status, 405)
    assert.equal(await routeStatus('red', { 'X-Passes': pass }), 200)
    const left = await bed.door('/leave', at('red', leave))
    assert.equal(left.status, 200)
    assert.match(left.headers['set-cookie']![0]!, /^lotan-pass=; Path=\/; Max-Age=0/)
    assert.equal(await routeStatus('red', { 'X-Passes': pass }), 401)
  })

  test('with its session: by log-out, and when the session is ended', async () => {
    const session = await login()
    const pass = await passFor('red', session)
    await bed.ask('/logout', { method: 'POST', headers: { Cookie: session, Origin: `http://${domain}` } })
    assert.equal(await routeStatus('red', { 'X-Passes': pass }), 401)

    const other = await passFor('blue', await login())
    const [newest] = bed.store.sessions.list(Date.now()).filter(({ via }) => via === 'password')
    assert.equal((await bed.api(`/sessions/${newest!.id}`, { method: 'DELETE' })).status, 204)
    assert.equal(await routeStatus('blue', { 'X-Passes': other }), 401)
  })

  test('a session of the password opens nothing but previews', async () => {
    const headers = { Cookie: await login() }
    assert.equal((await bed.ask('/', { headers })).status, 403)
    assert.equal((await bed.ask('/api/v1/previews', { headers })).status, 403)
  })
})

test('the history says who has woken a preview: a user or a token, where one is known', async () => {
  const oidc = openSessions(bed.config, bed.store).begin(
    { user: 'anna@example.com', via: 'oidc', can: 'public' },
    { ip: '192.0.2.9', headers: {} },
  )
  const pass = await passFor('woken', `lotan=${oidc}`)
  const wake = (label: string, headers: OutgoingHttpHeaders) =>
    bed.door('/wait', at(label, { ...headers, Prefer: 'wait=0' }))
  await wake('woken', { 'X-Passes': pass })
  await wake('tested', { 'X-Bypass': token })
  await wake('seen', { 'X-Passes': await passFor('seen', await login()) })
  assert.deepEqual(
    ['woken', 'tested', 'seen'].map((tag) => bed.store.history(tag)[0]?.who),
    ['anna@example.com', 'admin', 'visitor'],
  )
})

describe('Lotan-Bypass', () => {
  test('takes a token that may read this tag, and the admin token', async () => {
    const add = (name: string, more: object) =>
      bed.api('/tokens', {
        method: 'POST',
        headers: { ...bearer, 'Content-Type': 'application/json' },
        body: JSON.stringify({ name, can: 'read', ...more }),
      })
    const all = (await add('all', {})).json.token as string
    const reds = (await add('reds', { match: '^red$' })).json.token as string
    assert.equal(await routeStatus('red', { 'X-Bypass': token }), 200)
    assert.equal(await routeStatus('red', { 'X-Bypass': all }), 200)
    assert.equal(await routeStatus('red', { 'X-Bypass': reds }), 200)
    assert.equal(await routeStatus('blue', { 'X-Bypass': reds }), 401)
    assert.equal(await routeStatus('red.api', { 'X-Bypass': reds }), 401)
    assert.equal(await routeStatus('red.api', { 'X-Bypass': all }), 200)
    for (const wrong of ['x', `${all}x`, makeSecret(), 'eyJhbGciOiJub25lIn0.e30.', 'ü'])
      assert.equal(await routeStatus('red', { 'X-Bypass': wrong }), 401, wrong)
    await bed.api('/tokens/all', { method: 'DELETE' })
    assert.equal(await routeStatus('red', { 'X-Bypass': all }), 401)
    assert.ok(!bed.lines.some((line) => line.includes(all) || line.includes(reds)))
  })
})

test('where the gate is off, all are let in, an entrance leads on, and no pass is left', async () => {
  const { store } = bed
  await passFor('red', await login())
  const open = await openBed()
  try {
    open.store.facts.set('subnet', '10.83.0.0/16')
    bringUp('red', open)
    assert.equal((await open.door('/route', at('red'))).status, 200)
    const { status, headers } = await open.door('/enter', at('red', { 'X-Uri': '/.lotan/enter?code=x&to=/a' }))
    assert.deepEqual([status, headers.location, headers['set-cookie']], [303, '/a', undefined])
    assert.equal((await open.ask('/enter?at=red&to=/a')).headers.location, `http://red.${domain}/a`)
  } finally {
    await open.close()
  }
  store.passes.endAll()
})
