/**
 * One request gets one answer: what an application sends besides reaches nobody, whatever it is and whenever it comes,
 * above all not the next request on the same connection, which may be the admin's.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http2 from 'node:http2'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import tls from 'node:tls'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { makeAuthority } from '../testing/harness/certificate.ts'
import { buildScripted } from '../testing/images/build.ts'
import { freePort } from '../testing/harness/ports.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { answerOf, pathOf, type Known, type Line } from '../testing/images/script.ts'
import { talkOn, type Said } from '../testing/clients/connection.ts'
import { until } from '../testing/harness/until.ts'

const DOMAIN = 'previews.lotan.localhost'
const hint =
  'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nSet-Cookie: evil=1; Domain=lotan.localhost\r\n\r\n'
const cookie = 'Set-Cookie: a=1; Domain=previews.lotan.localhost\r\n'
const final = answerOf('200 OK', 'final', cookie)
const evil = answerOf('200 OK', 'evil')
const upgraded = (to: string) => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${to}\r\nConnection: upgrade\r\n\r\n`

/** What an application may say, and with what status the visitor is answered: 200 is the application's own. */
const scripts: Record<string, { says: Line[]; status: number; head?: string; method?: string }> = {
  'an interim answer': { says: [{ text: hint + final }], status: 200 },
  'several, and the answer later': {
    says: [{ text: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${hint}` }, { text: final, after: 50 }],
    status: 200,
  },
  'one in two pieces': {
    says: [{ text: hint.slice(0, 40) }, { text: hint.slice(40) + final, after: 50 }],
    status: 200,
  },
  'one with a body': { says: [{ text: answerOf('103 Early Hints', 'evil') + final }], status: 502 },
  'one, and the end': { says: [{ text: hint, close: true }], status: 502 },
  'interim answers without end': { says: [{ text: hint, endless: true }], status: 502 },
  'a status below 100': { says: [{ text: answerOf('099 Silent') + evil }], status: 502 },
  'an upgrade unasked': { says: [{ text: upgraded('websocket') + evil }], status: 502 },
  'an upgrade to something else': {
    says: [{ text: upgraded('h2c') + evil }],
    head: 'Connection: upgrade\r\nUpgrade: h2c\r\n',
    status: 502,
  },
  'an interim answer to HEAD': { says: [{ text: hint + final }], status: 200, method: 'HEAD' },
  'more than its length': { says: [{ text: final + evil }], status: 200 },
  'another answer later': { says: [{ text: final }, { text: evil, after: 50 }], status: 200 },
  'more after the last chunk': {
    says: [{ text: `HTTP/1.1 200 OK\r\n${cookie}Transfer-Encoding: chunked\r\n\r\n5\r\nfinal\r\n0\r\n\r\n${evil}` }],
    status: 200,
  },
  'a body with 204': { says: [{ text: answerOf('204 No Content', evil) }], status: 204 },
  'a body with 304': { says: [{ text: answerOf('304 Not Modified', evil) }], status: 304 },
  'a body to HEAD': { says: [{ text: final + evil }], status: 200, method: 'HEAD' },
}

const accepts = 'Accept: text/html\r\n'

/** What nginx takes for HTTP/0.9. */
const unreadable = {
  'an empty line first': `\r\n${final}${evil}`,
  'no space after the status': final.replace('200 OK', '200OK') + evil,
  'a line in the status line': final.replace('200 OK', '200 O\rSet-Cookie: evil=1') + evil,
  'an older HTTP': final.replace('HTTP/1.1', 'HTTP/0.9') + evil,
}

describe('one request gets one answer', { timeout: 300_000 }, () => {
  let dir: string
  let ca: Buffer
  let port: number
  let registry: Registry
  let lotan: Lotan

  const tags = ['http1', 'http2', 'post', 'raw', 'quiet']

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-one-answer-'))
    const authority = await makeAuthority(dir)
    ca = await fs.readFile(authority.file)
    const { certificate, key } = await authority.issue([DOMAIN, `*.${DOMAIN}`])
    registry = await startImageRegistry()
    await buildScripted(registry.repository, tags)
    port = await freePort()
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        TL_DOMAIN: DOMAIN,
        LOTAN_TLS_CERT: certificate,
        LOTAN_TLS_KEY: key,
        LOTAN_TLS_LISTEN: `127.0.0.1:${port}`,
        LOTAN_PUBLIC_URL: `https://${DOMAIN}:${port}`,
      },
    })
    await Promise.all(tags.map((tag) => known(tag)))
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
    await fs.rm(dir, { recursive: true, force: true })
  })

  const hostOf = (tag: string) => `${tag}.${DOMAIN}:${port}`
  const connect = (alpn: string) =>
    tls.connect({ port, host: '127.0.0.1', servername: `http1.${DOMAIN}`, ca, ALPNProtocols: [alpn] })

  /** What an application knows of itself, on a connection of its own. */
  async function known(tag: string): Promise<Known> {
    const talk = talkOn(connect('http/1.1'))
    try {
      talk.ask(hostOf(tag), '/known')
      const [answer] = await talk.answers(1)
      return JSON.parse(answer!.body) as Known
    } finally {
      talk.end()
    }
  }

  /** Waits until all that was asked for has been said. */
  async function untilSaid(tag: string) {
    await until('all is said', async () => {
      const { asked, said } = await known(tag)
      return asked === said
    })
  }

  /** Asks on a connection, and then for the admin's health on the same one. @returns what the preview's visitor got */
  async function askAndAskAdmin(tag: string, what: string): Promise<Said | undefined> {
    const { says, head = '', method = 'GET' } = scripts[what]!
    const talk = talkOn(connect('http/1.1'))
    try {
      talk.ask(hostOf(tag), pathOf(says), { method, head })
      const [answer] = await talk.answers(1)
      await untilSaid(tag)
      talk.ask(DOMAIN, '/healthz')
      const { 1: admin } = await talk.answers(2)
      // After an interim answer that nginx was not prepared for, it closes the connection.
      if (admin) assert.match(admin.body, /ok/)
      else assert.ok(talk.over())
      assert.equal(talk.read().rest, '')
      assert.doesNotMatch(JSON.stringify(talk.read()), /evil/)
      return answer
    } finally {
      talk.end()
    }
  }

  /** The same over HTTP/2. */
  async function askBoth(tag: string, what: string): Promise<Said> {
    const { says, method = 'GET' } = scripts[what]!
    const session = http2.connect(`https://${hostOf(tag)}`, { createConnection: () => connect('h2') })
    const ask = async (authority: string, at: string, method: string) => {
      const stream = session.request({ ':authority': authority, ':path': at, ':method': method })
      stream.end()
      const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
      const body = await text(stream)
      return { status: Number(head[':status']), head: `set-cookie: ${head['set-cookie']?.join()}`, body }
    }
    try {
      const answer = await ask(hostOf(tag), pathOf(says), method)
      await untilSaid(tag)
      assert.match((await ask(DOMAIN, '/healthz', 'GET')).body, /ok/)
      assert.doesNotMatch(JSON.stringify(answer), /evil/)
      return answer
    } finally {
      session.close()
    }
  }

  for (const [what, { status, head, method = 'GET' }] of Object.entries(scripts))
    test(`${what}, over HTTP/1.1 and HTTP/2`, async () => {
      // HTTP/2 knows no upgrade.
      const both = [await askAndAskAdmin('http1', what), ...(head ? [] : [await askBoth('http2', what)])]
      for (const [i, answer] of both.entries()) {
        assert.equal(answer?.status, status, `HTTP/${i + 1}`)
        if (status !== 200) continue
        assert.match(answer.head, /^set-cookie: a=1; Domain=http[12]\.previews\.lotan\.localhost$/im)
        assert.equal(answer.body, method === 'HEAD' ? '' : 'final')
      }
    })

  for (const [what, bytes] of Object.entries(unreadable))
    test(`${what}: no byte of it reaches anybody`, async () => {
      const talk = talkOn(connect('http/1.1'))
      talk.ask(hostOf('raw'), pathOf([{ text: bytes }]))
      await until('the connection is cut', () => talk.over())
      assert.deepEqual(talk.read(), { answers: [], rest: '' })
      const session = http2.connect(`https://${hostOf('raw')}`, { createConnection: () => connect('h2') })
      const stream = session.request({ ':authority': hostOf('raw'), ':path': pathOf([{ text: bytes }]) })
      let came = ''
      stream.on('response', () => (came += 'a head')).on('data', (piece) => (came += String(piece)))
      stream.on('error', () => {})
      await until('the stream is cut', () => stream.closed)
      assert.equal(came, '')
      session.close()
    })

  test('a POST that an interim answer met is told why, and the next ones get their answers, asked once', async () => {
    const post = async () => {
      const talk = talkOn(connect('http/1.1'))
      talk.ask(hostOf('post'), pathOf([{ text: hint + final }]), { method: 'POST', body: 'x=1', head: accepts })
      const [answer] = await talk.answers(1)
      talk.end()
      return answer!
    }
    const met = await post()
    assert.equal(met.status, 502)
    assert.match(met.body, /sent an interim answer/)
    assert.equal((await known('post')).asked, 1)
    const asked = await until('a POST is answered', async () => {
      const before = await known('post')
      const { status, body } = await post()
      return status === 200 && body === 'final' && (await known('post')).asked - before.asked
    })
    assert.equal(asked, 1)
  })

  test('who leaves a silence after an interim answer leaves no connection to the application behind', async () => {
    const says = pathOf([{ text: hint }])
    const visitors = Array.from({ length: 5 }, () => talkOn(connect('http/1.1')))
    // nginx keeps this route for 2 s. With a route from after the first interim answer, a visitor would be asked once.
    await known('quiet')
    for (const visitor of visitors) visitor.ask(hostOf('quiet'), says)
    await until('all are asked again', async () => (await known('quiet')).asked >= 10)
    for (const visitor of visitors) visitor.end()
    // Its own, of which nginx keeps some.
    await until('they are gone', async () => (await known('quiet')).open <= 2)
  })
})
