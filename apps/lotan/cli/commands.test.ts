/** What commands send, and what they make of the answer, with a server that answers as the API does. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { problemOf } from '../../shared/api/problem.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { call, list } from './call.ts'
import type { Api } from './api.ts'
import { Failure } from './command.ts'
import { askUntilRunning } from './wait/ask.ts'

interface Asked {
  method: string
  path: string
  body: unknown
}

const main = path.resolve(import.meta.dirname, '../main.ts')
const token = 'the-token-of-these-tests'
const asked: Asked[] = []
let answers: (asked: Asked) => { status?: number; json?: unknown; headers?: Record<string, string> } = () => ({})
const server = http.createServer((req, res) => {
  void text(req).then((sent) => {
    const one = {
      method: req.method!,
      path: req.url!.slice('/api/v1'.length),
      body: sent ? JSON.parse(sent) : undefined,
    }
    asked.push(one)
    const { status = 200, json, headers } = answers(one)
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    res.end(json === undefined ? '' : JSON.stringify(json))
  })
})
const api: Api = { base: '', connect: null, token }
before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  api.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

async function lotan(...args: string[]) {
  asked.length = 0
  const env = { ...surroundings, LOTAN_API: api.base, LOTAN_ADMIN_TOKEN: token }
  const child = spawn(process.execPath, [main, ...args], { env })
  child.stdin.end()
  const ended = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: ((await ended) as [number])[0], out, err }
}

const preview = { tag: 'red', url: 'http://red.test', state: 'running', since: '2026-03-01T12:00:00Z' }

test('pin and unpin', async () => {
  answers = () => ({ json: preview })
  const began = Date.now()
  assert.deepEqual(await lotan('pin', 'red', '--until', '2d'), {
    status: 0,
    out: 'red  running  http://red.test\n',
    err: '',
  })
  const { until } = asked[0]!.body as { until: string }
  assert.deepEqual([asked[0]!.method, asked[0]!.path], ['PUT', '/previews/red/pin'])
  const days = (Date.parse(until) - began) / 86_400_000
  assert.ok(days >= 2 && days < 2.01, until)
  await lotan('pin', 'red')
  assert.deepEqual(asked[0]!.body, {})
  await lotan('unpin', 'red')
  assert.deepEqual([asked[0]!.method, asked[0]!.path], ['DELETE', '/previews/red/pin'])
  assert.equal((await lotan('pin', 'red', '--until', 'soon')).status, 2)
  assert.equal(asked.length, 0)
})

test('token: one is made and shown, all are listed, some are removed', async () => {
  answers = ({ body }) => ({ status: 201, json: { ...(body as object), token: 'made-just-now' } })
  const made = await lotan('token', 'add', 'ci', '--can', 'run', '--match', '^pr%-', '--for', '90d')
  assert.deepEqual([made.status, made.out], [0, 'made-just-now\n'])
  assert.match(made.err, /it is shown this once/)
  assert.deepEqual(asked[0], {
    method: 'POST',
    path: '/tokens',
    body: { name: 'ci', can: 'run', match: '^pr%-', for: '90d' },
  })

  const soon = new Date(Date.now() + 90 * 86_400_000 - 1).toISOString()
  const created = new Date(Date.now() - 3.5 * 86_400_000).toISOString()
  answers = () => ({ json: [
    { name: 'ci', can: 'run', match: '^pr%-', until: soon, created, lastUsed: null },
    { name: 'mine', can: 'admin', match: null, until: null, created, lastUsed: created },
  ] }) // prettier-ignore
  const { out } = await lotan('token', 'list')
  assert.deepEqual(out.split('\n'), [
    'NAME  CAN    MATCH  ENDS     USED     MADE',
    'ci    run    ^pr%-  in 90 d  –        3 d ago',
    'mine  admin  all    no end   3 d ago  3 d ago',
    '',
  ])

  answers = () => ({ status: 204 })
  assert.equal((await lotan('token', 'rm', 'ci')).out, 'ci  removed\n')
  assert.deepEqual([asked[0].method, asked[0].path], ['DELETE', '/tokens/ci'])
})

test('share: a link is made and shown alone, all are listed, some are ended', async () => {
  const until = new Date(Date.now() + 7 * 86_400_000 - 1).toISOString()
  const link = { id: 'abc', tag: 'red', url: 'http://red.test/.lotan/enter?share=secret', until }
  answers = () => ({ status: 201, json: link })
  const made = await lotan('share', 'red', '--for', '7d')
  assert.deepEqual([made.status, made.out], [0, `${link.url}\n`])
  assert.ok(made.err.includes(`until ${until}`) && made.err.includes('lotan share --end abc'), made.err)
  assert.deepEqual(asked, [{ method: 'POST', path: '/previews/red/shares', body: { for: '7d' } }])
  const json = await lotan('share', 'red', '--json')
  assert.deepEqual([JSON.parse(json.out), json.err, asked[0]!.body], [link, '', {}])

  answers = () => ({ json: [{ id: 'abc', tag: 'red', until, created: until, by: 'anna' }] })
  const { out } = await lotan('share', '--list')
  assert.equal(out, 'TAG  ID   ENDS    BY\nred  abc  in 7 d  anna\n')
  assert.equal(asked[0]!.path, '/shares')

  answers = () => ({ status: 204 })
  assert.equal((await lotan('share', '--end', 'abc', 'def')).out, 'abc  ended\ndef  ended\n')
  assert.deepEqual(asked.map(({ method, path }) => `${method} ${path}`), ['DELETE /shares/abc', 'DELETE /shares/def'])

  const wrong = [[], ['red', '--end', 'abc'], ['--list', '--for', '7d']]
  const refused = await Promise.all(wrong.map((args) => lotan('share', ...args)))
  assert.deepEqual(refused.map(({ status }) => status), [2, 2, 2])
  assert.equal(asked.length, 0)
}) // prettier-ignore

test('explain', async () => {
  answers = () => ({ json: { tag: 'red', state: 'running', values: [], awake: { words: 'A visitor came.' } } })
  assert.equal((await lotan('explain', 'red')).out, 'red is running\nA visitor came.\n')
  assert.equal(asked[0]!.path, '/previews/red/explain')
})

test('a wait takes the same tag of another repository for no answer of its own', async () => {
  for (const [id, repository, end] of [
    ['api/red', 'api', 'running'],
    ['api/red', '', 'strange'],
    ['api/red', undefined, 'strange'],
    ['red', undefined, 'running'],
    ['red', 'api', 'strange'],
  ] as const) {
    answers = () => ({ json: { ...preview, repository } })
    assert.equal((await askUntilRunning(id, api, 1_000)).end, end, `${id} ${repository}`)
  }
  assert.deepEqual(asked.map(({ path }) => path.replace(/\?.*/, '')).slice(-2), [
    '/previews/red/wait',
    '/previews/red/wait',
  ])
})

