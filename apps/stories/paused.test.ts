/** Sleep that wakes fast: what visitors, programs and robots meet at a paused preview. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const PAUSE_MS = 6_000
const tags = ['visited', 'posted', 'socket', 'crowd', 'robot', 'orphan', 'connected']

describe('a paused preview', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    await buildApps(registry.repository, tags)
    lotan = await startLotan({
      repository: registry.repository,
      env: { INACTIVITY_PAUSE_TIMEOUT_MINUTES: String(PAUSE_MS / 60_000) },
    })
    await Promise.all(tags.map((tag) => lotan.request(tag)))
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  const events = (tag: string) => lotan.store.history(tag).map(({ event }) => event)
  const isFrozen = (tag: string) => {
    const preview = lotan.store.get(tag)
    return preview?.state === 'paused' && preview.phase === 'frozen'
  }
  const untilFrozen = (tag: string) => until(`${tag} is frozen`, () => isFrozen(tag), { within: 60_000 })

  /** Nobody noticed that it slept: no page, no start, the same container in the same place. */
  function assertWoken(tag: string) {
    const [last] = lotan.store.history(tag)
    assert.equal(last?.event, 'woken')
    assert.equal(events(tag).filter((event) => event === 'answered').length, 1)
  }

  // A connection that is open, and says nothing, from before the others sleep.
  let silent: WebSocket
  before(async () => {
    silent = new WebSocket(`ws://127.0.0.1:${lotan.port}/`, { headers: { Host: lotan.host('connected') } })
    await once(silent, 'message')
  })
  after(() => silent.terminate())

  test('opens for a browser without a page', async () => {
    await untilFrozen('visited')
    const { status, text, headers } = await lotan.request('visited', { path: '/plain', headers: asBrowser })
    assert.deepEqual([status, text], [200, 'visited'])
    assert.equal(headers['server-timing'], undefined, 'it was no cold start')
    assertWoken('visited')
  })

  test('gets a program’s request with its body', async () => {
    await untilFrozen('posted')
    const body = randomBytes(3_000_000)
    const { status, text } = await lotan.request('posted', { method: 'POST', body })
    assert.equal(status, 200)
    assert.equal((JSON.parse(text) as { bytes: number }).bytes, body.length)
    assertWoken('posted')
  })

  test('completes a WebSocket', async () => {
    await untilFrozen('socket')
    const socket = new WebSocket(`ws://127.0.0.1:${lotan.port}/`, { headers: { Host: lotan.host('socket') } })
    const [hello] = (await once(socket, 'message')) as [Buffer]
    assert.equal((JSON.parse(hello.toString()) as { tag: string }).tag, 'socket')
    socket.terminate()
    assertWoken('socket')
  })

  test('is woken once by fifty who come at the same moment', async () => {
    await untilFrozen('crowd')
    const answers = await Promise.all(Array.from({ length: 50 }, () => lotan.request('crowd', { path: '/plain' })))
    for (const { status, text } of answers) assert.deepEqual([status, text], [200, 'crowd'])
    assertWoken('crowd')
    assert.equal(events('crowd').filter((event) => event === 'woken').length, 1)
  })

  test('sleeps on when a robot asks', async () => {
    await untilFrozen('robot')
    const { status, headers } = await lotan.request('robot', { headers: { 'User-Agent': 'UptimeRobot/2.0' } })
    assert.deepEqual([status, headers['cache-control']], [503, 'no-store'])
    await sleep(200)
    assert.ok(isFrozen('robot'))
  })

  test('wakes though everything but nginx was killed while it slept', async () => {
    await untilFrozen('orphan')
    for (const part of ['queue-processor', 'reaper', 'router', 'redis'] as const) await lotan.killPart(part)
    await until('it opens', async () => {
      const { status, text } = await lotan.request('orphan', { path: '/plain' })
      return status === 200 && text === 'orphan'
    })
  })

  test('it does not become while somebody is connected, silent or not', async () => {
    assert.ok(!events('connected').includes('pause'), events('connected').join())
    silent.terminate()
    await untilFrozen('connected')
  })
})
