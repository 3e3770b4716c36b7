import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import { linkProblems } from '../../api/conventions/problem.ts'
import { openLog } from '../../../shared/log.ts'
import { openStore, type Store } from '../../../shared/store/store.ts'
import { until } from '../../../testing/harness/until.ts'
import { noteWaiters, type Waiters } from '../../waiters.ts'
import { watchStore } from '../../watch/store-watch.ts'
import { openStartStatusStreams } from './status-stream.ts'

const MOST = 60

let dir: string
let store: Store
let server: http.Server
let waiters: Waiters
let looks = 0
const clients = new Set<IncomingMessage>()

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-told-'))
  store = openStore(path.join(dir, 'lotan.sqlite'), { slots: 5, label: (tag) => tag, log: openLog('test', 'silent') })
  const changes = watchStore(store, { everyMs: 10 })
  waiters = noteWaiters({ store, nudges: { nudge: async () => {} }, changes }, { everyMs: 4_000 })
  const counted = { ...store, lately: () => (looks++, store.lately()) }
  const streams = openStartStatusStreams(
    {
      store: counted,
      changes,
      waiters,
      config: { maxRunning: 10, repositories: [], stackText: null, stackImages: null },
    },
    MOST,
  )
  const app = express()
  linkProblems(app, { domain: 'previews.example.com', publicUrl: { protocol: 'http:', port: null } })
  app.get('/:tag', (req, res) => streams.stream(req.params.tag, res, { isPerson: true }))
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => {
  waiters.close()
  for (const client of clients) client.destroy()
  server.close()
  server.closeAllConnections()
  store.close()
  fs.rmSync(dir, { recursive: true })
})

/** Listens, and keeps what it is told. */
async function listen(tag: string) {
  const request = http.get({ port: (server.address() as AddressInfo).port, path: `/${tag}`, agent: false })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  clients.add(answer)
  let text = ''
  answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  answer.on('error', () => {})
  const told = () =>
    [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!) as { state: string; position: number })
  return { answer, told, leave: () => answer.destroy() }
}

test('who waits for a preview is told what becomes of it, and is bothered by no other', async () => {
  store.apply('first', { type: 'start', by: 'visit' })
  store.apply('red', { type: 'start', by: 'visit' })
  const [one, two] = [await listen('red'), await listen('red')]
  await until('both are told', () => one.told().length === 1 && two.told().length === 1)
  assert.deepEqual([one.told()[0]!.state, one.told()[0]!.position], ['queued', 2])
  store.apply('first', { type: 'absent', isOffered: true })
  store.apply('first', { type: 'pull', places: 5 })
  await until('both have moved up', () => one.told()[1]?.position === 1 && two.told()[1]?.position === 1)
  store.apply('first', { type: 'missing' })
  store.apply('red', { type: 'absent', isOffered: true })
  store.apply('red', { type: 'pull', places: 5 })
  await until('both are told', () => one.told().at(-1)!.state === 'pulling' && two.told().at(-1)!.state === 'pulling')
  one.leave()
  two.leave()
})

test('however many listen, what is told is found out once, and not at every commit', async () => {
  store.apply('busy', { type: 'start', by: 'visit' })
  const many = await Promise.all(Array.from({ length: 50 }, () => listen('red')))
  await until('all are told', () => many.every(({ told }) => told().length === 1))
  looks = 0
  const began = performance.now()
  for (let i = 0; i < 40; i++) {
    store.touch([['busy', Date.now()]])
    await sleep(10)
  }
  const most = (performance.now() - began) / 50 + 2
  assert.ok(looks > 0 && looks <= most, `${looks} looks`)
  assert.ok(many.every(({ told }) => told().length === 1))
  for (const { leave } of many) leave()
  await sleep(100)
  looks = 0
  store.touch([['busy', Date.now()]])
  await sleep(100)
  assert.equal(looks, 0, 'somebody looks for nobody')
})

test('only so many may listen; one more is refused until somebody leaves', async () => {
  const all = await Promise.all(Array.from({ length: MOST }, () => listen('red')))
  const refused = await listen('red')
  assert.deepEqual([refused.answer.statusCode, refused.answer.headers['retry-after']], [503, '3'])
  all.pop()!.leave()
  await until('there is room again', async () => {
    const again = await listen('red')
    if (again.answer.statusCode !== 200) return false
    again.leave()
    return true
  })
  for (const { leave } of all) leave()
})
