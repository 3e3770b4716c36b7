import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import fc from 'fast-check'
import { mangled } from '../testing/arbitraries/json.ts'
import { Redis } from 'ioredis'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'
import { openLog } from './log.ts'
import { next } from './preview/state-machine/transitions.ts'
import type { Event } from './preview/event.ts'
import type { Image, Preview } from './preview/preview.ts'
import { LOCK_MS, lanes, laneOf, openQueue, openWorkers, type Lane, type Nudge } from './queue.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-queue-'))
const socket = path.join(dir, 'redis.sock')
const log = openLog('test', 'silent')
const widths = { lookup: 2, prepull: 2, update: 2, batch: 2, pull: 2, start: 2, wake: 2, stop: 2 }
let redis: ChildProcess | undefined

async function startRedis() {
  const args = ['--port', '0', '--unixsocket', socket, '--dir', dir, '--appendonly', 'yes', '--save', '']
  redis = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...args], { env: surroundings, stdio: 'ignore' })
  await until('Redis listens', () => fs.existsSync(socket))
}

async function stopRedis() {
  if (!redis) return
  const ended = once(redis, 'exit')
  redis.kill('SIGKILL')
  await ended
  fs.rmSync(socket, { force: true })
  redis = undefined
}

before(startRedis)
after(async () => {
  await stopRedis()
  fs.rmSync(dir, { recursive: true })
})

const toClose: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const open of toClose.splice(0)) await open.close()
})

let instances = 0

/** A queue of its own on the one Redis. */
function ownQueue() {
  const config = { redis: { socket }, instance: `test${++instances}` }
  const nudges = openQueue(config, log)
  toClose.push(nudges)
  return { config, nudges }
}

/** Works, and says what it was given. */
function work(config: ReturnType<typeof ownQueue>['config'], during: (nudge: Nudge) => unknown = () => {}) {
  const seen: [Lane, Nudge][] = []
  const workers = openWorkers(
    config,
    widths,
    async (lane, nudge) => {
      seen.push([lane, nudge])
      await during(nudge)
    },
    log,
  )
  toClose.unshift(workers)
  return seen
}

const image: Image = { id: 'sha256:one', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [] }

function previewOf(tag: string, ...events: Event[]): Preview {
  const all: Event[] = [{ type: 'start', by: 'visit' }, ...events]
  return all.reduce<Preview | undefined>(
    (preview, event) => next(preview, tag, event, Date.now()) ?? preview,
    undefined,
  )!
}
const begin: Event = { type: 'begin', places: 1, port: 80, slot: 1 }
const absent: Event = { type: 'absent', isOffered: true }
const pulling: Event = { type: 'pull', places: 1 }
const found: Event = { type: 'found', image }
const failed: Event = { type: 'fail', reason: { code: 'stalled', detail: '' } }

test('each state asks for its lane', () => {
  const table: [Lane | undefined, ...Event[]][] = [
    ['start'],
    ['start', found],
    ['lookup', { type: 'absent', isOffered: false }],
    ['pull', { type: 'absent', isOffered: false }, { type: 'exists' }],
    ['pull', absent],
    ['pull', absent, pulling],
    ['start', absent, pulling, { type: 'pulled', image }],
    ['start', found, { type: 'refresh' }],
    ['pull', found, { type: 'refresh' }, { type: 'exists' }],
    ['start', found, { type: 'refresh' }, { type: 'current', number: undefined }],
    ['start', found, begin],
    ['stop', { type: 'stop', why: 'asked' }],
    ['stop', { type: 'stop', why: 'asked' }, { type: 'ended' }],
    ['stop', { type: 'remove' }],
    ['stop', failed],
    [undefined, found, begin, { type: 'created', generation: 1, container: 'c' }, { type: 'answered', generation: 1, notices: [] }], // prettier-ignore
  ]
  for (const [lane, ...events] of table) assert.equal(laneOf(previewOf('red', ...events)), lane, JSON.stringify(events))
})

