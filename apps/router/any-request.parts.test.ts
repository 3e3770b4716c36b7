/** Any request at all, to each route of the admin's host and to each of the gateway's: what must hold of every answer. */
import assert from 'node:assert/strict'
import http from 'node:http'
import net from 'node:net'
import { subscribe } from 'node:diagnostics_channel'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { problem } from '../shared/api/problem.ts'
import { isProblemName, kindOf } from '../shared/api/problems.ts'
import { anyText, headerText, hosts, nearTags } from '../testing/arbitraries/texts.ts'
import { refusalsOf } from './access/refusals.ts'
import { changesSomething, type Route } from './access/route.ts'
import { bringUp, domain, openBed, steps, token } from './admin/harness.ts'
import { routesOf } from './admin/app.ts'
import type { ApiRoute } from './api/conventions/operation.ts'

const bed = await openBed()
after(() => bed.close())
const { store } = bed
bed.reaper((req, res) => {
  if (req.url === '/engine') return void res.end('{"version":"1"}')
  if (req.url === '/figures') return void res.end('{"containers":{}}')
  if (/^\/containers\/\w+$/.test(req.url!)) return void res.end('{"running":true,"exitCode":null}')
  res.end("a line with <x-evil> in it, and 'quotes'\n")
})

bringUp('up', bed)
bringUp('asleep', bed)
store.apply('asleep', { type: 'stop', why: 'asked' })
store.apply('asleep', { type: 'ending' })
store.apply('asleep', { type: 'ended' })
store.apply('queued', { type: 'start', by: 'visit' })
store.apply('broken', { type: 'start', by: 'visit' })
store.apply('broken', steps.absent)
store.apply('broken', steps.pull)
store.apply('broken', { type: 'fail', reason: { code: 'registry-down', detail: '<x-evil> dial tcp: refused' } })

const { anyHost, open, hooks, closed } = routesOf(bed.context, refusalsOf(bed.context))
const routes = [...anyHost, ...open, ...hooks, ...closed]
const proof: string = await bed.cookie()
/** By the names that the test prints. */
const routeOf = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))
/** How long a route that may wait is listened to. A busy machine may take longer than that to answer at once. */
const HELD_MS = 30

interface Sent {
  socket: 'desk.sock' | 'router.sock'
  method: string
  uri: string
  headers: Record<string, string>
  body?: string
}

interface Answered {
  status: number
  headers: Record<string, string | undefined>
  text: string
}

/** By number: what to do once the router, which is in this process, has begun to answer a request. */
const whenBegun = new Map<string, () => void>()
subscribe('http.server.request.start', (message) => {
  const { headers } = (message as { request: http.IncomingMessage }).request
  whenBegun.get(String(headers['x-number']))?.()
})
let sentRequests = 0

/** `held`: no answer yet, and the client has gone. Not before the router has begun, or its change came in another's turn. */
async function send({ socket, method, uri, headers, body }: Sent, mayHold: boolean): Promise<Answered | 'held'> {
  const leaves = new AbortController()
  const timers = [setTimeout(() => leaves.abort(), 10_000)]
  const number = String(++sentRequests)
  if (mayHold) whenBegun.set(number, () => timers.push(setTimeout(() => leaves.abort(), HELD_MS)))
  const socketPath = path.join(bed.config.runDir, socket)
  let answered: Omit<Answered, 'text'> | undefined
  try {
    const request = http.request({
      socketPath,
      method,
      path: uri,
      headers: { ...headers, 'X-Number': number },
      agent: false,
      setHost: false,
    })
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      leaves.signal.addEventListener('abort', () => request.destroy(new Error('left')), { once: true })
      request.on('response', resolve).on('error', reject).end(body)
    })
    answered = { status: answer.statusCode!, headers: answer.headers as Answered['headers'] }
    if (/event-stream/.test(answer.headers['content-type'] ?? '')) answer.destroy()
    return { ...answered, text: await text(answer).catch(() => '') }
  } catch (error) {
    if (!leaves.signal.aborted || !mayHold) throw error
    return 'held'
  } finally {
    for (const timer of timers) clearTimeout(timer)
    whenBegun.delete(number)
  }
}

