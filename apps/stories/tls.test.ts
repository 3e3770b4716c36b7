/** HTTPS: with a certificate of an authority that only this test and its browser trust, over HTTP/2, and renewed. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import http2 from 'node:http2'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { WebSocket } from 'ws'
import { asBrowser, isWaiting, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { goTo, openBrowser, type Browser } from '../testing/harness/browser.ts'
import { makeAuthority, type Authority } from '../testing/harness/certificate.ts'
import { buildApps } from '../testing/images/build.ts'
import { freePort } from '../testing/harness/ports.ts'
import { familyOf, memoryOf } from '../testing/harness/processes.ts'
import { askRepeating } from '../testing/clients/repeating-headers.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'

const run = promisify(execFile)
const DOMAIN = 'previews.lotan.localhost'
/** One that speaks plain HTTP to Lotan. */
const PROXY = '127.0.0.9'
const PING = Buffer.from('all read')

describe('HTTPS', { timeout: 300_000 }, () => {
  let dir: string
  let authority: Authority
  let ca: Buffer
  let registry: Registry
  let lotan: Lotan
  let browser: Browser
  let port: number
  let certificate: string
  let key: string

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-tls-'))
    authority = await makeAuthority(dir)
    ca = await fs.readFile(authority.file)
    certificate = path.join(dir, 'live.pem')
    key = path.join(dir, 'live.key')
    await install([DOMAIN, `*.${DOMAIN}`])
    registry = await startImageRegistry()
    await buildApps(registry.repository, ['page', 'upload', 'socket', 'api'])
    port = await freePort()
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        TL_DOMAIN: DOMAIN,
        LOTAN_TLS_CERT: certificate,
        LOTAN_TLS_KEY: key,
        LOTAN_TLS_LISTEN: `[::]:${port}`,
        LOTAN_HSTS_SECONDS: '600',
        LOTAN_PUBLIC_URL: `https://${DOMAIN}:${port}`,
        LOTAN_TRUSTED_PROXIES: PROXY,
      },
    })
    browser = await openBrowser({ authority: authority.file, home: dir })
  })
  after(async () => {
    await browser?.close()
    await lotan?.stop()
    await registry?.close()
    await fs.rm(dir, { recursive: true, force: true })
  })

  /** Puts a new certificate where the live one is, as renewals do. @returns its serial number */
  async function install(hosts: string[]): Promise<string> {
    const issued = await authority.issue(hosts)
    await fs.rename(issued.key, key)
    await fs.rename(issued.certificate, certificate)
    return issued.serial
  }

  const host = (tag: string) => `${tag}.${DOMAIN}`
  const url = (tag: string, at = '/') => `https://${host(tag)}:${port}${at}`

  /** One request over HTTP/2, by name, to where Lotan listens. */
  async function ask(tag: string, headers: http2.OutgoingHttpHeaders = {}, body?: Buffer) {
    const session = http2.connect(url(tag), {
      createConnection: () =>
        tls.connect({ port, host: '127.0.0.1', servername: host(tag), ca, ALPNProtocols: ['h2'] }),
    })
    try {
      const stream = session.request({ ':method': body ? 'POST' : 'GET', ':path': '/', ...headers })
      stream.end(body)
      const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
      const pieces: Buffer[] = []
      for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece)
      assert.equal(session.alpnProtocol, 'h2')
      return { status: answer[':status'], headers: answer, text: Buffer.concat(pieces).toString() }
    } finally {
      session.close()
    }
  }

  const memoryOfNginx = () => familyOf(lotan.part('nginx')!).reduce((sum, { pid }) => sum + memoryOf(pid).own, 0)

  const echoed = (text: string) => JSON.parse(text) as { bytes: number; sha256: string; rawHeaders: string[] }

  test('a click in a browser ends in the application, whose WebSocket works', async () => {
    const page = await browser.newPage()
    const first = await goTo(page, url('page', '/lists/42'))
    assert.equal((await first?.securityDetails())?.issuer, 'Lotan test authority')
    await until('the application shows', async () => (await page.content()).includes('"url":"/lists/42"'), {
      within: 60_000,
    })
    assert.equal(page.url(), url('page', '/lists/42'))
    const how = await page.evaluate(`performance.getEntriesByType('navigation')[0].nextHopProtocol`)
    assert.equal(how, 'h2')
    const answer = await page.evaluate(
      async (address) => {
        const socket = new globalThis.WebSocket(address)
        return new Promise((resolve, reject) => {
          socket.onopen = () => socket.send('hello')
          socket.onmessage = ({ data }) => data === 'hello' && resolve(data)
          socket.onerror = () => reject(new Error('no WebSocket'))
        })
      },
      url('page', '/chat').replace('https', 'wss'),
    )
    assert.equal(answer, 'hello')
    await page.close()
  })

  test('as many cookies as a browser keeps lock nobody out over HTTP/2 either', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await goTo(page, url('page'))
    const kept = await page.locator('body').evaluate((body, domain) => {
      for (let i = 0; i < 178; i++)
        body.ownerDocument.cookie = `toss${i}=${'x'.repeat(4_080)}; domain=${domain}; path=/; max-age=3600`
      return body.ownerDocument.cookie.length
    }, DOMAIN)
    assert.ok(kept > 700_000, `${kept}`)
    assert.equal((await goTo(page, `https://${DOMAIN}:${port}/`))?.status(), 431)
    await page.getByRole('link', { name: 'Load this page again' }).click()
    await page.getByLabel('Admin token').waitFor()
    await context.close()
  })

  test('one connection takes little of memory, whatever it repeats and however little it reads', async (t) => {
    const before = memoryOfNginx()
    const socket = tls.connect({ port, host: '127.0.0.1', servername: host('page'), ca, ALPNProtocols: ['h2'] })
    await once(socket, 'secureConnect')
    const sent = await askRepeating(socket, { host: host('page'), streams: 100, repeated: 190 })
    // What comes after it on the same connection is told when all of it was read.
    let pong = false
    socket.on('data', (data: Buffer) => (pong ||= data.includes(PING)))
    socket.write(Buffer.concat([Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0]), PING]))
    await until('all of it was read', () => pong)
    const taken = memoryOfNginx() - before
    socket.destroy()
    t.diagnostic(`${sent} bytes sent, ${(taken / 1e6).toFixed(1)} MB taken`)
    assert.ok(taken < 60e6, `${taken} bytes`)
  })

  test('the admin page logs in with a cookie of this host alone, and links to https', async () => {
    const page = await browser.newPage()
    await goTo(page, `https://${DOMAIN}:${port}/login?token=${lotan.token}`)
    assert.equal(page.url(), `https://${DOMAIN}:${port}/`)
    const [cookie] = await page.context().cookies()
    assert.deepEqual([cookie?.name, cookie?.secure, cookie?.domain], ['__Host-lotan', true, DOMAIN])
    const link = await page.getByRole('link', { name: 'page', exact: false }).first().getAttribute('href')
    const links = await page.locator(`a[href^="${url('page')}"]`).count()
    assert.ok(links > 0, `${link} and no link to ${url('page')}`)
    await page.close()
    assert.match(lotan.said(), new RegExp(`admin: https://${DOMAIN}:${port}/login`))
  })

  test('the command line finds it, and believes who this machine believes', async () => {
    const env = { ...surroundings, LOTAN_DATA_DIR: lotan.env.LOTAN_DATA_DIR!, LOTAN_ADMIN_TOKEN: lotan.token }
    const wait = (more: Record<string, string>) =>
      run(process.execPath, ['apps/lotan/main.ts', 'wait', 'page'], { env: { ...env, ...more } }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      )
    assert.deepEqual(await wait({ NODE_EXTRA_CA_CERTS: authority.file }), { code: 0, stdout: `${url('page', '')}\n` })
    assert.deepEqual(await wait({}), { code: 3, stdout: '' })
  })

  test('an upload to a cold preview is held and arrives whole over HTTP/2; the application is told of https', async () => {
    const body = randomBytes(5_000_000)
    const { status, text, headers } = await ask('upload', {}, body)
    const { bytes, sha256, rawHeaders } = echoed(text)
    assert.deepEqual([status, bytes], [200, body.length])
    assert.equal(sha256, createHash('sha256').update(body).digest('hex'))
    const at = (name: string) => rawHeaders[rawHeaders.findIndex((raw) => raw.toLowerCase() === name) + 1]
    assert.equal(at('host'), `${host('upload')}:${port}`)
    assert.deepEqual([at('x-forwarded-proto'), at('x-forwarded-port')], ['https', String(port)])
    assert.equal(headers['strict-transport-security'], 'max-age=600')
  })

  test('over HTTP/2 too, an answer before the upload is read arrives, 40 of 40 times', async () => {
    const statuses = []
    for (const size of [1, 10])
      for (let i = 0; i < 20; i++)
        statuses.push((await ask('page', { ':path': '/refuse' }, Buffer.alloc(size * 1_000_000))).status)
    assert.deepEqual(new Set(statuses), new Set([413]))
  })

  test('no cookie of a preview reaches its siblings or the admin page, nor does it clear theirs', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await goTo(page, `https://${DOMAIN}:${port}/login?token=${lotan.token}`)
    const domains = [
      ...[' ', '\t', ''].flatMap((space) => [
        `;${space}Domain=${DOMAIN}`,
        `;${space}Domain${space}=${space}.${DOMAIN}`,
        `;${space}domain="${DOMAIN}"`,
        `; Domain=${host('page')};${space}DOMAIN=${DOMAIN}`,
        `; Domain=${DOMAIN};${space}Domain=`,
      ]),
    ]
    const headers = [
      ...domains.map((domain, i) => `Set-Cookie:c${i}=${'x'.repeat(100)}; Path=/${domain}`),
      'Clear-Site-Data:"cookies", "storage"',
    ]
    const at = `/answer?${headers.map((line) => `h=${encodeURIComponent(line)}`).join('&')}`
    assert.equal((await goTo(page, url('page', at)))?.status(), 200)
    const cookies = await context.cookies()
    const own = cookies.filter(({ name }) => /^c\d+$/.test(name))
    assert.ok(own.length >= domains.length - 3, `${own.length}`)
    for (const { domain } of own) assert.equal(domain.replace(/^\./, ''), host('page'))
    assert.equal((await goTo(page, `https://${DOMAIN}:${port}/`))?.status(), 200)
    assert.equal(await page.getByLabel('Admin token').count(), 0)
    const { headers: seen } = await ask('page', { ':path': at })
    assert.deepEqual(seen['clear-site-data'], '"storage"')
    await context.close()
  })

  test('redirects to the container’s port, or without one, lead to the public address', async () => {
    for (const from of [`http://${host('page')}/docs/`, `http://${host('page')}:80/docs/`, `//${host('page')}/docs/`]) {
      const at = `/answer?status=302&h=${encodeURIComponent(`Location:${from}`)}`
      assert.equal((await ask('page', { ':path': at })).headers.location, url('page', '/docs/'), from)
    }
  })

  test('who speaks plain HTTP to the port of HTTPS is told so in words', async () => {
    const answer = await lotan.ask({ host: `${DOMAIN}:${port}`, path: '/api/v1/tags' })
    assert.notEqual(answer.status, 400)
    const plain = await fetch(`http://127.0.0.1:${port}/api/v1/tags`)
    assert.deepEqual([plain.status, plain.headers.get('content-type')], [400, 'application/problem+json'])
  })

  test('a WebSocket to a cold preview is held and talks', async () => {
    const socket = socketOf('socket', '/chat')
    const [hello] = (await once(socket, 'message')) as [Buffer]
    assert.equal((JSON.parse(hello.toString()) as { tag: string }).tag, 'socket')
    socket.close()
  })

  test('HTTP leads to HTTPS with method and path, for Lotan’s hosts alone', async () => {
    for (const [method, at] of [
      ['GET', '/a?b=c'],
      ['POST', '/x'],
    ] as const) {
      const { status, headers } = await lotan.request('page', { method, path: at })
      assert.deepEqual([status, headers.location], [308, url('page', at)])
      assert.equal(headers['strict-transport-security'], undefined)
    }
    const admin = await lotan.ask({ host: `${DOMAIN}:${lotan.port}`, path: '/previews/red' })
    assert.equal(admin.headers.location, `https://${DOMAIN}:${port}/previews/red`)
    const elsewhere = await lotan.ask({ host: 'evil.example.com', headers: asBrowser })
    assert.deepEqual([elsewhere.status, elsewhere.headers.location], [404, undefined])
    assert.equal((await lotan.ask({ host: 'anything', path: '/healthz' })).status, 200)
    for (const path of ['/healthz', '/readyz']) assert.equal((await lotan.ask({ host: DOMAIN, path })).status, 200)
    assert.equal(lotan.store.get('page')?.tag, 'page')
  })

  test('is on IPv6 and IPv4, where it is to listen on [::]', async () => {
    for (const host of ['127.0.0.1', '::1']) assert.notEqual(await serialShown(host), undefined, host)
  })

  test('a trusted proxy that has HTTPS itself is not sent in a circle, and nobody else gets past HTTPS', async () => {
    const by = (localAddress: string, proto: string) => ({
      agent: new http.Agent({ localAddress }),
      headers: { ...asBrowser, 'X-Forwarded-Proto': proto },
    })
    const through = await lotan.request('api', by(PROXY, 'https'))
    assert.ok(isWaiting(through), `${through.status}`)
    const answer = await until('the application answers', async () => {
      const answer = await lotan.request('api', by(PROXY, 'https'))
      return isWaiting(answer) ? undefined : answer
    })
    assert.equal(answer.headers['strict-transport-security'], 'max-age=600')
    assert.equal((await lotan.ask({ host: DOMAIN, path: '/login', ...by(PROXY, 'https') })).status, 200)
    for (const [who, proto] of [
      [PROXY, 'http'],
      ['127.0.0.8', 'https'],
    ] as const) {
      const { status, headers } = await lotan.request('api', by(who, proto))
      assert.deepEqual([status, headers.location], [308, url('api')], who)
      assert.equal((await lotan.ask({ host: DOMAIN, path: '/login', ...by(who, proto) })).status, 308)
    }
  })

  test('a renewed certificate is taken over, and no connection is dropped; one that is no good is not', async () => {
    assert.equal((await ask('api')).status, 200)
    const socket = socketOf('api', '/')
    await once(socket, 'message')
    const ended = once(socket, 'close').then(() => 'closed')

    const serial = await install([DOMAIN, `*.${DOMAIN}`])
    await until('new connections get it', async () => (await serialShown()) === serial, { within: 60_000 })
    await install(['other.example.com'])
    await until(
      'it says why not',
      () => /renewed certificate is not used: LOTAN_TLS_CERT is not for/.test(lotan.said()),
      {
        within: 60_000,
      },
    )
    assert.equal(await serialShown(), serial)

    socket.send('still here')
    const [echo] = (await Promise.race([once(socket, 'message'), ended])) as [Buffer]
    assert.equal(echo.toString(), 'still here')
    socket.close()
    await ended
  })

  function socketOf(tag: string, at: string): WebSocket {
    return new WebSocket(url(tag, at).replace('https', 'wss'), {
      createConnection: () => tls.connect({ port, host: '127.0.0.1', servername: host(tag), ca }),
    })
  }

  async function serialShown(address = '127.0.0.1'): Promise<string | undefined> {
    const socket = tls.connect({ port, host: address, servername: host('page'), ca })
    await once(socket, 'secureConnect')
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
})