test('a nudge reaches the worker of its lane, with id, change and generation', async () => {
  const { config, nudges } = ownQueue()
  const seen = work(config)
  const pull = previewOf('red', absent, pulling)
  const start = previewOf('1.9.5', found, begin)
  const stop = previewOf('Blue_', { type: 'stop', why: 'asked' })
  for (const preview of [pull, start, stop]) await nudges.nudge(preview)
  await until('all have come', () => seen.length === 3)
  const given = Object.fromEntries(seen)
  assert.deepEqual(given, {
    pull: { id: 'red', change: pull.change, generation: null },
    start: { id: '1.9.5', change: start.change, generation: 1 },
    stop: { id: 'Blue_', change: stop.change, generation: null },
  })
})

test('one wish is one job however often it is asked for, and can be asked for again once it is done', async () => {
  const { config, nudges } = ownQueue()
  const preview = previewOf('red')
  await Promise.all(Array.from({ length: 20 }, () => nudges.nudge(preview)))
  assert.equal((await nudges.waiting()).start, 1)
  const seen = work(config)
  await until('it has come', () => seen.length === 1)
  await until('it comes again', async () => {
    await nudges.nudge(preview)
    return seen.length >= 2
  })
  await nudges.nudge({ ...preview, change: preview.change + 1 })
  await until('another wish is another job', () => seen.some(([, { change }]) => change === preview.change + 1))
})

test('each phase of one change is a job of its own, in its own lane', async () => {
  const { config, nudges } = ownQueue()
  const seen = work(config)
  const unlisted: Event = { type: 'absent', isOffered: false }
  const phases = [previewOf('red'), previewOf('red', unlisted), previewOf('red', unlisted, { type: 'exists' })]
  const { change } = phases[0]!
  for (const preview of phases) await nudges.nudge({ ...preview, change })
  await until('all lanes have it', () => seen.length === 3)
  assert.deepEqual(seen.map(([lane]) => lane).sort(), ['lookup', 'pull', 'start'])
})

test('a start does not wait behind pulls, nor a stop behind either', async () => {
  const { config, nudges } = ownQueue()
  const held = Promise.withResolvers<void>()
  const seen = work(config, ({ id }) => (id.startsWith('slow') ? held.promise : undefined))
  for (let i = 0; i < 6; i++) await nudges.nudge(previewOf(`slow-${i}`, absent, pulling))
  for (let i = 0; i < 2; i++) await nudges.nudge(previewOf(`slow-start-${i}`))
  await nudges.nudge(previewOf('red', { type: 'stop', why: 'asked' }))
  const begun = (lane: Lane) => seen.filter(([one]) => one === lane).length
  await until('the stop has come', () => seen.some(([, { id }]) => id === 'red'))
  await until('both lanes are full', () => begun('pull') === widths.pull && begun('start') === widths.start)
  held.resolve()
})

test('a wish that has to wait comes when its time has come', async () => {
  const { config, nudges } = ownQueue()
  let came = 0
  work(config, () => (came = Date.now()))
  const notBefore = Date.now() + 300
  await nudges.nudge({ ...(previewOf('red') as Preview & { state: 'queued' }), notBefore })
  await until('it has come', () => came > 0)
  assert.ok(came >= notBefore - 10, `${notBefore - came} ms too early`)
})

test('a job that fails is gone: it is not run again, and its wish can be asked for again', async () => {
  const { config, nudges } = ownQueue()
  const seen = work(config, () => {
    throw new Error('broken')
  })
  const preview = previewOf('red')
  await until('it comes again', async () => {
    await nudges.nudge(preview)
    return seen.length >= 2
  })
  await until('nothing waits', async () => (await nudges.waiting()).start === 0)
})

test('containers without a row are swept through the stop lane', async () => {
  const { config, nudges } = ownQueue()
  const seen = work(config)
  await nudges.sweep('red')
  await until('it has come', () => seen.length === 1)
  assert.deepEqual(seen, [['stop', { id: 'red', change: 0, generation: null, sweep: true }]])
})

test('two Lotans on one Redis do not hear each other', async () => {
  const one = ownQueue()
  const other = ownQueue()
  const seen = work(other.config)
  await one.nudges.nudge(previewOf('red'))
  await other.nudges.nudge(previewOf('blue'))
  await until('its own has come', () => seen.length === 1)
  assert.equal(seen[0]?.[1].id, 'blue')
  assert.equal((await one.nudges.waiting()).start, 1)
})

