/** Requests that wait for a cold preview: whatever they carry arrives, and hundreds of them disturb nobody. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { buildApp, buildApps } from '../testing/images/build.ts'
import { docker } from '../testing/harness/docker.ts'
import { memoryOf } from '../testing/harness/processes.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const HELD = 500

describe('held requests', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    await buildApp(`${registry.repository}:slow`, { env: { APP_DELAY: 100_000 } })
    await buildApps(registry.repository, ['other', 'upload', 'chunked', 'socket'])
    const env = { LOTAN_HOLD_SECONDS: '90', LOTAN_START_TIMEOUT_SECONDS: '90' }
    lotan = await startLotan({ repository: registry.repository, env })
    for (let i = 0; i < 20; i++) await lotan.request('other')
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test(`cost the router little, disturb nobody, and all ${HELD} reach the application when it is up`, async (t) => {
    const router = lotan.part('router')!
    const files = () => fs.readdirSync(`/proc/${router}/fd`).length
    const before = memoryOf(router).own

    let answered = 0
    const answers = Promise.all(
      Array.from({ length: HELD }, async (_, i) => {
        const body = `the body of request ${i}`
        const answer = await lotan.request('slow', {
          method: i % 2 ? 'POST' : 'GET',
          path: `/?${i}`,
          body: i % 2 ? body : '',
        })
        answered++
        return { i, body, answer }
      }),
    )
    // One connection each, and nginx keeps 64 at most that nobody uses.
    await until('the router holds them all', () => files() >= HELD)
    assert.equal(answered, 0)

    const took: number[] = []
    for (let i = 0; i < 100; i++) {
      const { status, head } = await lotan.request('other', { path: '/plain' })
      assert.equal(status, 200)
      took.push(head)
    }
    const visit = await lotan.request('slow', { headers: asBrowser })
    assert.equal(visit.status, 503)
    const grown = memoryOf(router).own - before
    assert.equal(answered, 0, 'the application was up before the others were asked')
    took.sort((a, b) => a - b)
    t.diagnostic(`another preview: median ${took[50]} ms, slowest ${took[99]} ms; the waiting page ${visit.head} ms`)
    assert.ok(grown < 100 * 1024 * 1024, `the router has grown by ${Math.round(grown / 1024 / 1024)} MB`)

    await until('it has begun', async () => /app: starting/.test((await lotan.api('GET', '/previews/slow/logs')).text))
    await docker('POST', `/containers/${await lotan.containerOf('slow')}/kill?signal=SIGUSR2`)
    for (const { i, body, answer } of await answers) {
      assert.equal(answer.status, 200, answer.text)
      const told = JSON.parse(answer.text) as { tag: string; method: string; url: string; body: string }
      assert.deepEqual([told.tag, told.method, told.url], ['slow', i % 2 ? 'POST' : 'GET', `/?${i}`])
      assert.equal(Buffer.from(told.body, 'base64').toString(), i % 2 ? body : '')
    }
    await until('the router has let go of them', () => files() < HELD / 2)
    console.log(
      `${HELD} held: the router grew by ${(grown / 1024 / 1024).toFixed(1)} MB; another preview meanwhile:`,
      `median ${took[50]!.toFixed(1)} ms, slowest ${took[99]!.toFixed(1)} ms; the waiting page ${visit.head.toFixed(1)} ms`,
    )
  })

  for (const [what, tag] of [
    ['with a length', 'upload'],
    ['in chunks', 'chunked'],
  ] as const)
    test(`carry 20 MB ${what}, byte for byte`, async () => {
      const bytes = randomBytes(20 * 1024 * 1024)
      const pieces = function* () {
        for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
      }
      const length = tag === 'upload' ? { 'Content-Length': bytes.length } : {}
      const { status, text } = await lotan.request(tag, {
        method: 'POST',
        path: '/items',
        headers: { 'Content-Type': 'application/octet-stream', ...length },
        body: Readable.from(pieces()),
      })
      assert.equal(status, 200, text)
      const told = JSON.parse(text) as { method: string; bytes: number; sha256: string; rawHeaders: string[] }
      assert.deepEqual([told.method, told.bytes], ['POST', bytes.length])
      assert.equal(told.sha256, createHash('sha256').update(bytes).digest('hex'))
      assert.equal(told.rawHeaders.includes('chunked'), tag === 'chunked')
    })

  test('become a WebSocket that talks', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${lotan.port}/chat`, { headers: { Host: lotan.host('socket') } })
    try {
      const [hello] = (await once(socket, 'message')) as [Buffer]
      assert.equal((JSON.parse(hello.toString()) as { tag: string }).tag, 'socket')
      const sent = randomBytes(100_000)
      socket.send(sent)
      const [back] = (await once(socket, 'message')) as [Buffer]
      assert.ok(back.equals(sent))
    } finally {
      socket.terminate()
    }
  })
})
