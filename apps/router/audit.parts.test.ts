/** Who did what, from where: in the history, on the preview's page and in the log, without a secret or a query. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '../testing/harness/until.ts'
import { bearer, bringUp, domain, openBed, token, type Ask } from './admin/harness.ts'

const bed = await openBed()
after(() => bed.close())
const { ask, api, store } = bed

const QUERY = 'q-that-nobody-logs'
const own = { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' }
const json = { 'Content-Type': 'application/json' }
const cookie = await bed.cookie()
const made = await api('/tokens', { method: 'POST', body: '{"name":"ci","can":"run"}', headers: json })
const ci = { Authorization: `Bearer ${made.json.token}` }

const linesOf = (message: string) =>
  bed.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message)

/** The door's request of a visitor, as nginx sends it. */
const visit = (tag: string, path: string, sent: Record<string, string> = {}) =>
  bed.door(path, {
    'X-Host': `${tag}.${domain}`,
    'X-Kind': 'person',
    'X-Method': 'GET',
    'X-Uri': `/x?${QUERY}`,
    'X-Address': '203.0.113.5',
    Accept: 'text/html',
    'Sec-Fetch-Mode': 'navigate',
    ...sent,
  })

test('each change is told with who made it, and from where', async () => {
  const cases: [tag: string, change: (tag: string) => Promise<unknown>, event: string, who: string, address: string][] =
    [
      ['clicked', (tag) => visit(tag, '/wait'), 'start', 'visitor', '203.0.113.5'],
      ['retried', (tag) => visit(tag, '/retry', { 'X-Method': 'POST' }), 'start', 'visitor', '203.0.113.5'],
      ['form', (tag) => form('/previews', `tag=${tag}`), 'start', 'admin', '192.0.2.1'],
      ['form', (tag) => form(`/previews/${tag}/remove`), 'removeSoon', 'admin', '192.0.2.1'],
      ['by-api', (tag) => api(`/previews/${tag}/start`, { method: 'POST' }), 'start', 'admin', '192.0.2.1'],
      [
        'by-ci',
        (tag) => api(`/previews/${tag}/start`, { method: 'POST', headers: ci }),
        'start',
        'token ci',
        '192.0.2.1',
      ],
      ['waited', (tag) => api(`/previews/${tag}/wait?timeout=0`, { headers: ci }), 'start', 'token ci', '192.0.2.1'],
      ['added', (tag) => api('/previews', { method: 'POST', body: JSON.stringify({ tag }), headers: { ...ci, ...json } }), 'start', 'token ci', '192.0.2.1'], // prettier-ignore
      ['up', (tag) => (bringUp(tag, bed), api(`/previews/${tag}/refresh`, { method: 'POST', headers: ci })), 'refresh', 'token ci', '192.0.2.1'], // prettier-ignore
      ['up', (tag) => api(`/previews/${tag}/restart`, { method: 'POST', headers: ci }), 'restart', 'token ci', '192.0.2.1'], // prettier-ignore
      ['kept', (tag) => (bringUp(tag, bed), api(`/previews/${tag}/pin`, { method: 'PUT', headers: ci })), 'pin', 'token ci', '192.0.2.1'], // prettier-ignore
      ['kept', (tag) => form(`/previews/${tag}/unpin`), 'unpin', 'admin', '192.0.2.1'],
      ['shut', (tag) => (bringUp(tag, bed), api(`/previews/${tag}/stop`, { method: 'POST' })), 'stop', 'admin', '192.0.2.1'], // prettier-ignore
    ]
  for (const [tag, change, event, who, address] of cases) {
    await change(tag)
    const [last] = store.history(tag)
    assert.deepEqual([last?.event, last?.who, last?.address], [event, who, address], `${tag} ${event}`)
    const line = linesOf('preview changed').findLast((line) => line.tag === tag && line.event === event)
    assert.deepEqual([line?.who, line?.address], [who, address], `${tag} ${event}`)
  }
  const [began] = store.history('up').filter(({ event }) => event === 'answered')
  assert.deepEqual([began?.who, began?.address], ['lotan', null])
  assert.deepEqual(
    linesOf('preview changed').filter(({ who }) => typeof who !== 'string'),
    [],
  )
})

