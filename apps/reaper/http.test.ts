/** What the reaper asks of the engine for a reader of a log, who may leave at any time. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http, { type IncomingMessage } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import { EngineError } from '../shared/engine/engine.ts'
import { openLog } from '../shared/log.ts'
import type { Pulled } from '../shared/store/store.ts'
import { until } from '../testing/harness/until.ts'
import { openTraffic } from './traffic.ts'
import { serveHttp, type Dependencies } from './http.ts'

test('a log that is followed is read from the engine until its reader leaves', async (t) => {
  const { engine, follow } = await serve(t)
  engine.inspected.resolve()
  const reader = follow()
  await once(reader, 'response')
  assert.equal(engine.reading(), 1)
  reader.destroy()
  await until('it is read no more', () => engine.reading() === 0)
})

test('a log is not read for a reader that left while the engine was asked about the container', async (t) => {
  const { engine, follow, ask, readers } = await serve(t)
  const reader = follow()
  await until('the engine is asked', () => engine.asked() === 1)
  reader.destroy()
  await until('the reader has left', async () => (await readers()) === 0)
  engine.inspected.resolve()
  // By then the answer to the first has come to its end.
  assert.equal(await ask(), '{"running":true,"exitCode":null}')
  assert.equal(engine.asked(), 2)
  assert.equal(engine.reading(), 0)
})

test('of images only Lotan’s own are told, and the engine is asked once for many readers', async (t) => {
  const pulled = [{ repository: '', tag: 'red', id: 'sha256:1', reference: 'r', digest: 'd' }]
  const { engine, ask } = await serve(t, pulled)
  assert.equal(await ask('/images'), '{}', 'an engine that is away is no image')
  const told = '{"images":[{"id":"sha256:1","bytes":5,"shared":3}]}'
  assert.deepEqual(await Promise.all([ask('/images'), ask('/images'), ask('/images')]), [told, told, told])
  assert.equal(engine.listed(), 2)
})

async function serve(t: TestContext, pulled: Pulled[] = []) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-reaper-'))
  const socketPath = path.join(dir, 'reaper.sock')
  const engine = fakeEngine()
  const figures = { known: () => Promise.resolve({}) }
  const store = { list: () => [], pulled: { list: () => pulled } }
  const asks = { ask: () => Promise.resolve() }
  const config = { inForce: { settings: [], variables: [] } }
  const watched = () => ({ open: null, updatesAt: null })
  const log = openLog('test', 'silent')
  const registryHealth = () => ({ '': null })
  const deps = {
    instance: 'here',
    config,
    watched,
    registryHealth,
    traffic: openTraffic(),
    engine,
    figures,
    asks: () => asks,
    store,
    log,
  }
  const server = await serveHttp(socketPath, deps)
  t.after(() => {
    server.closeAllConnections()
    server.close()
    fs.rmSync(dir, { recursive: true })
  })
  const get = (path: string) => http.get({ socketPath, path, agent: false }).on('error', () => {})
  return {
    engine,
    follow: () => get('/containers/red/logs?follow=1'),
    async ask(path = '/containers/red') {
      const [response] = (await once(get(path), 'response')) as [IncomingMessage]
      return text(response)
    },
    readers: () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count))),
  }
}

/** Its container runs, and writes nothing. */
function fakeEngine() {
  const inspected = Promise.withResolvers<void>()
  let asked = 0
  let reading = 0
  let listed = 0
  const calls = {
    async imageSizes() {
      if (++listed === 1) throw new EngineError('engine-down', 'the engine is away')
      return [
        { id: 'sha256:1', bytes: 5, shared: 3 },
        { id: 'sha256:2', bytes: 7, shared: null },
      ]
    },
    async inspect() {
      asked++
      await inspected.promise
      return { labels: { 'lotan.instance': 'here' }, running: true, cutOff: false, exitCode: 0 }
    },
    async logs(_: string, { signal }: { signal: AbortSignal }) {
      signal.throwIfAborted()
      reading++
      signal.addEventListener('abort', () => reading--)
      return new Readable({ read: () => {} })
    },
  }
  const engine = calls as unknown as Dependencies['engine']
  return Object.assign(engine, { inspected, asked: () => asked, reading: () => reading, listed: () => listed })
}
