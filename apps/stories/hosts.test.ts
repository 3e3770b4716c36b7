/** Whatever stands in the Host header, there is a clear answer. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { buildSmall } from '../testing/images/build.ts'
import { engine } from '../testing/images/kept-bases.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

describe('a host', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  let domain: string

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['plain', '1.9.5', 'Feature-X', 'dark_mode'])
      await buildSmall(`${registry.repository}:${tag}`, `this is ${tag}`)
    // A registry without the repository is another story than one without a tag.
    await engine.push(`${registry.repository}:plain`)
    lotan = await startLotan({ repository: registry.repository })
    domain = lotan.domain
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  for (const [what, host] of [
    ['with another port', () => `plain.${domain}:9999`],
    ['without a port', () => `plain.${domain}`],
    ['in capitals', () => `PLAIN.${domain.toUpperCase()}`],
    ['with a trailing dot', () => `plain.${domain}.`],
  ] as const)
    test(`${what} is the same preview`, async () => {
      const { status, text } = await lotan.ask({ host: host() })
      assert.equal(status, 200)
      assert.match(text, /this is plain/)
    })

  test('with underscores between digits is the tag with dots', async () => {
    assert.match((await lotan.ask({ host: `1_9_5.${domain}` })).text, /this is 1\.9\.5/)
    assert.match((await lotan.ask({ host: `dark_mode.${domain}` })).text, /this is dark_mode/)
  })

  test('of a tag that has no plain host is its slug and hash, as the API says', async () => {
    const { json } = await lotan.api<{ host: string }>('POST', '/previews', { tag: 'Feature-X' })
    assert.match(json.host, /^feature-x-[0-9a-z]{8}\./)
    assert.match((await lotan.ask({ host: json.host })).text, /this is Feature-X/)
  })

  for (const label of ['-starts-with-a-dash', 'a.b', 'x'.repeat(64), 'sp%20ace', '__proto__.x', '*', "'or'1", 'a$b'])
    test(`that cannot be a tag is told so: ${label.slice(0, 20)}`, async () => {
      const page = await lotan.ask({ host: `${label}.${domain}`, headers: asBrowser })
      assert.ok([400, 404].includes(page.status), `${page.status}`)
      assert.ok(page.text.length > 0)
      if (page.status === 404) assert.match(page.text, /No container tag/)
    })

  test('that is a tag the registry does not have is told so', async () => {
    for (const label of ['__proto__', 'constructor', 'pr-404'])
      assert.equal((await lotan.click(label)).status, 404, label)
  })

  for (const host of [
    'example.com',
    'lotan.localhost',
    '127.0.0.1',
    '[::1]:80',
    'todowrangler.lotan.localhost.evil.example',
  ])
    test(`elsewhere is answered with 404: ${host}`, async () => {
      const page = await lotan.ask({ host, headers: asBrowser })
      assert.equal(page.status, 404)
      assert.match(page.headers['content-type'] ?? '', /html/)
      assert.match(page.text, /No container tag/)
      const program = await lotan.ask({ host })
      assert.equal(program.status, 404)
      assert.match(program.headers['content-type'] ?? '', /problem\+json/)
    })

  for (const [what, head] of [
    ['missing', 'GET / HTTP/1.1'],
    ['missing in HTTP/1.0', 'GET / HTTP/1.0'],
    ['empty', 'GET / HTTP/1.1\r\nHost:'],
    ['given twice', 'GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example'],
    ['full of odd bytes', 'GET / HTTP/1.1\r\nHost: \u00ff\u0001<script>alert(1)</script>'],
    ['a path', 'GET / HTTP/1.1\r\nHost: ../../etc/passwd'],
    ['100 kB long', `GET / HTTP/1.1\r\nHost: ${'a'.repeat(100_000)}`],
  ] as const)
    test(`that is ${what} gets a clear answer`, async () => {
      const answer = await raw(lotan.port, `${head}\r\nConnection: close\r\n\r\n`)
      assert.match(answer, /^HTTP\/1\.[01] (400|404|414|431) /)
      assert.ok(!answer.includes('<script>alert'))
    })

  test('of any kind answers /healthz, but a preview’s own is the application’s', async () => {
    for (const host of [domain, `${domain}:8080`, 'example.com', '127.0.0.1'])
      assert.equal((await lotan.ask({ host, path: '/healthz' })).status, 200, host)
    assert.equal((await lotan.request('plain', { path: '/healthz' })).status, 404)
  })

  test('of a preview has nothing of Lotan’s but five addresses', async () => {
    for (const path of ['/.lotan/x', '/.lotan/lookup/route', '/.lotan/lookup/wait'])
      assert.equal((await lotan.request('plain', { path })).status, 404, path)
    assert.notEqual((await lotan.request('plain', { path: '/.lotan' })).status, 301)
    const before = lotan.store.get('plain')
    const about = await lotan.request('plain', { path: '/.lotan/', headers: asBrowser })
    assert.deepEqual([about.status, about.headers['cache-control']], [200, 'no-store'])
    assert.match(about.text, /<code>plain<\/code>/)
    assert.deepEqual(lotan.store.get('plain'), before)
    const events = await lotan.open('plain', { path: '/.lotan/events' })
    assert.match(events.headers['content-type'] ?? '', /^text\/event-stream\b/)
    assert.equal(events.headers['cache-control'], 'no-store')
    events.destroy()
    const crossSite = { 'Sec-Fetch-Site': 'cross-site' }
    assert.equal(
      (await lotan.request('plain', { method: 'POST', path: '/.lotan/retry', headers: crossSite })).status,
      403,
    )
  })

  for (const [what, headers, path] of [
    ['a link-preview bot', { 'User-Agent': 'Slackbot-LinkExpanding 1.0', ...asBrowser }, '/'],
    ['an uptime robot', { 'User-Agent': 'UptimeRobot/2.0' }, '/'],
    ['a prefetch', { 'Sec-Purpose': 'prefetch', ...asBrowser }, '/'],
    ['a favicon', {}, '/favicon.ico'],
    ['robots.txt', {}, '/robots.txt'],
  ] as const)
    test(`is not woken by ${what}`, async () => {
      const { status } = await lotan.request('asleep', { path, headers })
      assert.ok(status === 503 || path === '/robots.txt', String(status))
      assert.equal(lotan.store.get('asleep'), undefined)
    })
})

/** Sends bytes, and reads until the connection ends. */
async function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')))
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => (answer += text))
    socket.on('close', () => resolve(answer))
    // A server that has answered may reset what it did not read.
    socket.on('error', (error) => (answer ? resolve(answer) : reject(error)))
  })
}
