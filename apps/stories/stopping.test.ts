import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { isDraining } from '../shared/preview/preview.ts'
import { asBrowser, isWaiting, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { docker } from '../testing/harness/docker.ts'
import type { Answer } from '../testing/clients/http.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

/** A stop leaves the container alone for so long, that no cached answer names its route any more. */
const DRAIN_MS = 10_000
const GRACE_MS = 20_000
/** The timeout of the previews here that are stopped because nobody uses them. */
const TIMEOUT_MS = 6_000

/** When somebody clicks, and whether the container that is being stopped then goes on. */
const moments = [
  { name: 'at once', after: 0, same: true },
  { name: 'in the middle of the drain', after: 5_000, same: true },
  // Either way is right, as long as nobody sees an error.
  { name: 'just before the drain ends', after: DRAIN_MS - 100, same: null },
  { name: 'just after it has ended', after: DRAIN_MS + 100, same: null },
  { name: 'while the application obeys its signal', after: 'signal', same: false },
] as const
const clients = ['program', 'browser'] as const
const rows = moments.flatMap((moment, i) => clients.map((client) => ({ ...moment, client, tag: `${client}-${i}` })))

describe('a stop', { timeout: 300_000, concurrency: rows.length + 4 }, () => {
  let registry: Registry
  let lotan: Lotan
  const called = Promise.withResolvers<void>()

  before(async () => {
    registry = await startImageRegistry()
    await buildApps(registry.repository, ['in-flight', 'endless'])
    await buildApps(registry.repository, ['in-use', 'thinking'], {
      labels: { 'lotan.inactivity-stop-minutes': TIMEOUT_MS / 60_000 },
    })
    await buildApps(
      registry.repository,
      rows.map(({ tag }) => tag),
      { env: { APP_TERM_MS: 3_000 } },
    )
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_GRACE_SECONDS: String(GRACE_MS / 1_000) },
    })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('lets a request in flight have its whole answer', async () => {
    const container = await up('in-flight')
    const answering = lotan.request('in-flight', { method: 'POST', path: '/slow?ms=14000' }).then((answer) => ({
      ...answer,
      at: Date.now(),
    }))
    await until('the request was seen', () => lotan.store.get('in-flight')?.lastSeen)
    const asked = await stop('in-flight')
    const { status, text, at } = await answering
    assert.deepEqual([status, text], [200, 'in-flight'])
    assert.ok(at > asked + DRAIN_MS, 'it was answered before the drain was over, which shows nothing')
    const { finished } = await untilEnded(container)
    assert.ok(finished > at, 'the container was stopped before')
    // And it does not use up the grace that nobody needs any more.
    assert.ok(finished < asked + DRAIN_MS + GRACE_MS, 'the stop waited on')
  })

  test('waits for no stream that never ends', async () => {
    const container = await up('endless')
    const stream = await lotan.open('endless', { path: '/sse?n=1000000&every=200' })
    const cut = once(stream.resume(), 'close').catch(() => {})
    const asked = await stop('endless')
    const { finished } = await untilEnded(container)
    await cut
    const grace = finished - asked - DRAIN_MS
    assert.ok(grace > GRACE_MS - 1_000, `it was given ${grace} ms`)
  })

  test('is not made of a preview in use because the reaper was killed and knows nobody', async () => {
    await up('in-use')
    const socket = new WebSocket(`ws://127.0.0.1:${lotan.port}/?ping=300`, { headers: { Host: lotan.host('in-use') } })
    try {
      await once(socket, 'open')
      // Not while the old one sees another's answer.
      await called.promise
      // Held up for longer than the timeout: by the database, its client was last here before that.
      process.kill(await until('the reaper runs', () => lotan.part('reaper')), 'SIGSTOP')
      // For as long as a stop would have come in.
      await sleep(2 * TIMEOUT_MS)
      await lotan.killPart('reaper')
      await sleep(2 * TIMEOUT_MS)
      assert.deepEqual([lotan.store.get('in-use')?.state, socket.readyState], ['running', WebSocket.OPEN])
    } finally {
      socket.terminate()
    }
    await until('it stops once nobody uses it', () => lotan.store.get('in-use')?.state === 'stopping', {
      within: TIMEOUT_MS + 60_000,
    })
  })

  test('for want of use is called off when an answer comes that was long in coming', async () => {
    const container = await up('thinking')
    try {
      const answer = await lotan.request('thinking', { method: 'POST', path: `/slow?ms=${TIMEOUT_MS + 5_000}` })
      assert.deepEqual([answer.status, answer.text, lotan.store.get('thinking')?.state], [200, 'thinking', 'stopping'])
      await lotan.untilState('thinking', 'running')
    } finally {
      called.resolve()
    }
    assert.equal(await lotan.containerOf('thinking'), container)
    const { finished } = await untilEnded(container)
    const [stop, earlier] = lotan.store.history('thinking').filter(({ event }) => event === 'stop')
    assert.ok(finished > stop!.at && earlier, 'it was not called off')
  })

  for (const { name, client, tag, after, same } of rows)
    test(`shows a ${client} that clicks ${name} no error`, async () => {
      const container = await up(tag)
      const { generations } = lotan.store.get(tag)!
      // From here on nginx knows the way for 2 s.
      const answers: Answer[] = [await lotan.request(tag, { path: '/plain' })]
      const asked = await stop(tag)
      if (after === 'signal') await until('it is being ended', () => isEnding(tag))
      else await sleep(Math.max(0, asked + after - Date.now()))

      await until(
        `${tag} runs on`,
        async () => {
          answers.push(await lotan.request(tag, { path: '/plain', headers: client === 'browser' ? asBrowser : {} }))
          await sleep(200)
          const preview = lotan.store.get(tag)
          return preview?.state === 'running' && preview.readyAt > asked
        },
        { within: 60_000 },
      )
      answers.push(await lotan.click(tag, '/plain'))

      const unfit = answers.filter((answer) => !isServed(tag, answer) && !(client === 'browser' && isOnTheWay(answer)))
      assert.deepEqual(
        unfit.map(({ status, text }) => `${status} ${text}`),
        [],
      )
      assert.ok(isServed(tag, answers.at(-1)!))
      assert.equal(lotan.store.get(tag)!.generations, generations)
      const ended = (await endedAt(container)) > asked
      if (same !== null) assert.equal(ended, !same, 'the container was ended')
    })

  /** Starts a preview that nobody has visited. @returns its container */
  async function up(tag: string): Promise<string> {
    await lotan.api('POST', '/previews', { tag })
    await lotan.untilState(tag, 'running', 60_000)
    return lotan.containerOf(tag)
  }

  /** @returns when the stop was committed */
  async function stop(tag: string): Promise<number> {
    const { status } = await lotan.api('POST', `/previews/${tag}/stop`)
    assert.equal(status, 202)
    return until(`${tag} is being stopped`, () => {
      return lotan.store.history(tag).find(({ state }) => state === 'stopping')?.at
    })
  }

  function isEnding(tag: string): boolean {
    const preview = lotan.store.get(tag)
    assert.equal(preview?.state, 'stopping')
    return !isDraining(preview)
  }

  async function untilEnded(container: string) {
    return until(
      'its container has ended',
      async () => {
        const finished = await endedAt(container)
        return finished > 0 && { finished }
      },
      { within: 60_000, every: 100 },
    )
  }
})

/** When the process of a container last ended, milliseconds since 1970; before that it is the year 1. */
async function endedAt(container: string): Promise<number> {
  const { State } = await docker<{ State: { FinishedAt: string } }>('GET', `/containers/${container}/json`)
  return Date.parse(State.FinishedAt)
}

function isServed(tag: string, { status, text }: Answer): boolean {
  return status === 200 && text === tag
}

/** The waiting page, or what leads back from where it would stand. */
function isOnTheWay(answer: Answer): boolean {
  return isWaiting(answer) || (answer.status === 307 && answer.headers.location === '/plain')
}
