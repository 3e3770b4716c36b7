import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { openLog } from '../shared/log.ts'
import type { Event } from '../shared/preview/event.ts'
import { fresh, type Preview, type StoppedWhy } from '../shared/preview/preview.ts'
import { openRegistry, RegistryError } from '../shared/registry/registry.ts'
import { until } from '../testing/harness/until.ts'
import { openListAsks } from './list-asks.ts'
import { syncTags } from './sync-tags.ts'

test('a registry that wants to be left alone is, for as long as it says; others are asked again soon', async () => {
  const answers: [status: number, headers?: Record<string, string>][] = [
    [500],
    [429, { 'Retry-After': '2' }],
    [503, { 'Retry-After': '1' }],
    [200],
  ]
  const asked: number[] = []
  const server = http.createServer((_, res) => {
    const [status, headers] = answers[Math.min(asked.length, answers.length - 1)]!
    asked.push(performance.now())
    res.writeHead(status, headers).end('{"tags":["red"]}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const repository = `127.0.0.1:${(server.address() as AddressInfo).port}/app`
  const ending = new AbortController()
  const offered: string[][] = []
  const isReady = Promise.withResolvers<void>()
  const kept = syncTags(
    {
      repository: '',
      registry: openRegistry({ repository, dockerConfig: '/nowhere', awsRegion: null }),
      config: { prepulls: () => false },
      store: {
        offer: (_, tags) => void offered.push(tags.map(({ tag }) => tag)),
        listWantedAt: () => 0,
        notYetAhead: () => [],
        list: () => [],
        apply: () => undefined,
      },
      nudges: { prepull: () => Promise.resolve() },
      asks: openListAsks(),
      ready: () => isReady.promise,
      log: openLog('test', 'silent'),
    },
    200,
    ending.signal,
  )
  try {
    await sleep(300)
    assert.equal(asked.length, 0, 'the service is ready first')
    isReady.resolve()
    await until('it was asked five times', () => asked.length >= 5)
    const pauses = asked.slice(1).map((at, i) => at - asked[i]!)
    // Timers may fire a millisecond early.
    assert.ok(pauses[1]! >= 1_999, `429: ${pauses[1]}`)
    assert.ok(pauses[2]! >= 999, `503: ${pauses[2]}`)
    assert.ok(pauses[0]! < pauses[1]! && pauses[3]! < pauses[1]!, `usual: ${pauses[0]}, ${pauses[3]}`)
    assert.deepEqual(offered[0], ['red'])
  } finally {
    ending.abort()
    await kept
    server.closeAllConnections()
    server.close()
  }
})

test('the newest tag is prepulled first, none twice before all have been once, and what the list no longer has ages', async () => {
  // As the store tells them: the newest first.
  let left = Array.from({ length: 250 }, (_, i) => `pr-${250 - i}`)
  const turns: string[][] = []
  const events: [string, Event][] = []
  const gone = (tag: string, why: StoppedWhy): Preview => ({
    ...fresh,
    repository: '',
    tag,
    since: 0,
    state: 'stopped',
    generation: null,
    why,
  })
  const ending = new AbortController()
  const kept = syncTags(
    {
      repository: '',
      registry: { tags: () => Promise.resolve(['pr-1']) },
      config: { prepulls: (tag) => tag.startsWith('pr-') },
      store: {
        offer: () => void turns.push([]),
        listWantedAt: () => 0,
        notYetAhead: () => left,
        list: () => [gone('pr-1', 'ahead'), gone('pr-2', 'ahead'), gone('pr-3', 'idle')],
        apply: (tag, event) => void events.push([tag, event]),
      },
      nudges: { prepull: (tag) => Promise.resolve(void turns.at(-1)!.push(tag)) },
      asks: openListAsks(),
      ready: () => Promise.resolve(),
      log: openLog('test', 'silent'),
    },
    50,
    ending.signal,
  )
  try {
    await until('there was a turn', () => turns[0]?.length === 100)
    left = ['pr-9999', ...left]
    await until('there were five', () => turns.length > 5)
  } finally {
    ending.abort()
    await kept
  }
  const ends = (turn: string[]) => [turn.length, turn[0], turn.at(-1)]
  assert.deepEqual(ends(turns[0]!), [100, 'pr-151', 'pr-250'], 'the tag requested last is pulled first')
  assert.deepEqual(
    turns
      .slice(1)
      .find((turn) => turn.includes('pr-9999'))
      ?.at(-1),
    'pr-9999',
  )
  const once = turns.slice(0, 3).flat()
  assert.deepEqual([once.length, new Set(once).size], [251, 251])
  assert.deepEqual(ends(turns[3]!), [100, 'pr-152', 'pr-9999'])
  assert.deepEqual(events[0], ['pr-2', { type: 'unlisted' }])
  assert.deepEqual(new Set(events.map(([tag]) => tag)), new Set(['pr-2']))
})

/** A registry that answers once at once, then when the test lets it, and who asks for its list. */
function asking(t: TestContext, leastPause: number, error?: RegistryError) {
  const reads: (PromiseWithResolvers<string[]> & { at: number })[] = []
  const answer = () => (error ? reads.at(-1)!.reject(error) : reads.at(-1)!.resolve(['red']))
  const asks = openListAsks()
  const ending = new AbortController()
  const kept = syncTags(
    {
      repository: '',
      registry: {
        tags: () => {
          reads.push({ ...Promise.withResolvers<string[]>(), at: performance.now() })
          if (reads.length === 1) answer()
          return reads.at(-1)!.promise
        },
      },
      config: { prepulls: () => false },
      store: {
        offer: () => undefined,
        listWantedAt: () => 0,
        notYetAhead: () => [],
        list: () => [],
        apply: () => undefined,
      },
      nudges: { prepull: () => Promise.resolve() },
      asks,
      ready: () => Promise.resolve(),
      log: openLog('test', 'silent'),
    },
    600_000,
    ending.signal,
    leastPause,
  )
  t.after(async () => {
    ending.abort()
    reads.at(-1)?.resolve([])
    await kept
  })
  const isRead = (times: number) => until(`it is read ${times} times`, () => reads.length === times)
  return { asks, reads, isRead, answer }
}

test('who asks has the list read again at once, waits until it is, and all who ask meanwhile share that', async (t) => {
  const { asks, isRead, answer } = asking(t, 0)
  await isRead(1)
  let done = 0
  // Where the first read took long, it is left alone for longer.
  await until('it is read again', async () => {
    void asks.ask(0).then(() => done++)
    return isRead(2).then(() => true)
  })
  const before = done
  for (let i = 0; i < 20; i++) void asks.ask(0).then(() => done++)
  await sleep(20)
  assert.equal(done, before)
  answer()
  await until('all have it', () => done >= before + 20)
  await asks.ask(600_000)
  await isRead(2)
})

test('who asks for a list that was read a moment ago has that, and it is read again after a pause', async (t) => {
  const { asks, isRead, reads } = asking(t, 1_500)
  await isRead(1)
  await until('nobody waits', () => asks.ask(0).then(() => true))
  assert.equal(reads.length, 1)
  await isRead(2)
  // Timers may fire a millisecond early.
  assert.ok(reads[1]!.at - reads[0]!.at >= 1_490, `${reads[1]!.at - reads[0]!.at}`)
})

test('a registry that wants to be left alone is, whoever asks', async (t) => {
  const { asks, isRead } = asking(t, 0, new RegistryError('rate-limited', 'later', { retryAfter: 600_000 }))
  await isRead(1)
  for (let i = 0; i < 5; i++) await asks.ask(0)
  await sleep(100)
  await isRead(1)
})