const usually = <T>(value: T, weight: number, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other })

const uriText = fc
  .oneof(nearTags, anyText)
  .chain((text) => fc.constantFrom(encodeURIComponent(text.toWellFormed()), text.replace(/[^\x21-\xff]/g, '')))
const tagInPath = fc.oneof(
  fc.constantFrom('up', 'asleep', 'queued', 'broken', 'none', '%00', '%E0%A4%A', '%2e%2e', 'up%2Fstart', 'up;x', 'up%0d%0aX:y'),
  uriText,
) // prettier-ignore
const parameter = fc
  .tuple(
    fc.constantFrom('timeout', 'tail', 'follow', 'token', 'q', 'state', 'again', 'tail[]', 'timeout[__proto__]', '__proto__'),
    fc.oneof(fc.constantFrom('0', '1', '-1', 'all', '1e3', '10001', '%3Cx-evil%3E', token), uriText),
  )
  .map((pair) => pair.join('=')) // prettier-ignore
const query = fc.array(parameter, { maxLength: 3 }).map((all) => (all.length > 0 ? `?${all.join('&')}` : ''))

const json = fc.oneof(
  nearTags.map((tag) => JSON.stringify({ tag })),
  fc.json(),
  fc.constantFrom('', '{', '{"tag":', 'null', '[]', '{"tag":{"toString":null}}', '{"tag":"a","tag":"b"}', '"a"'),
  fc.constant(`{"tag":"${'x'.repeat(5_000)}"}`),
  fc.constant('['.repeat(4_000)),
)
const form = fc.oneof(
  uriText.map((text) => `tag=${text}`),
  uriText.map((text) => `token=${text}`),
  fc.constantFrom('tag=up&tag=none', 'tag[a]=b', 'tag=%', '&&&=', `token=${'x'.repeat(5_000)}`, 'x&'.repeat(2_000)),
)
const types = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/json; charset=klingon',
  'multipart/form-data',
  '',
]
const body = fc.record({
  text: fc.oneof(json, form, anyText),
  type: fc.constantFrom(...types),
  encoding: usually('', 9, fc.constantFrom('gzip', 'br', 'identity', 'x')),
})

/** Without Expect, which nginx does not pass on. */
const strangeHeaders = fc.dictionary(
  fc.constantFrom('accept', 'origin', 'referer', 'sec-fetch-site', 'sec-fetch-dest', 'sec-fetch-mode', 'x-http-method-override', 'if-none-match', 'range', 'x-forwarded-for', 'x-forwarded-proto', 'accept-language'),
  fc.oneof(
    fc.constantFrom('text/html', '*/*', 'null', 'same-origin', 'cross-site', 'document', `http://${domain}`, `http://${domain}//evil.example/<x-evil>`, 'http://[', 'DELETE'),
    anyText.map(headerText),
  ),
  { maxKeys: 4 },
) // prettier-ignore
const login = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ authorization: `Bearer ${token}` }) },
  { weight: 3, arbitrary: fc.constant({ cookie: proof, 'sec-fetch-site': 'same-origin' }) },
  { weight: 3, arbitrary: fc.constant({ cookie: proof }) },
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: anyText.map((text) => ({ authorization: headerText(text) })) },
  { weight: 1, arbitrary: anyText.map((text) => ({ cookie: `lotan=${headerText(text)}; ${headerText(text)}` })) },
)
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']

interface Call extends Sent {
  route: string
}

