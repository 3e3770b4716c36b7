import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '../shared/preview/event.ts'
import type { In } from '../shared/preview/preview.ts'
import { DAMAGED } from '../shared/store/store.ts'
import { addressOf } from '../shared/slots/slots.ts'
import { kill, removeByHand } from '../testing/harness/docker.ts'
import { until } from '../testing/harness/until.ts'
import { openHarness, type Harness } from './harness.ts'

let harness: Harness
before(async () => {
  harness = await openHarness()
})
after(() => harness.close())

const state = (tag: string) => harness.store.get(tag)?.state ?? 'unknown'

test('a killed container has its preview queued at once, with exit code and last words, and asked for', async () => {
  const { generation } = await harness.runPreview('red')
  const reaper = harness.reaper()
  await reaper.ready()
  // Only the event is this quick: everything is compared every 10 s.
  await kill(generation.container)
  await until('red is queued', () => state('red') === 'queued', { within: 8_000 })
  const { reason, generation: kept } = harness.store.get('red') as In<'queued'>
  assert.equal(reason?.code, 'exited')
  assert.equal(reason.exitCode, 137)
  assert.deepEqual(reason.output, ['red is up'])
  assert.deepEqual(kept, { ...generation, slot: null })
  await until('its start is asked for', async () => (await harness.nudges.waiting()).start === 1)

  const green = await harness.runPreview('green')
  await removeByHand(green.generation.container)
  await until('green is queued', () => state('green') === 'queued', { within: 8_000 })
  assert.equal((await reaper.end()).code, 0)
})

test('what ended while the reaper was away is found when it comes, and a stray is asked to be swept', async () => {
  const { generation } = await harness.runPreview('blue')
  await kill(generation.container)
  await harness.runPreview('purple')
  await harness.runContainer('purple', 9, 15)
  const swept = (await harness.nudges.waiting()).stop
  // A row that was only just made may be behind the engine: it is given 3 s.
  await sleep(3_000)
  const reaper = harness.reaper()
  await until('blue is queued', () => state('blue') === 'queued')
  await until('the stray is asked to be swept', async () => (await harness.nudges.waiting()).stop === swept + 1)
  assert.deepEqual(
    reaper.said('asking the queue-processor to remove stray containers').map(({ tag }) => tag),
    ['purple'],
  )
  assert.equal(state('purple'), 'running')
  assert.deepEqual(harness.store.offered(''), [], 'nothing is asked of the registry before Lotan is ready')
  await harness.sayReady()
  await until('the tags of the registry are known', () => harness.store.offered('').length > 0)
  assert.deepEqual(harness.store.offered(''), [{ tag: 'red', digest: null }])
  await reaper.end()
})

test('the router is told what runs, of this instance alone', async () => {
  const { generation } = await harness.runPreview('told')
  const { container } = generation
  const foreign = await harness.runContainer('told', 1, 16, { owner: 'ffffffff' })
  const reaper = harness.reaper()
  await reaper.ready()

  const json = async (uri: string) => JSON.parse((await harness.ask(uri)).body) as Record<string, unknown>
  assert.deepEqual(await json('/engine'), { version: await harness.engine.version() })
  assert.deepEqual(await json(`/containers/${container}`), { running: true, exitCode: null })
  assert.deepEqual(await harness.ask(`/containers/${container}/logs?tail=all`), { status: 200, body: 'red is up\n' })
  const { body } = await harness.ask(`/containers/${container}/logs?tail=all&timestamps=1`)
  assert.match(String(body), /^\d{4}-\d\d-\d\dT[\d:.]+Z red is up\n$/)
  // Nobody waits for a figure: the first answer may have none yet.
  const containers = await until('it is measured', async () => {
    const { containers } = (await json('/figures')) as { containers: Record<string, { memory: number }> }
    return container in containers && containers
  })
  assert.ok(containers[container]!.memory > 0 && containers[container]!.memory < 64 * 1024 * 1024)
  assert.ok(!(foreign in containers))

  for (const uri of [foreign, `${foreign}/logs`, 'unknown'])
    assert.equal((await harness.ask(`/containers/${uri}`)).status, 404, uri)
  assert.equal((await harness.ask('/engine', 'POST')).status, 405)

  const followed = harness.ask(`/containers/${container}/logs?follow=1`)
  await kill(container)
  assert.deepEqual(await followed, { status: 200, body: 'red is up\n' })
  assert.deepEqual(await json(`/containers/${container}`), { running: false, exitCode: 137 })
  await removeByHand(foreign)
  await reaper.end()
})