test('everything that waits can be forgotten, and asked for again', async () => {
  const { config, nudges } = ownQueue()
  const preview = previewOf('red')
  const frozen = {
    generation: { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 },
    readyAt: 0,
  }
  const waking: Preview = { ...preview, ...frozen, tag: 'ice', state: 'paused', phase: 'waking' }
  assert.equal(laneOf({ ...waking, phase: 'frozen' }), undefined)
  assert.equal(laneOf({ ...waking, phase: 'draining' }), 'stop')
  for (const one of [preview, previewOf('blue', absent, pulling), previewOf('green', { type: 'remove' }), waking])
    await nudges.nudge(one)
  // No person waits for this one.
  await nudges.nudge({ ...previewOf('grey', absent, pulling), waiter: null })
  await nudges.nudge({ ...(previewOf('late') as Preview & { state: 'queued' }), notBefore: Date.now() + 60_000 })
  assert.deepEqual(await nudges.waiting(), {
    lookup: 0,
    prepull: 0,
    update: 0,
    batch: 1,
    pull: 1,
    start: 1,
    wake: 1,
    stop: 1,
  })
  await nudges.clear()
  assert.deepEqual(await nudges.waiting(), {
    lookup: 0,
    prepull: 0,
    update: 0,
    batch: 0,
    pull: 0,
    start: 0,
    wake: 0,
    stop: 0,
  })
  const seen = work(config)
  await nudges.nudge(preview)
  await until('it has come', () => seen.length === 1)
  await sleep(50)
  assert.deepEqual(seen.map(([, { id }]) => id), ['red']) // prettier-ignore
})

/** A preview that a newer image was noticed of. */
const noticed = (tag: string): Preview => {
  const update = { number: 1, digest: 'sha256:d2', asked: false, failure: null }
  return { ...previewOf(tag), update, refreshes: 1 }
}

test('Redis does not grow with the jobs that were done, also after all was forgotten', async () => {
  const { config, nudges } = ownQueue()
  const seen = work(config)
  const jobs = 400
  const connection = new Redis(socket)
  toClose.push({ close: async () => connection.disconnect() })
  for (const forgets of [false, true]) {
    if (forgets) await nudges.clear()
    const before = seen.length
    for (let i = 0; i < jobs; i++) await nudges.sweep(`red-${i}`)
    await until('all are done', () => seen.length === before + jobs)
    const events = await connection.xlen(`lotan-${config.instance}:stop:events`)
    assert.ok(events > 0 && events < jobs, `${events} events of ${jobs} jobs are kept`)
  }
})

test('a newer image is looked up in the lookup lane, and pulled in the update lane', async () => {
  const { config, nudges } = ownQueue()
  const asked = { ...noticed('red'), update: { ...noticed('red').update!, digest: null } }
  await nudges.refresh(asked)
  await nudges.refresh(asked)
  await nudges.refresh(noticed('blue'))
  assert.deepEqual(await nudges.waiting(), {
    lookup: 1,
    prepull: 0,
    update: 1,
    batch: 0,
    pull: 0,
    start: 0,
    wake: 0,
    stop: 0,
  })
  const seen = work(config)
  await until('both have come', () => seen.length === 2)
  assert.ok(seen.every(([, { refresh }]) => refresh))
})

test('what has made way for another wish may be asked for again while its job ends', async () => {
  const { config, nudges } = ownQueue()
  const preview = noticed('red')
  const wishes: Preview[] = [
    { ...preview, change: preview.change + 1 },
    { ...preview, refreshes: 2 },
  ]
  const seen = work(config, () => {
    const next = wishes.shift()
    return next && nudges.refresh(next)
  })
  await nudges.refresh(preview)
  await until('all have come', () => seen.length === 3)
})