const call: fc.Arbitrary<Call> = fc
  .record({
    route: fc.constantFrom(...routeOf.keys()),
    otherMethod: usually<string | undefined>(undefined, 6, fc.constantFrom(...methods)),
    tag: tagInPath,
    end: usually('', 9, uriText.map((text) => `/${text}`)),
    query,
    body: fc.option(body, { freq: 2 }),
    host: usually(domain, 12, hosts(domain).map(headerText)),
    login,
    strange: strangeHeaders,
  })
  .map(({ route, otherMethod, tag, end, query, body, host, login, strange }) => {
    const { method: own, path } = routeOf.get(route)!
    const method = otherMethod ?? own
    const sendsBody = body && !['GET', 'HEAD'].includes(method)
    return {
      route,
      socket: 'desk.sock',
      method,
      uri: path.replace(':tag', tag) + end + query,
      headers: {
        ...strange,
        host,
        ...login,
        ...(sendsBody && body.type && { 'content-type': body.type }),
        ...(sendsBody && body.encoding && { 'content-encoding': body.encoding }),
        ...(sendsBody && { 'content-length': String(Buffer.byteLength(body.text)) }),
      },
      ...(sendsBody && { body: body.text }),
    }
  }) // prettier-ignore

/** As each route's description has it, beside what any route may answer. */
function mayAnswer(route: Route, status: number): boolean {
  if (status < 500) return true
  if (route.path === '/readyz') return status === 503
  const documented = (route as Partial<ApiRoute>).operation?.responses ?? {}
  return Object.keys(documented).includes(String(status))
}

/** Nothing that came from outside stands in a page as markup, and no header of the answer is broken by it. */
function assertHarmless({ status, headers, text }: Answered) {
  if (/html/.test(headers['content-type'] ?? '')) {
    assert.doesNotMatch(text, /<x-evil/)
    const isPage = status < 300 || status >= 400
    if (isPage) assert.match(headers['content-security-policy'] ?? '', /default-src 'none'/)
  }
  for (const to of [headers.location, /url=(.*)/.exec(headers.refresh ?? '')?.[1]])
    if (to !== undefined) assert.equal(new URL(to, 'http://here.test').host, 'here.test', to)
}

/** Its type is a page that opens, which says the same status and title. */
function assertProblem(told: unknown, status: number) {
  const { type, title, ...said } = problem.parse(told)
  assert.deepEqual({ type, title, ...said }, told)
  assert.equal(said.status, status)
  const name = type.replace(`http://${domain}/problems/`, '')
  assert.ok(isProblemName(name), type)
  assert.deepEqual([kindOf(name).status, kindOf(name).title], [status, title])
}

/** Visits are written down later, with others. */
const previewsNow = () =>
  store.list().map(({ tag, state, change, refreshes }) => [tag, state, change, refreshes].join())

/** What may not stand in the log, whatever is sent. */
function assertLog(lines: readonly string[]) {
  for (const line of lines) {
    assert.ok(!line.includes(token) && !line.includes(proof.split('=')[1]!), `a secret is in the log: ${line}`)
    assert.ok((JSON.parse(line) as { level: number }).level < 50, line)
  }
}

/** Of each kind of answer one, and what was once answered wrongly. */
const examples: [Call][] = (
  [
    // As curl sends it. Its answer was empty.
    ['GET', '/api/v1/previews/:tag', { uri: '/api/v1/previews/caf\xc3\xa9' }],
    ['GET', '/api/v1/previews/:tag', { uri: '/api/v1/previews/%' }],
    ['GET', '/api/v1/previews', {}],
    ['GET', '/api/v1/previews', { headers: {} }],
    ['GET', '/api/v1/previews', { host: 'other.test' }],
    ['GET', '/api/v1/previews', { method: 'PUT' }],
    ['GET', '/', { uri: '/nothing' }],
    ['POST', '/api/v1/previews', { uri: '/api/v1/previews', body: '{"tag":"posted"}' }],
    ['POST', '/api/v1/previews', { uri: '/api/v1/previews', body: 'x'.repeat(5_000) }],
    ['POST', '/api/v1/previews', { uri: '/api/v1/previews', body: 'tag=red', type: 'text/plain' }],
    ['POST', '/previews', { headers: { cookie: proof }, body: 'tag=red', type: 'application/x-www-form-urlencoded' }],
  ] as const
).map(([own, path, { type = 'application/json', host = domain, ...sent }]: Example) => [
  {
    route: `${own} ${path}`,
    socket: 'desk.sock',
    method: own,
    uri: path,
    ...sent,
    headers: {
      ...(sent.headers ?? { authorization: `Bearer ${token}` }),
      ...(sent.body !== undefined && { 'content-type': type, 'content-length': String(sent.body.length) }),
      host,
    },
  },
])