test('who is idle is stopped; bytes on an open connection are use, an open connection is none', async (t) => {
  const soon = { 'lotan.inactivity-stop-minutes': '0.1' }
  const busy = await harness.runPreview('busy', soon)
  const silent = await harness.runPreview('silent', soon)
  const connect = async ({ generation }: In<'running'>) => {
    // Its container runs, which is not to say that it listens already.
    const socket = await until('it listens', async () => {
      const tried = net.connect(80, addressOf(harness.subnet, generation.slot))
      t.after(() => tried.destroy())
      return once(tried, 'connect').then(
        () => tried,
        () => undefined,
      )
    })
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nX-Slow: ')
    return socket
  }
  await connect(silent)
  const slow = await connect(busy)
  const timer = setInterval(() => slow.write('x'), 200)
  t.after(() => clearInterval(timer))

  const reaper = harness.reaper()
  await until('silent is stopping', () => state('silent') === 'stopping')
  const stopping = harness.store.get('silent') as In<'stopping'>
  assert.equal(stopping.why, 'idle')
  assert.ok(stopping.since - silent.readyAt >= 6_000, 'not before its time')
  await sleep(1_500)
  assert.equal(state('busy'), 'running')
  await reaper.end()
})

test('nothing is concluded from an engine that does not answer, which is said once', async () => {
  await harness.runPreview('lasting')
  const reaper = harness.reaper({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })
  await reaper.ready()
  assert.equal((await harness.ask('/engine')).status, 503)
  await sleep(2_500)
  assert.equal(state('lasting'), 'running')
  assert.equal(reaper.said('the engine does not answer; start it, or check DOCKER_HOST').length, 1)
  await reaper.end()
})

test('a reaper whose database is taken away ends, and the next one takes over what runs', async () => {
  const was = await harness.runPreview('kept')
  // The same tag of one that is listed, and of one that is listed no more.
  const reference = '127.0.0.1:1/api'
  const named = await harness.runContainer('api/kept', 1, 19, { reference })
  const stray = await harness.runContainer('old/kept', 1, 20, { reference: '127.0.0.1:1/old' })
  const listed = { LOTAN_REPOSITORIES: `api=${reference}` }
  const first = harness.reaper(listed)
  await first.ready()
  await harness.loseDatabase()
  assert.equal(await first.ended, DAMAGED)
  harness.reopen()
  assert.deepEqual(harness.store.list(), [])

  const second = harness.reaper(listed)
  await until('kept has its row again', () => state('kept') === 'running')
  const { generation, image } = harness.store.get('kept') as In<'running'>
  assert.deepEqual(generation, was.generation)
  assert.equal(image?.pulled, true)
  // What does not run, and what is not the newest of its tag, is not taken over.
  assert.equal(state('red'), 'unknown')
  await until('purple has its row again', () => state('purple') === 'running')
  assert.equal((harness.store.get('purple') as In<'running'>).generation.number, 9)
  await until('api/kept has its row again', () => state('api/kept') === 'running')
  assert.equal((harness.store.get('api/kept') as In<'running'>).generation.container, named)
  const swept = () => second.said('asking the queue-processor to remove stray containers')
  await until('old/kept is asked to be swept', () => swept().some(({ repository }) => repository === 'old'))
  assert.equal(state('old/kept'), 'unknown')
  // As the queue-processor does: the database knows nothing of its slot, which may be the next.
  await removeByHand(stray)
  await second.end()
})

test('what was added again since a back-up is taken over, and what is left of what was removed before is swept', async () => {
  const now = Date.now()
  for (const tag of ['again', 'away']) {
    const { generation } = await harness.runPreview(tag)
    await removeByHand(generation.container)
    for (const event of [{ type: 'remove' }, { type: 'ending' }, { type: 'ended' }, { type: 'removed' }] as Event[])
      harness.store.apply(tag, event, now)
    assert.equal(state(tag), 'unknown')
    assert.equal(harness.store.lastGeneration(tag), 1)
  }
  const container = await harness.runContainer('again', 2, 17)
  await harness.runContainer('away', 1, 18)
  const reaper = harness.reaper()
  await until('it is taken over', () => state('again') === 'running')
  assert.equal((harness.store.get('again') as In<'running'>).generation.container, container)
  const swept = () => reaper.said('asking the queue-processor to remove stray containers').map(({ tag }) => tag)
  await until('what is left is asked to be swept', () => swept().includes('away'))
  assert.equal(state('away'), 'unknown')
  assert.ok(!swept().includes('again'))
  await reaper.end()
})

test('previews of another repository are removed when REPOSITORY was changed', async () => {
  const reaper = harness.reaper({ REPOSITORY: '127.0.0.1:1/other' })
  await until('kept is going', () => state('kept') === 'removing')
  assert.equal(state('api/kept'), 'removing', 'it is listed no more')
  await reaper.end()
})
