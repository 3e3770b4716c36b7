/** What a client sends reaches the application, and what the application answers reaches the client, unchanged. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import net from 'node:net'
import { Readable } from 'node:stream'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { WebSocket } from 'ws'
import fc from 'fast-check'
import { identityHeaders } from '../lotan/nginx/identity-headers.ts'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import type { Answer } from '../testing/clients/http.ts'
import { buildApp, buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

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

describe('through nginx', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
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
    const headers = ['X-Odd-Name', 'one', 'X-Twice', 'a', 'X-Twice', 'b', 'Cookie', 'a=1; b=2', 'Accept', 'text/html']
    // What a visitor claims about where they come from is not passed on.
    headers.push('X-Forwarded-For', '10.9.9.9', 'X-Forwarded-Host', 'evil.example', 'X-Forwarded-Proto', 'gopher')
    const told = echo(await lotan.request('warm', { headers }))
    assert.deepEqual(valuesOf(told, 'host'), [host])
    assert.deepEqual(valuesOf(told, 'x-odd-name'), ['one'])
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

  for (const [size, framing] of [
    [1, 'length'],
    [10, 'chunks'],
    [100, 'length'],
    [100, 'chunks'],
  ] as const)
    test(`an answer before ${size} MB in ${framing} are read arrives, 40 of 40 times`, async () => {
      const answers = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const statuses: string[] = []
          for (let i = 0; i < 10; i++) statuses.push(await refused(size * 1_000_000, framing === 'chunks'))
          return statuses
        }),
      )
      assert.deepEqual(new Set(answers.flat()), new Set(['HTTP/1.1 413 Payload Too Large xxxxxxxxx']))
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

  test('what says who asks and how they came is not a visitor’s to say', async () => {
    const names = [
      ...identityHeaders,
      'Proxy',
      'X_Forwarded_For',
      'X-Forwarded_For',
      'X.Forwarded.For',
      'X_Real_IP',
      'Remote_User',
    ]
    const sent = ['Via', '1.1 some', 'X-Request-Id', 'the-same-in-both-requests']
    const plain = echo(await lotan.request('warm', { headers: sent }))
    const told = echo(await lotan.request('warm', { headers: [...sent, ...names.flatMap((name) => [name, 'evil'])] }))
    assert.deepEqual(told.rawHeaders, plain.rawHeaders)
    assert.deepEqual(valuesOf(told, 'via'), ['1.1 some'])
  })

  test('a cookie for all siblings becomes one for this preview alone', async () => {
    const host = lotan.host('warm').replace(/:\d+$/, '')
    const cookies = [
      `a=1; Domain=${lotan.domain}; Path=/`,
      `b=2; Domain=.${lotan.domain}; HttpOnly`,
      'c=3; Path=/; Secure',
      `d=4;\tDomain\t=\t${lotan.domain}`,
      'e=5; Domain=; Path=/',
    ]
    const path = `/answer?${cookies.map((cookie) => `h=${encodeURIComponent(`Set-Cookie:${cookie}`)}`).join('&')}`
    const { headers } = await lotan.request('warm', { path })
    assert.deepEqual(headers['set-cookie'], [
      `a=1; Domain=${host}; Path=/`,
      `b=2; Domain=${host}; HttpOnly`,
      'c=3; Path=/; Secure',
      `d=4; Domain=${host}`,
      'e=5; Path=/',
    ])
  })

  test('whatever a cookie says, browsers take it for this preview alone, and nothing else of it changes', async () => {
    const host = lotan.host('warm').replace(/:\d+$/, '')
    const space = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 2 })
    const caps = (word: string) => fc.mixedCase(fc.constant(word))
    const name = fc.oneof(
      { weight: 3, arbitrary: caps('domain') },
      caps('path'),
      caps('max-age'),
      fc.constantFrom('', '"Domain', 'x'),
    )
    const value = fc.constantFrom(
      lotan.domain,
      `.${lotan.domain}`,
      `"${lotan.domain}"`,
      host,
      '',
      '/',
      '60',
      'a=b',
      ',',
      'é',
    )
    const equals = fc.constantFrom('=', '=', '=', '', '==')
    const attribute = fc.tuple(space, name, space, equals, space, value, space).map((parts) => parts.join(''))
    const first = fc.constantFrom('a=1', '__Host-a=1', '__Secure-a="x', '=1', 'a', 'Domain=x', ' a = 1 ')
    const cookie = fc.tuple(first, fc.array(attribute, { maxLength: 5 })).map((parts) => parts.flat().join(';'))
    await fc.assert(
      fc.asyncProperty(fc.array(cookie, { minLength: 20, maxLength: 30 }), async (sent) => {
        const got = await setCookies(sent, 200)
        assert.equal(got.length, sent.length)
        const meant = sent.map(readCookie)
        for (const [i, cookie] of got.map(readCookie).entries()) {
          assert.deepEqual({ ...cookie, domain: null }, { ...meant[i], domain: null })
          assert.ok(['', host].includes(cookie.domain), `${JSON.stringify(sent)} became ${got[i]}`)
        }
      }),
      { numRuns: 40 },
    )
  })

  for (const status of [200, 302, 404, 500])
    test(`the same holds of ${status}, and of more cookies than browsers keep`, async () => {
      const host = lotan.host('warm').replace(/:\d+$/, '')
      const sent = Array.from({ length: 130 }, (_, i) => `c${i}=1;\tDomain=${lotan.domain}`)
      const got = await setCookies(sent, status)
      assert.deepEqual(
        got,
        Array.from({ length: 130 }, (_, i) => `c${i}=1; Domain=${host}`),
      )
    })

  test('the same holds of an answer to HEAD, and of a WebSocket’s', async () => {
    const host = lotan.host('warm').replace(/:\d+$/, '')
    const cookie = `a=1;\tDomain=${lotan.domain}`
    const path = `/answer?h=${encodeURIComponent(`Set-Cookie:${cookie}`)}`
    const head = await lotan.request('warm', { method: 'HEAD', path })
    assert.deepEqual(head.headers['set-cookie'], [`a=1; Domain=${host}`])
    const socket = new WebSocket(`ws://127.0.0.1:${lotan.port}${path}`, { headers: { Host: lotan.host('warm') } })
    const [{ headers }] = (await once(socket, 'upgrade')) as [IncomingMessage]
    socket.terminate()
    assert.deepEqual(headers['set-cookie'], [`a=1; Domain=${host}`])
  })

  const beyond: [sent: Record<string, string>, got: Record<string, string | undefined>][] = [
    [{ 'Clear-Site-Data': '"cookies"' }, { 'clear-site-data': undefined }],
    [{ 'Clear-Site-Data': '"cache","cookies" , "storage"' }, { 'clear-site-data': '"cache", "storage"' }],
    [{ 'Clear-Site-Data': '"*"' }, { 'clear-site-data': '"cache", "storage", "executionContexts"' }],
    [{ 'Clear-Site-Data': '"clientHints", "Cookies"' }, { 'clear-site-data': undefined }],
    [
      { 'Strict-Transport-Security': 'max-age=60; IncludeSubDomains; preload' },
      { 'strict-transport-security': 'max-age=60; preload' },
    ],
    [
      { 'Set-Cookie2': 'a=1', 'Alt-Svc': 'h2=":8081"' },
      { 'set-cookie2': undefined, 'alt-svc': undefined },
    ],
    [{ 'Public-Key-Pins': 'pin-sha256="x"' }, { 'public-key-pins': undefined }],
    [{ 'Secure-Session-Registration': '(ES256);path="/"' }, { 'secure-session-registration': undefined }],
    [
      { 'Accept-CH': 'Width', NEL: '{}', 'Origin-Agent-Cluster': '?1' },
      { 'accept-ch': 'Width', nel: '{}', 'origin-agent-cluster': '?1' },
    ],
  ]
  for (const [sent, got] of beyond)
    test(`of ${JSON.stringify(sent)} nothing reaches beyond its own host`, async () => {
      const { headers } = await lotan.request('warm', { path: answering(sent) })
      for (const [name, value] of Object.entries(got)) assert.equal(headers[name], value, name)
    })

  const redirects: [tag: string, from: string, to: string][] = [
    ['warm', 'http://HOST/docs/', 'http://HOST:PORT/docs/'],
    ['warm', 'http://HOST:80/docs/', 'http://HOST:PORT/docs/'],
    ['warm', 'HTTP://HoSt?a=b', 'http://HOST:PORT?a=b'],
    ['warm', 'http://HOST', 'http://HOST:PORT'],
    ['warm', '//HOST/docs/#x', 'http://HOST:PORT/docs/#x'],
    ['warm', 'http://HOST:PORT/docs/', 'http://HOST:PORT/docs/'],
    ['warm', 'http://HOST:3000/docs/', 'http://HOST:3000/docs/'],
    ['warm', 'https://HOST/docs/', 'https://HOST/docs/'],
    ['warm', 'http://other.example/docs/', 'http://other.example/docs/'],
    ['warm', 'http://HOST.example/', 'http://HOST.example/'],
    ['warm', 'http://me@HOST/', 'http://me@HOST/'],
    ['warm', 'http://HOST:80x/', 'http://HOST:80x/'],
    ['warm', '/docs?to=http://HOST:80/', '/docs?to=http://HOST:80/'],
    ['three-thousand', 'http://HOST:3000/docs/', 'http://HOST:PORT/docs/'],
    ['three-thousand', 'http://HOST:80/docs/', 'http://HOST:80/docs/'],
  ]
  for (const [tag, from, to] of redirects)
    test(`${tag} redirects to ${from}: visitors are led to ${to}`, async () => {
      const [host, port] = lotan.host(tag).split(':')
      const here = (text: string) =>
        text.replace(/HOST/i, (word) => (word === 'HOST' ? host! : host!.toUpperCase())).replace('PORT', port!)
      const path = answering(
        { Location: here(from), Refresh: `0; url=${here(from)}`, 'Content-Location': here(from) },
        302,
      )
      const { headers } = await lotan.request(tag, { path })
      assert.equal(headers.location, here(to))
      assert.equal(headers.refresh, `0; url=${here(to)}`)
      assert.equal(headers['content-location'], here(to))
    })

  test('so is one that was made, at 201', async () => {
    const [host] = lotan.host('warm').split(':')
    const answer = await lotan.request('warm', {
      method: 'POST',
      path: answering({ Location: `http://${host}/x` }, 201),
    })
    assert.equal(answer.headers.location, `http://${lotan.host('warm')}/x`)
  })

  test('of 2 000 malformed calls of the API each is answered with a problem, or not at all', async (t) => {
    const random = fc.sample(malformed, { numRuns: 2_000, seed: 9 })
    const seen: Record<string, number> = {}
    const wrong: string[] = []
    const calls = random.values()
    const call = async () => {
      for (const head of calls) {
        const answer = await said(
          lotan.port,
          Buffer.from(head.replaceAll('DOMAIN', lotan.domain).replace('TOKEN', lotan.token), 'latin1'),
        )
        const [, status = 'none'] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? []
        seen[status] = (seen[status] ?? 0) + 1
        const isProblem = /^Content-Type: application\/problem\+json\r$/im.test(answer) && !/<html/i.test(answer)
        if (Number(status) >= 400 && !isProblem) wrong.push(`${JSON.stringify(head)}: ${answer}`)
      }
    }
    await Promise.all(Array.from({ length: 20 }, call))
    t.diagnostic(JSON.stringify(seen))
    assert.deepEqual(wrong, [])
    for (const status of [400, 401, 404, 405, 413, 414, 431, 501, 505]) assert.ok(seen[status], `no ${status}`)
  })

  test('response headers above 32 kB are named, to people, to programs and in the log', async () => {
    assert.equal((await lotan.request('warm', { path: '/answer?fill=15000' })).status, 200)
    const program = await lotan.request('warm', { path: '/answer?fill=40000' })
    assert.deepEqual([program.status, program.headers['content-type']], [502, 'application/problem+json'])
    assert.match(program.text, /response headers of the application are larger than 32 kB/)
    const person = await lotan.request('warm', { path: '/answer?fill=40000', headers: asBrowser })
    assert.equal(person.status, 502)
    assert.match(person.text, /response headers of the application are larger than 32 kB/)
    const posted = await lotan.request('warm', { method: 'POST', path: '/answer?fill=40000', body: 'x' })
    assert.match(posted.text, /larger than 32 kB/)
    await until('it is in the log', async () =>
      /"tag":"warm".*headers of an application are larger/.test(await lotan.output()),
    )
    const dropped = await lotan.request('warm', { path: '/drop' })
    assert.match(dropped.text, /the application dropped this request/)
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

  /** Uploads until an answer comes, to an application that reads nothing. @returns the status line, and the body */
  async function refused(bytes: number, chunked: boolean): Promise<string> {
    const socket = net.connect(lotan.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => (answer += data.toString()))
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`
    socket.write(`POST /refuse HTTP/1.1\r\nHost: ${lotan.host('warm')}\r\n${framing}\r\n\r\n`)
    const piece = Buffer.alloc(64 * 1024, 'x')
    for (let sent = 0; sent < bytes && answer === '' && !socket.destroyed; sent += piece.length) {
      const whole = piece.subarray(0, bytes - sent)
      if (chunked) socket.write(`${whole.length.toString(16)}\r\n`)
      const more = socket.write(whole)
      if (chunked) socket.write('\r\n')
      await (more ? setImmediate() : Promise.race([once(socket, 'drain'), once(socket, 'data'), closed]))
    }
    await until('it is answered', () => answer.endsWith('xxx') || socket.destroyed)
    socket.destroy()
    return `${answer.split('\r\n', 1)[0]} ${answer.split('\r\n\r\n')[1]}`
  }

  /** The cookies that a client is sent where an application sends these, over one connection after another. */
  async function setCookies(cookies: string[], status: number): Promise<string[]> {
    const lines = cookies.map((cookie) => `Set-Cookie:${cookie}\r\n`).join('')
    const bytes = Buffer.from(
      `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\nConnection: close\r\n${lines}\r\n`,
      'latin1',
    )
    const path = `/raw?bytes=${encodeURIComponent(bytes.toString('base64'))}`
    const { headers } = await lotan.request('warm', { path })
    return headers['set-cookie'] ?? []
  }

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

/** A cookie as browsers read it: RFC 6265bis, 5.6. A domain without a value is none. */
function readCookie(text: string) {
  const trim = (part: string) => part.replace(/^[ \t]+|[ \t]+$/g, '')
  const pair = (part: string) => {
    const at = part.indexOf('=')
    return at < 0 ? [trim(part), ''] : [trim(part.slice(0, at)), trim(part.slice(at + 1))]
  }
  const [first = '', ...rest] = text.split(';')
  const attributes = rest.map(pair).map(([name = '', value = '']) => [name.toLowerCase(), value] as const)
  const domain = attributes.findLast(([name]) => name === 'domain')?.[1] ?? ''
  // An unknown name with these letters alone may go too.
  const others = attributes.filter(([name]) => name.replace(/[^a-z]/g, '') !== 'domain')
  return { first: trim(first), others, domain: domain.replace(/^\./, '').toLowerCase() }
}

/** Calls of the API with something wrong in most of them; DOMAIN and TOKEN stand for the host's and the admin's. */
const malformed = fc
  .record({
    method: mostly('GET', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT', 'get', 'G\0T', '', 'PROPFIND'),
    path: mostly(
      '/api/v1/previews',
      '/api/v1/previews/%00',
      '/api/v1/previews/%E0%A4%A',
      '/api/v1/previews/no such',
      '/api/v1/previews/a..b/start',
      '/api/v1/previews/warm/wait?timeout=long',
      '/api/v1/nothing',
      '/api/%zz',
      '/api/v1/\0',
      '/api/../../etc',
      '/api/v1',
      '/api/v1?%',
      'api/v1',
      'http://DOMAIN/api/v2/tags',
      `/api/${'x'.repeat(40_000)}`,
    ),
    version: mostly('HTTP/1.1', 'HTTP/1.0', 'HTTP/3.7', 'HTTP/x', 'JUNK'),
    host: mostly('Host: DOMAIN', '', 'Host: DOMAIN\r\nHost: b', 'Host: a/b', 'Host: a\0b'),
    accept: fc.constantFrom('', 'Accept: text/html', 'Accept: */*'),
    token: fc.constantFrom('', 'Authorization: Bearer TOKEN', 'Authorization: Bearer no'),
    header: mostly(
      '',
      ': x',
      'X Y: z',
      'X-Nul: a\0b',
      'Expect: nonsense',
      'Content-Length: -1',
      'Content-Length: 1\r\nContent-Length: 2',
      'Content-Length: 99999999',
      'Content-Length: 7\r\nContent-Type: application/json',
      'Content-Length: 3\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: gzip',
      'Transfer-Encoding: chunked',
      `Cookie: ${'c'.repeat(31_000)}`,
      `X-Long: ${'l'.repeat(40_000)}`,
    ),
    body: fc.constantFrom('', 'zz\r\nxx\r\n', '3\r\nabc\r\n0\r\n\r\n', 'ffffffffffffffffff\r\n', '{"tag":', '\0\0'),
  })
  .map(({ method, path, version, host, accept, token, header, body }) => {
    const head = [`${method} ${path} ${version}`, host, accept, token, header, 'Connection: close'].filter(Boolean)
    return `${head.join('\r\n')}\r\n\r\n${body}`
  })

function mostly(usual: string, ...others: string[]) {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) })
}

/** All that is answered to these bytes; where more of them is waited for, to their end. */
async function said(port: number, bytes: Buffer): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const pieces: Buffer[] = []
  socket.on('data', (piece) => pieces.push(piece))
  socket.on('end', () => socket.end())
  socket.on('error', () => {})
  socket.setTimeout(200, () => socket.end())
  socket.write(bytes)
  await once(socket, 'close').catch(() => {})
  return Buffer.concat(pieces).toString('latin1')
}

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