type Example = readonly [method: string, path: string, sent: Partial<Sent> & { type?: string; host?: string }]

test('no request to a route of the admin’s host is answered as none is described, changes what it may not, or fails', async (t) => {
  const seen: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(call, async (call) => {
      const [before, lines] = [previewsNow(), bed.lines.length]
      const route = routeOf.get(call.route)!
      const waits = route.path.endsWith('/wait')
      const answer = await send(call, waits)
      assertLog(bed.lines.slice(lines))
      const outcome = answer === 'held' ? 'held' : String(answer.status)
      seen[outcome] = (seen[outcome] ?? 0) + 1
      if (answer === 'held') return
      const { status, headers } = answer
      assert.ok(mayAnswer(route, status), `it is answered ${status}: ${answer.text}`)
      assertHarmless(answer)
      if (status >= 400 && /^\/api\/[^?]/.test(call.uri) && call.method !== 'HEAD') {
        assert.equal(headers['content-type'], 'application/problem+json')
        const told = JSON.parse(answer.text) as { status: number; detail: string }
        assertProblem(told, status)
        assert.ok(told.detail.length > 5)
      }
      const mayChange = status < 400 && (changesSomething(route) || call.method !== route.method)
      if (!waits && !mayChange) assert.deepEqual(previewsNow(), before, `${status} changed a preview`)
    }),
    { numRuns: 300, examples },
  )
  t.diagnostic(JSON.stringify(seen))
  for (const status of [200, 202, 400, 401, 403, 404, 405, 413, 415, 421]) assert.ok(seen[status], `no ${status}`)
  assert.equal((await bed.ask('/healthz')).status, 200)
})

const subrequests = [
  '/route',
  '/wait',
  '/lost',
  '/silent',
  '/interim',
  '/answer',
  '/events',
  '/retry',
  '/enter',
  '/leave',
]

/** As nginx tells of a visitor's request, each part of which the visitor has chosen but for the kind and the verdict. */
const subrequest: fc.Arbitrary<Sent> = fc
  .record({
    at: fc.constantFrom(...subrequests),
    host: fc.oneof({ weight: 2, arbitrary: fc.constantFrom('here', 'here', 'asleep', 'queued', 'broken', 'none').map((tag) => `${tag}.${domain}`) }, { weight: 1, arbitrary: hosts(domain) }),
    uri: usually('/', 3, fc.oneof(uriText.map((text) => `/${text}`), fc.constantFrom('/api/v1', '//evil.example/', '/\\evil.example', '/robots.txt?x', `/${'x'.repeat(9_000)}`, '*'))),
    method: usually('GET', 4, fc.constantFrom('POST', 'HEAD', 'OPTIONS', 'G', '', 'CONNECT')),
    kind: usually('person', 3, fc.constantFrom('robot', '', 'x')),
    stream: usually('', 5, fc.constantFrom('websocket', 'events', 'x')),
    prefer: fc.oneof(fc.constantFrom('wait=0', 'wait=0', 'wait=0', '', 'wait=999999999', 'wait="0"', 'respond-async, wait=0'), anyText),
    verdict: usually('', 5, fc.constantFrom('alive', 'too-large', 'full', 'unknown', 'spent', 'interim', 'trouble', 'x')),
    tried: usually('', 2, fc.oneof(fc.constantFrom('slot_1', '127.0.0.1:1', '10.83.0.9:80'), anyText)),
    received: usually('', 3, fc.constantFrom('0', '32768', '0, 99999', '-', '9'.repeat(400), '0 : 1')),
    peer: usually('', 4, fc.constantFrom('127.0.0.9', '127.0.0.255', '10.0.0.1', '::1', 'x')),
    others: strangeHeaders,
  })
  .map(({ at, peer, host, uri, method, kind, stream, prefer, verdict, tried, received, others }) => {
    const said = { 'x-host': host.toLowerCase(), 'x-uri': uri, 'x-method': method, 'x-kind': kind, 'x-stream': stream, prefer, 'x-verdict': verdict, 'x-tried': tried, 'x-received': received, 'x-id': 'f'.repeat(32), 'x-address': '192.0.2.1', ...(peer && { 'x-peer': peer }) }
    const headers = Object.fromEntries(Object.entries(said).map(([name, value]) => [name, headerText(value)]))
    return { socket: 'router.sock', method: 'GET', uri: at, headers: { ...others, ...headers, host: 'router' } }
  }) // prettier-ignore

