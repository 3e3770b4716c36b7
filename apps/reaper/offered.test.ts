import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openLog } from '../shared/log.ts'
import { openRegistry } from '../shared/registry.ts'
import { until } from '../testing/until.ts'
import { keepOffered } from './offered.ts'

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
  const began = performance.now()
  const kept = keepOffered(
    {
      registry: openRegistry({ repository, dockerConfig: '/nowhere', awsRegion: null }),
      config: { prepulls: () => false },
      store: {
        offer: (tags) => void offered.push(tags.map(({ tag }) => tag)),
        listWantedAt: () => 0,
        notYetAhead: () => [],
      },
      nudges: { ahead: () => Promise.resolve() },
      log: openLog('test', 'silent'),
    },
    200,
    ending.signal,
  )
  try {
    await until('it was asked five times', () => asked.length >= 5)
    const pauses = asked.slice(1).map((at, i) => at - asked[i]!)
    // Timers may fire a millisecond early.
    assert.ok(asked[0]! - began >= 499, 'the service is ready first')
    assert.ok(pauses[1]! >= 1_999, `429: ${pauses[1]}`)
    assert.ok(pauses[2]! >= 999, `503: ${pauses[2]}`)
    assert.ok(pauses[0]! < 1_000 && pauses[3]! < 1_000, `usual: ${pauses[0]}, ${pauses[3]}`)
    assert.deepEqual(offered[0], ['red'])
  } finally {
    ending.abort()
    await kept
    server.closeAllConnections()
    server.close()
  }
})