test('the page of a preview says who', async () => {
  const page = async (tag: string) => (await ask(`/previews/${tag}`, { headers: { Cookie: cookie } })).text
  assert.match(await page('clicked'), /a visitor opened it from 203\.0\.113\.5</)
  assert.match(await page('by-ci'), /asked for by token ci from 192\.0\.2\.1</)
  assert.match(await page('up'), /a restart was asked for by token ci from 192\.0\.2\.1</)
  assert.match(await page('up'), /gave its first answer[<,]/)
})

test('logins, log-outs, tokens, sessions and share links are told of as well', async () => {
  const from = (address: string, headers: Ask['headers'] = {}) => ({
    headers: { 'X-Forwarded-For': address, ...headers },
  })
  const link = await ask(`/login?token=${token}`, from('198.51.100.1'))
  const mine = link.headers['set-cookie']![0]!.split(';')[0]!
  await form('/login', 'token=wrong-one', from('198.51.100.2').headers)
  await ask('/login?token=wrong-one', from('198.51.100.3'))
  await api('/previews', from('198.51.100.4', { Authorization: 'Bearer wrong-one' }))
  const [other] = store.sessions.list(Date.now())
  await api(`/sessions/${other!.id}`, { method: 'DELETE', ...from('198.51.100.5') })
  await ask('/logout', { method: 'POST', ...from('198.51.100.6', { Cookie: cookie, ...own }) })
  await api('/tokens/ci', { method: 'DELETE', ...from('198.51.100.7') })
  const { id: share } = (await api('/previews/kept/shares', { method: 'POST', ...from('198.51.100.8') })).json
  await api(`/shares/${share}`, { method: 'DELETE', ...from('198.51.100.9') })
  assert.notEqual(mine, cookie)
  for (const [message, address, fields] of [
    ['logged in', '198.51.100.1', { who: 'admin', via: 'link' }],
    ['wrong token', '198.51.100.2', { who: 'visitor', via: 'form' }],
    ['wrong token', '198.51.100.3', { who: 'visitor', via: 'link' }],
    ['wrong token', '198.51.100.4', { who: 'visitor', via: 'bearer' }],
    ['session ended', '198.51.100.5', { who: 'admin', session: other!.id, user: 'admin' }],
    ['logged out', '198.51.100.6', { who: 'admin' }],
    ['token removed', '198.51.100.7', { who: 'admin', name: 'ci' }],
    ['share link made', '198.51.100.8', { who: 'admin', tag: 'kept', share }],
    ['share link ended', '198.51.100.9', { who: 'admin', tag: 'kept', share }],
  ] as const) {
    const lines = linesOf(message).filter((line) => line.address === address)
    assert.equal(lines.length, 1, `${message} ${address}`)
    assert.deepEqual({ ...lines[0], ...fields }, lines[0])
  }
  assert.equal(linesOf('token made')[0]?.who, 'admin')
})

test('no secret and no query is in a log line, the history or the sessions', async () => {
  await ask(`/?${QUERY}`, { headers: bearer })
  await ask(`/nothing?${QUERY}`, { headers: { Cookie: cookie } })
  await ask(`/previews/up/stop?${QUERY}`, { method: 'POST', headers: { Cookie: cookie } })
  await visit('failing', '/answer')
  const shared = (await api('/previews/kept/shares', { method: 'POST' })).json
  await visit('failing', '/lost', { 'X-Tried': 'slot_1' })
  await until('some lines', () => bed.lines.length > 40)
  const tags = ['clicked', 'retried', 'form', 'by-api', 'by-ci', 'waited', 'added', 'up', 'kept', 'shut', 'failing']
  const told = JSON.stringify([bed.lines, tags.map((tag) => store.history(tag)), store.sessions.list(0)])
  assert.ok(told.includes('203.0.113.5'))
  for (const secret of [
    QUERY,
    token,
    made.json.token,
    cookie.slice('lotan='.length),
    'wrong-one',
    shared.url.split('=')[1],
  ])
    assert.ok(!told.includes(secret), secret)
})

function form(uri: string, body = '', headers: Ask['headers'] = {}) {
  return ask(`${uri}?${QUERY}`, { method: 'POST', body, headers: { Cookie: cookie, ...own, ...headers } })
}
