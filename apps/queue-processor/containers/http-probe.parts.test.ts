import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeCertificate } from '../../testing/harness/certificate.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { firstAnswer, type ProbeOptions } from './http-probe.ts'

/** Serves on a free port while a test runs. */
async function serving<T>(server: net.Server, use: (port: number) => Promise<T>, port = 0): Promise<T> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => void sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  try {
    return await use((server.address() as net.AddressInfo).port)
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}

function ask(port: number, asked: Partial<ProbeOptions> = {}) {
  return firstAnswer({
    hostPort: { host: '127.0.0.1', port, published: null },
    path: null,
    host: 'red.todowrangler.lotan.localhost:8080',
    protocol: 'http:',
    deadline: performance.now() + 60_000,
    errors: 300,
    steady: 700,
    isHidden: () => Promise.resolve(undefined),
    signal: new AbortController().signal,
    ...asked,
  })
}

const home = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-ready-'))
after(() => fs.rm(home, { recursive: true }))
const files = await makeCertificate(home)
const pair = { cert: await fs.readFile(files.certificate), key: await fs.readFile(files.key) }

const answering = (status: number) => http.createServer((_, res) => void res.writeHead(status).end())
const ready = { ready: true, notice: null }

test('any answer below 500 is ready', async () => {
  for (const status of [200, 204, 302, 401, 404, 426])
    assert.deepEqual(await serving(answering(status), (port) => ask(port)), ready, String(status))
})

test('an application is asked as the public asks it, at its own path', async () => {
  let seen: http.IncomingMessage | undefined
  const server = http.createServer((req, res) => {
    seen = req
    res.end()
  })
  assert.deepEqual(await serving(server, (port) => ask(port, { path: '/healthz', protocol: 'https:' })), ready)
  assert.equal(seen?.method, 'GET')
  assert.equal(seen.url, '/healthz')
  assert.equal(seen.headers.host, 'red.todowrangler.lotan.localhost:8080')
  assert.equal(seen.headers['x-forwarded-proto'], 'https')
  assert.equal(seen.headers['user-agent'], 'Lotan-Ready')
})

test('errors are waited out, and then taken for the answer', async () => {
  const began = performance.now()
  const answer = await serving(answering(500), (port) => ask(port))
  assert.deepEqual(answer, { ready: true, notice: { code: 'answers-error', status: 500, path: '/' } })
  assert.ok(performance.now() - began >= 300)
})

test('an application that recovers from its errors is ready without a notice', async () => {
  let asked = 0
  const server = http.createServer((_, res) => void res.writeHead(++asked < 4 ? 503 : 200).end())
  assert.deepEqual(await serving(server, (port) => ask(port, { errors: 5_000 })), ready)
})

test('at a path of its own, only a good answer will do', async () => {
  const answer = await serving(answering(404), (port) => ask(port, { path: '/healthz' }))
  assert.deepEqual(answer, { ready: true, notice: { code: 'answers-error', status: 404, path: '/healthz' } })
})

test('an application that listens late is found', async () => {
  const port = await freePort()
  const answer = ask(port)
  await sleep(300)
  assert.deepEqual(await serving(answering(200), () => answer, port), ready)
})

test('a slow first answer is waited for, and not asked for twice', async () => {
  let asked = 0
  const server = http.createServer((_, res) => {
    asked++
    setTimeout(() => res.end(), 600)
  })
  assert.deepEqual(await serving(server, (port) => ask(port)), ready)
  assert.equal(asked, 1)
})

test('a port that accepts is no answer', async () => {
  const deadline = performance.now() + 300
  const silent = net.createServer(() => {})
  assert.deepEqual(await serving(silent, (port) => ask(port, { deadline })), {
    ready: false,
    connected: true,
    detail: 'accepted the request and never answered it',
  })
})

test('what is not HTTP is no answer', async () => {
  const deadline = performance.now() + 1_500
  const other = net.createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
  const answer = await serving(other, (port) => ask(port, { deadline }))
  assert.ok(!answer.ready && answer.connected)
  assert.match(answer.detail, /not HTTP/)
})

test('a closed port is told from one that does not answer', async () => {
  assert.deepEqual(await ask(await freePort(), { deadline: performance.now() + 200 }), {
    ready: false,
    connected: false,
    detail: 'nothing listened on the port',
  })
})