test('a list is read page by page, and never from another server', async () => {
  const pages: Record<string, string> = {
    '/previews': '</api/v1/previews?after=a>; rel="next"',
    '/previews?after=a': `<${api.base}/api/v1/previews?after=b>; rel="next"`,
    '/previews?after=b': '<http://elsewhere.test/else>; rel="next"',
  }
  answers = ({ path }) => ({ json: [path], headers: { Link: pages[path]! } })
  const isText = (row: unknown): row is string => typeof row === 'string'
  assert.deepEqual(await list(api, '/previews', isText), Object.keys(pages))
})

test('every refusal has a status and one line, and none shows the token', async () => {
  const site = { domain: 'previews.example.com', publicUrl: { protocol: 'http:' as const, port: null } }
  const table: [status: number, json: unknown, exit: number, line: RegExp][] = [
    [400, problemOf(site, 'bad-parameter', 'limit is a number.'), 2, /^limit is a number\.$/],
    [401, problemOf(site, 'login-needed', 'Send the token.'), 4, /does not accept this token: set LOTAN_ADMIN_TOKEN/],
    [403, problemOf(site, 'not-allowed', 'This needs a token that can run.'), 4, /^This needs a token that can run\.$/],
    [403, problemOf(site, 'not-offered', 'TAG_FILTER does not offer red.', { tag: 'red' }), 5, /Choose a tag that lotan tags lists/],
    [404, problemOf(site, 'no-preview', 'There is no preview of this tag.', { tag: 'red', state: 'unknown' }), 9, /^red: There .* lotan add red adds it\.$/],
    [404, problemOf(site, 'no-container', 'red has no container now.', { tag: 'red', state: 'queued' }), 9, /^red has no container now\.$/],
    [404, problemOf(site, 'no-tag', 'This host stands for no container tag.'), 3, /goes by the name of the host: set LOTAN_API to http:\/\/previews\.example\.com$/],
    [421, problemOf(site, 'wrong-host', 'Another host.'), 3, /: set LOTAN_API to http:\/\/previews\.example\.com$/],
    [409, problemOf(site, 'being-removed', 'It is being removed.', { tag: 'red' }), 8, /^red: It is being removed\.$/],
    [503, problemOf(site, 'rebuilding', 'Just a moment.'), 1, /^Just a moment\.$/],
    [502, '<html>', 3, /answers 502 and leads to .*, which is not what Lotan says/],
    [200, undefined, 3, /answers 200/],
    [308, undefined, 3, /answers 308 and leads to http:\/\/elsewhere\.test\//],
  ] // prettier-ignore
  for (const [status, json, exit, line] of table) {
    answers = () => ({ status, json, headers: { Location: 'http://elsewhere.test/' } })
    const failure = await call(api, '/previews').catch((error: unknown) => error)
    assert.ok(failure instanceof Failure, String(status))
    assert.equal(failure.status, exit, failure.message)
    assert.match(failure.message, line)
    assert.ok(!failure.message.includes('\n') && !failure.message.includes(token))
  }
})
