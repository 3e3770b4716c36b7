/** What a client sends reaches the application, and what the application answers reaches the client, unchanged. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { startLotan, type Lotan } from './testing/bed.ts'
import type { Answer } from './testing/http.ts'
import { buildApp, buildApps } from './testing/images.ts'
import { startRegistry, type Registry } from './testing/registry.ts'
import { until } from './testing/until.ts'

interface Echo {
  tag: string
  method: string
  url: string
  rawHeaders: string[]
  bytes: number
  sha256: string
  body: string
}

const paths = [
  '/a%2Fb/%E2%82%AC/..%2fup;x=1?q=a+b&c=%20%26&d[]=1',
  '//double//slashes//',
  '/%7Euser/./here/../there?',
  '/caf\u00e9'.normalize('NFC').replace('\u00e9', '%C3%A9') + '?%',
  '/?redirect=http://example.com/?a=b#',
  "/it's/(fine)/$upstream/$host?$args",
  `/${'long'.repeat(1500)}`,
]

describe('through nginx', { timeout: 120_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startRegistry()
    await buildApps(registry.repository, ['warm', 'cold-post', 'cold-upload', 'cold-socket', 'cold-paths'])
    await buildApp(`${registry.repository}:three-thousand`, { env: { APP_PORT: 3000 }, expose: [3000] })
    lotan = await startLotan({ repository: registry.repository })
    await lotan.request('warm')
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  for (const path of paths)
    test(`the path ${path.slice(0, 60)} arrives as it was sent`, async () => {
      const sent = path.replace(/#.*$/, '')
      assert.equal(echo(await lotan.request('warm', { path: sent })).url, sent)
    })

  test('a cold preview gets the same path', async () => {
    const answers = await Promise.all(paths.slice(0, 3).map((path) => lotan.request('cold-paths', { path })))
    assert.deepEqual(
      answers.map((answer) => echo(answer).url),
      paths.slice(0, 3),
    )
  })

  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])
    test(`${method} arrives with its body`, async () => {
      const body = method === 'GET' || method === 'OPTIONS' ? '' : `the body of ${method} \u20ac`
      const headers = { 'Content-Type': 'text/x-test', 'Content-Length': Buffer.byteLength(body) }
      const told = echo(await lotan.request('warm', { method, headers, body }))
      assert.equal(told.method, method)
      assert.equal(Buffer.from(told.body, 'base64').toString(), body)
      assert.deepEqual(valuesOf(told, 'content-type'), ['text/x-test'])
    })

  test('HEAD has a head and no body', async () => {
    const { status, headers, body } = await lotan.request('warm', { method: 'HEAD', path: '/bytes/1000' })
    assert.deepEqual([status, headers['content-length'], body.length], [200, '1000', 0])
  })

  test('headers arrive as they were sent, and X-Forwarded-* say how', async () => {
    const host = lotan.host('warm')
    const headers = ['X-Odd_Name', 'one', 'X-Twice', 'a', 'X-Twice', 'b', 'Cookie', 'a=1; b=2', 'Accept', 'text/html']
    // What a visitor claims about where they come from is not passed on.
    headers.push('X-Forwarded-For', '10.9.9.9', 'X-Forwarded-Host', 'evil.example', 'X-Forwarded-Proto', 'gopher')
    const told = echo(await lotan.request('warm', { headers }))
    assert.deepEqual(valuesOf(told, 'host'), [host])
    assert.deepEqual(valuesOf(told, 'x-odd_name'), ['one'])
    assert.deepEqual(valuesOf(told, 'x-twice'), ['a', 'b'])
    assert.deepEqual(valuesOf(told, 'cookie'), ['a=1; b=2'])
    assert.deepEqual(valuesOf(told, 'x-forwarded-for'), ['127.0.0.1'])
    assert.deepEqual(valuesOf(told, 'x-forwarded-host'), [host])
    assert.deepEqual(valuesOf(told, 'x-forwarded-proto'), ['http'])
    assert.deepEqual(valuesOf(told, 'x-forwarded-port'), [String(lotan.port)])
    assert.deepEqual(valuesOf(told, 'x-real-ip'), ['127.0.0.1'])
    assert.deepEqual(valuesOf(told, 'upgrade'), [])
  })

  test('an application on another port than the pool has is reached too', async () => {
    const told = echo(await lotan.request('three-thousand', { path: '/here' }))
    assert.deepEqual([told.tag, told.url], ['three-thousand', '/here'])
  })

  test('a POST to a cold preview is held, and arrives with its body', async () => {
    const body = JSON.stringify({ text: 'do not lose me' })
    const told = echo(await lotan.request('cold-post', { method: 'POST', path: '/items?x=1', body }))
    assert.deepEqual([told.tag, told.method, told.url], ['cold-post', 'POST', '/items?x=1'])
    assert.equal(Buffer.from(told.body, 'base64').toString(), body)
  })

  test('100 MB arrive byte for byte', async () => {
    await upload('warm', 100)
  })

  test('20 MB to a cold preview arrive byte for byte', async () => {
    await upload('cold-upload', 20)
  })

  test('100 MB come back byte for byte', async () => {
    const size = 100 * 1024 * 1024
    const { body } = await lotan.request('warm', { path: `/bytes/${size}` })
    assert.equal(body.length, size)
    const piece = Buffer.alloc(64 * 1024, 'todowrangler')
    const wanted = createHash('sha256')
    for (let i = 0; i < size / piece.length; i++) wanted.update(piece)
    assert.equal(createHash('sha256').update(body).digest('hex'), wanted.digest('hex'))
  })

  test('no byte of an answer passes through Node: a router that stands still does not stop it', async () => {
    const response = await lotan.open('warm', { path: '/bytes/30000000' })
    const router = lotan.part('router')!
    process.kill(router, 'SIGSTOP')
    try {
      let bytes = 0
      for await (const piece of response as AsyncIterable<Buffer>) bytes += piece.length
      assert.equal(bytes, 30_000_000)
    } finally {
      process.kill(router, 'SIGCONT')
    }
  })

  test('server-sent events arrive one by one', async () => {
    const response = await lotan.open('warm', { path: '/sse?n=4&every=150', headers: { Accept: 'text/event-stream' } })
    assert.equal(response.headers['content-type'], 'text/event-stream')
    const came: number[] = []
    let text = ''
    for await (const piece of response as AsyncIterable<Buffer>) {
      text += piece.toString()
      came.push(performance.now())
    }
    assert.equal(text, 'data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n')
    assert.equal(came.length, 4)
    assert.ok(came[3]! - came[0]! > 300, 'they came together')
  })

  test('a WebSocket echoes', async () => {
    await echoSocket('warm')
  })

  test('a WebSocket to a cold preview is held, and echoes', async () => {
    await echoSocket('cold-socket')
  })

  test('status and headers of an answer come unchanged', async () => {
    const { status, headers, rawHeaders } = await lotan.request('warm', {
      path: answering({ Server: 'my own/1.0', 'Cache-Control': 'max-age=7', ETag: '"x"', Vary: 'Accept' }, 418),
    })
    assert.equal(status, 418)
    assert.equal(headers.server, 'my own/1.0')
    assert.equal(headers['cache-control'], 'max-age=7')
    assert.equal(headers.etag, '"x"')
    assert.equal(headers.vary, 'Accept')
    assert.equal(rawHeaders.filter((name) => /^date$/i.test(name)).length, 1)
    assert.ok(!rawHeaders.some((name) => /^x-(upstream|verdict|tried)$/i.test(name)))
  })

  for (const status of [301, 401, 403, 404, 500, 502, 503, 504])
    test(`an application's own ${status} is passed on`, async () => {
      const answer = await lotan.request('warm', { path: answering({ Location: '/elsewhere' }, status) })
      assert.deepEqual([answer.status, answer.text], [status, 'warm'])
      assert.equal(answer.headers.location, '/elsewhere')
    })

  test('a cookie for all siblings becomes one for this preview alone', async () => {
    const host = lotan.host('warm').replace(/:\d+$/, '')
    const cookies = [
      `a=1; Domain=${lotan.domain}; Path=/`,
      `b=2; Domain=.${lotan.domain}; HttpOnly`,
      'c=3; Path=/; Secure',
    ]
    const path = `/answer?${cookies.map((cookie) => `h=${encodeURIComponent(`Set-Cookie:${cookie}`)}`).join('&')}`
    const { headers } = await lotan.request('warm', { path })
    assert.deepEqual(headers['set-cookie'], [
      `a=1; Domain=${host}; Path=/`,
      `b=2; Domain=${host}; HttpOnly`,
      'c=3; Path=/; Secure',
    ])
  })

  test('an answer cannot steer nginx', async () => {
    const path = answering({
      'X-Accel-Redirect': '/.lotan/events',
      'X-Accel-Expires': '3600',
      'X-Accel-Limit-Rate': '1',
      'X-Accel-Charset': 'koi8-r',
    })
    for (let tries = 0; tries < 2; tries++) {
      const { status, text, head } = await lotan.request('warm', { path })
      assert.deepEqual([status, text], [200, 'warm'])
      assert.ok(head < 2_000)
    }
  })

  test('a preview is not for search engines, unless it says otherwise itself', async () => {
    assert.equal((await lotan.request('warm')).headers['x-robots-tag'], 'noindex')
    const own = await lotan.request('warm', { path: answering({ 'X-Robots-Tag': 'all' }) })
    assert.equal(own.headers['x-robots-tag'], 'all')
  })

  test('cookies and other headers as large as browsers send them arrive', async () => {
    const cookie = `a=${'x'.repeat(15_000)}`
    const told = echo(await lotan.request('warm', { headers: { Cookie: cookie } }))
    assert.deepEqual(valuesOf(told, 'cookie'), [cookie])
    const back = await lotan.request('warm', { path: answering({ 'Set-Cookie': `b=${'y'.repeat(4_000)}` }) })
    assert.equal(back.headers['set-cookie']?.[0]?.length, 4_002)
  })

  async function upload(tag: string, megabytes: number) {
    const hash = createHash('sha256')
    const piece = randomBytes(1024 * 1024)
    const pieces = function* () {
      for (let i = 0; i < megabytes; i++) {
        piece.writeUInt32LE(i)
        hash.update(piece)
        yield Buffer.from(piece)
      }
    }
    const headers = { 'Content-Length': megabytes * piece.length }
    const answer = await lotan.request(tag, { method: 'PUT', path: '/upload', headers, body: Readable.from(pieces()) })
    const told = echo(answer)
    assert.equal(told.bytes, megabytes * piece.length)
    assert.equal(told.sha256, hash.digest('hex'))
  }

  async function echoSocket(tag: string) {
    const socket = new WebSocket(`ws://127.0.0.1:${lotan.port}/chat?room=1`, {
      headers: { Host: lotan.host(tag) },
      origin: `http://${lotan.host(tag)}`,
    })
    const said: Buffer[] = []
    socket.on('message', (data) => said.push(data as Buffer))
    try {
      await once(socket, 'open')
      await until('the application has said hello', () => said[0])
      const hello = JSON.parse(said[0]!.toString()) as { tag: string; url: string; headers: Record<string, string> }
      assert.deepEqual([hello.tag, hello.url, hello.headers.host], [tag, '/chat?room=1', lotan.host(tag)])
      const bytes = randomBytes(70_000)
      socket.send('hello \u20ac')
      socket.send(bytes)
      await until('both came back', () => said.length === 3)
      assert.equal(said[1]!.toString(), 'hello \u20ac')
      assert.ok(said[2]!.equals(bytes))
    } finally {
      socket.terminate()
    }
  }
})

function echo({ status, text }: Answer): Echo {
  assert.equal(status, 200, text)
  return JSON.parse(text) as Echo
}

/** The values of a header, in the order in which they came. */
function valuesOf({ rawHeaders }: Echo, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name)
}

/** The path at which the application answers with these headers. */
function answering(headers: Record<string, string>, status = 200): string {
  const lines = Object.entries(headers).map(([name, value]) => `h=${encodeURIComponent(`${name}:${value}`)}`)
  return `/answer?status=${status}&${lines.join('&')}`
}