test('asking ends at once when the start is no longer wanted', async () => {
  const wish = new AbortController()
  setTimeout(() => wish.abort(new Error('removed')), 100)
  await assert.rejects(
    serving(net.createServer(), (port) => ask(port, { signal: wish.signal })),
    /removed/,
  )
})

test('at a published port, where the engine accepts for the container, only what lasts is a connection', async () => {
  const asked = (port: number) =>
    ask(port, {
      hostPort: { host: '127.0.0.1', port, published: port },
      deadline: performance.now() + 600,
    })
  const hangsUp = net.createServer((socket) => socket.destroy())
  assert.deepEqual(await serving(hangsUp, asked), {
    ready: false,
    connected: false,
    detail: 'nothing listened on the port',
  })
  const later = net.createServer((socket) => void setTimeout(() => socket.destroy(), 300))
  const answer = await serving(later, asked)
  assert.ok(!answer.ready && answer.connected, JSON.stringify(answer))
  assert.deepEqual(await serving(answering(200), asked), ready)
})

/** What is no answer to plain HTTP, and is not waited for to the end. */
const instead: [what: string, make: () => net.Server, speaks: 'tls' | 'http2'][] = [
  ['HTTP/2 alone', () => http2.createServer((_, res) => void res.end()), 'http2'],
  ['TLS', () => https.createServer(pair, (_, res) => void res.end()), 'tls'],
  ['HTTP/2 over TLS alone', () => http2.createSecureServer(pair, (_, res) => void res.end()), 'tls'],
  [
    'TLS with certificates of clients',
    () => https.createServer({ ...pair, requestCert: true, rejectUnauthorized: true }),
    'tls',
  ],
  ['TLS, with an answer to what is not', askingForTls, 'tls'],
]

for (const [what, make, speaks] of instead)
  test(`an application that speaks ${what} is told before its time is up, at an address and behind a port`, async () => {
    for (const published of [null, 1]) {
      const deadline = performance.now() + 60_000
      const place = (port: number) => ({ host: '127.0.0.1', port, published })
      const asked = (port: number) => ask(port, { hostPort: place(port), deadline })
      const answer = await serving(make(), asked)
      assert.ok(!answer.ready && answer.obstacle === speaks, JSON.stringify(answer))
      assert.ok(performance.now() < deadline)
    }
  })

test('an application that speaks TLS for a moment, and then answers, is ready', async () => {
  const port = await freePort()
  const answer = ask(port, { deadline: performance.now() + 60_000, steady: 10_000 })
  await serving(https.createServer(pair), () => sleep(1_000), port)
  assert.deepEqual(await serving(answering(200), () => answer, port), ready)
})

test('a bad request is an answer where there is no TLS', async () => {
  assert.deepEqual(await serving(answering(400), (port) => ask(port)), ready)
})

test('an application that starts to listen at the deadline is not reported as hidden', async () => {
  const answer = await ask(await freePort(), {
    isHidden: () => Promise.resolve(true),
    deadline: performance.now() + 200,
  })
  assert.deepEqual(answer, { ready: false, connected: false, detail: 'nothing listened on the port' })
})

test('a hidden port ends the wait once it has been seen for a while', async () => {
  const began = performance.now()
  let looks = 0
  // The first look is at an application that has not begun to listen yet.
  const hidden = () => Promise.resolve(++looks > 1)
  const answer = await ask(await freePort(), { isHidden: hidden, deadline: began + 60_000 })
  assert.deepEqual(answer, {
    ready: false,
    connected: false,
    detail: 'nothing listened on the port',
    obstacle: 'hidden',
  })
  const took = performance.now() - began
  assert.ok(took >= 700 && took < 60_000, `${took} ms`)
})

/** As nginx and others do: plain HTTP on a port for TLS is answered, with 400. */
function askingForTls(): net.Server {
  const behind = https.createServer(pair)
  return net.createServer((socket) =>
    socket.once('data', (first: Buffer) => {
      if (first[0] !== 0x16)
        return socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      socket.pause()
      socket.unshift(first)
      return void behind.emit('connection', socket)
    }),
  )
}