test('no request of a visitor, however it is told of, makes the gateway fail or say anything but what nginx understands', async (t) => {
  store.facts.set('subnet', '127.0.0.0/20')
  bringUp('here', bed)
  const seen: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(subrequest, async (sent) => {
      const [before, lines] = [previewsNow(), bed.lines.length]
      const at = sent.uri
      const answer = await send(sent, ['/wait', '/lost', '/silent'].includes(at))
      assertLog(bed.lines.slice(lines))
      const outcome = answer === 'held' ? 'held' : `${at} ${answer.status}`
      seen[outcome] = (seen[outcome] ?? 0) + 1
      if (answer === 'held') return
      const { status, headers } = answer
      assert.ok(status !== 500 && status < 505, `${status}: ${answer.text}`)
      assertHarmless(answer)
      if (headers['content-type'] === 'application/problem+json') assertProblem(JSON.parse(answer.text), status)
      if (['/route', '/wait', '/lost', '/silent'].includes(at)) {
        assert.ok(status === 200 || status === 403, `${at} ${status}`)
        if (status === 200) assert.match(String(headers['x-upstream']), /^(slot_\d+|relay|[\d.]+:\d+)$/)
      }
      if (sent.headers['x-peer'] !== undefined) {
        assert.equal(status, 403, 'with one repository no preview may call another')
        assert.deepEqual(previewsNow(), before)
      }
      if (at === '/route' || at === '/answer') assert.deepEqual(previewsNow(), before, `${at} changed a preview`)
    }),
    {
      numRuns: 300,
      examples: ['/route', '/wait'].map((at): [Sent] => [
        { socket: 'router.sock', method: 'GET', uri: at, headers: { host: 'router', 'x-host': `here.${domain}` } },
      ]),
    },
  )
  t.diagnostic(JSON.stringify(seen))
  for (const outcome of ['/route 200', '/route 403', '/wait 200', '/wait 403', '/answer 404', '/answer 503'])
    assert.ok(seen[outcome], `no ${outcome}`)
})

test('a control character in a visitor’s header, which nginx passes on, is no reason to refuse', async () => {
  const visitors = ['Accept', 'Origin', 'Prefer', 'Referer', 'Sec-Fetch-Site', 'User-Agent', 'X-Uri']
  for (const name of visitors)
    for (const character of ['\x01', '\x1b', '\x7f', '\xff']) {
      const socket = net.connect(path.join(bed.config.runDir, 'router.sock'))
      const head = [`GET /answer HTTP/1.1`, 'Host: router', `X-Host: none.${domain}`, `${name}: http://a${character}b/`]
      socket.write(Buffer.from(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1'))
      assert.match(await text(socket), /^HTTP\/1\.1 503 /, `${name} with ${JSON.stringify(character)}`)
    }
})