test('updates and prepulls have lanes of their own; the last prepull comes first', async () => {
  const { config, nudges } = ownQueue()
  const [red, blue] = ['red', 'blue'].map(noticed)
  for (const preview of [red!, blue!, red!]) await nudges.refresh(preview)
  for (const tag of ['one', 'two', 'three']) await nudges.prepull(tag)
  assert.deepEqual(await nudges.waiting(), {
    lookup: 0,
    prepull: 3,
    update: 2,
    batch: 0,
    pull: 0,
    start: 0,
    wake: 0,
    stop: 0,
  })
  const seen = work(config)
  await until('all have come', () => seen.length === 5)
  const of = (lane: Lane) => seen.filter(([of]) => of === lane).map(([, { id }]) => id)
  assert.deepEqual([of('update').sort(), of('prepull').at(-1)], [['blue', 'red'], 'one'])
})

test('the number of listening workers can be asked for', async () => {
  const { config, nudges } = ownQueue()
  assert.equal(await nudges.workers(), 0)
  work(config)
  await until('they are seen', async () => (await nudges.workers()) === 1)
})

test('a nudge goes on without Redis, and works again once Redis is back', { timeout: 120_000 }, async () => {
  const { config, nudges } = ownQueue()
  const seen = work(config)
  await until('Redis answers', () => nudges.ping().then(() => true))
  await nudges.nudge(previewOf('before'))
  await until('it has come', () => seen.length === 1)

  await stopRedis()
  const early = openQueue(config, log)
  toClose.push(early)
  for (const asked of [nudges, nudges, early]) {
    await asked.nudge(previewOf('lost'))
    await asked.sweep('lost')
  }
  await assert.rejects(nudges.ping())

  await startRedis()
  await until('Redis answers again', () => nudges.ping().then(() => true))
  await until('the old asker and the old worker meet again', async () => {
    await nudges.nudge(previewOf('after'))
    return seen.some(([, { id }]) => id === 'after')
  })
  await until('who came while it was away asks too', async () => {
    await early.nudge(previewOf('early'))
    return seen.some(([, { id }]) => id === 'early')
  })
})

test('a job that was given out and reached no worker is done after all, and its wish can be asked for again', async () => {
  const { config, nudges } = ownQueue()
  await nudges.sweep('red')
  // As Redis gives it out while it ends: the answer never comes.
  const lost = new Worker('stop', null, {
    connection: { path: socket },
    prefix: `lotan-${config.instance}`,
    lockDuration: LOCK_MS,
    skipStalledCheck: true,
  })
  assert.ok(await lost.getNextJob('lost'))
  await lost.close(true)
  const seen = work(config)
  await nudges.sweep('red')
  await until('it is done', () => seen.length === 1, { within: 3.5 * LOCK_MS })
  await until('it comes again', async () => {
    await nudges.sweep('red')
    return seen.length >= 2
  })
})

test('Redis emptied under way loses nothing but time', async () => {
  const { config, nudges } = ownQueue()
  const seen = work(config)
  await nudges.nudge(previewOf('one'))
  await until('it has come', () => seen.length === 1)
  const flush = spawn('redis-cli', ['-s', socket, 'flushall'], { stdio: 'ignore' })
  await once(flush, 'exit')
  await until('the next one comes', async () => {
    await nudges.nudge(previewOf('two'))
    return seen.some(([, { id }]) => id === 'two')
  })
})

test('there is a lane for all that a preview asks for', () => {
  assert.deepEqual([...lanes], Object.keys(widths))
})

test('a job that means nothing ends, tells the worker nothing, and holds up no other', async () => {
  const { config, nudges } = ownQueue()
  const seen = work(config)
  const stop = new Queue('stop', { connection: { path: socket }, prefix: `lotan-${config.instance}` })
  toClose.push(stop)
  const template = { id: 'red', change: 1, generation: null, sweep: true }
  await fc.assert(
    fc.asyncProperty(fc.array(mangled(template), { minLength: 1, maxLength: 10 }), async (all) => {
      seen.splice(0)
      const jobs = all.map((data) => ({ name: 'look', data, opts: { removeOnComplete: true, removeOnFail: true } }))
      await stop.addBulk(jobs)
      await nudges.sweep('last')
      await until('the last one is done', () => seen.some(([, { id }]) => id === 'last'))
      for (const [, { id }] of seen) assert.equal(typeof id, 'string')
    }),
    { numRuns: 15, examples: [[[null, 5, [], {}, { id: null }, { id: 7 }, template]]] },
  )
})
