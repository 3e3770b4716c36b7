/** Newer images: what the next start uses, and what a failed update shows. The whole story: apps/stories/newest.test.ts. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { generationOf } from '../../shared/preview/preview.ts'
import { docker, removeByHand } from '../../testing/harness/docker.ts'
import { openGate, type Gate } from '../../testing/registries/throttle.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { engine } from '../../testing/images/kept-bases.ts'
import { assertForwards, noteProgress } from '../../testing/registries/progress.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { uploadList } from '../../testing/images/upload.ts'
import { openHarness, type Harness } from '../harness.ts'
import { openDisk } from './disk-space.ts'
import { removeOldImages } from './old-images.ts'

const MB = 1_000_000

describe('a newer image', { timeout: 300_000 }, () => {
  let registry: Registry
  let gate: Gate
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    for (const tag of ['a', 'b', 'arm', 'held']) await push(tag, `${tag} v1`)
    harness = await openHarness(`127.0.0.1:${gate.port}/todowrangler`, { LOTAN_PREPULL: '^ahead' })
    harness.startWorker()
  })
  afterEach(() => gate.widen())
  after(async () => {
    gate?.widen()
    await harness?.close()
    await gate?.close()
    await registry?.close()
  })

  async function push(tag: string, page: string, ballast: number | number[] = 0) {
    const reference = `localhost:${registry.port}/todowrangler:${tag}`
    await publishSmall(reference, page, { ballast })
  }

  const of = (tag: string) => harness.store.get(tag)!

  async function stop(tag: string) {
    await harness.ask(tag, { type: 'stop', why: 'asked' })
    return harness.untilState(tag, 'stopped')
  }

  /** Stopped, with the image that was pushed last. */
  async function asleep(tag: string) {
    await harness.click(tag)
    await harness.untilState(tag, 'running')
    return stop(tag)
  }

  /** As the API asks. */
  async function refresh(tag: string) {
    harness.store.apply(tag, { type: 'refresh' })
    await harness.nudges.refresh(of(tag))
  }

  /** As the reaper asks: a busy preview drops a look nobody asked for, and the next one finds it free. */
  const untilNoticed = (fact: string, tag: string, check: () => unknown) =>
    until(fact, async () => (await harness.nudges.refresh(of(tag)), Boolean(check())), { every: 200 })

  test('that was asked for is what a click in the middle of its pull starts, and its pull is shown', async (t) => {
    const { image, generation } = await asleep('a')
    await push('a', 'a v2', [600, 600, 600, 600, 600])
    gate.narrow(300_000)
    await refresh('a')
    await until('its pull stands still', () => gate.isShut())
    const told = noteProgress(harness.store, 'a')
    t.after(told.stop)
    await harness.click('a')
    await until('it is pulled for the click', () => (gate.trickle(100_000), harness.state('a') === 'pulling'), {
      every: 50,
    })
    await until('the new pull is under way', () => (gate.trickle(300_000), told.seen.length > 1), { every: 150 })
    gate.widen()
    const up = await harness.untilState('a', 'running')
    assertForwards(told.seen)
    const totals = new Set(told.seen.map(({ total }) => total))
    assert.equal(totals.size, 1, `the whole is known before: ${[...totals].join(', ')}`)
    assert.notEqual(up.image!.id, image!.id)
    assert.deepEqual([up.generation.image, up.generation.number], [up.image!.id, generation!.number + 1])
    assert.equal(up.update, null)
    assert.deepEqual(up.notices, [])
  })

  test('that was asked for and is none costs a start one question, and its container is the one that was kept', async () => {
    const { generation } = await stop('a')
    harness.store.apply('a', { type: 'refresh' })
    await harness.click('a')
    const up = await harness.untilState('a', 'running')
    assert.equal(up.generation.container, generation!.container)
    assert.deepEqual([up.update, up.stages.pulling], [null, undefined])
    assert.deepEqual(
      harness.store
        .history('a', 6)
        .map(({ event }) => event)
        .reverse(),
      ['refresh', 'start', 'current', 'begin', 'started', 'answered'],
    )
  })

  test('is not looked up by a start without a wanted update', async () => {
    await stop('a')
    const was = of('a').image
    await push('a', 'a v3')
    await harness.click('a')
    const up = await harness.untilState('a', 'running')
    assert.deepEqual(up.image, was)
  })

  test('cannot be asked for while the registry is away: what is here starts, with a notice, and a start asks again when that has rested', async () => {
    await stop('a')
    harness.store.apply('a', { type: 'refresh' })
    await registry.stop()
    try {
      await harness.click('a')
      const up = await harness.untilState('a', 'running')
      assert.ok(up.update?.failure)
      assert.equal(up.update.digest, null)
    } finally {
      await registry.start()
    }
    const { image, update } = await stop('a')
    // A while later.
    harness.store.apply('a', { type: 'start', by: 'visit' }, update!.failure!.at + update!.failure!.rest)
    await harness.nudges.nudge(of('a'))
    const up = await harness.untilState('a', 'running')
    assert.deepEqual([up.image!.id === image!.id, up.notices, up.update], [false, [], null])
  })

  test('asked for while another one is on its way comes after it', async () => {
    await push('a', 'a v4', 3_000)
    gate.narrow(300_000)
    await refresh('a')
    await until('its pull stands still', () => gate.isShut())
    await push('a', 'a v5')
    await refresh('a')
    gate.widen()
    const last = await harness.deps.registryOf('a').digestOf('a')
    await until('the last one serves', () => generationOf(of('a'))?.digest === last && of('a').update === null)
  })

  test('of another processor leaves the one before serving, with a notice, and its next start too', async () => {
    await harness.click('arm')
    const was = await harness.untilState('arm', 'running')
    const repository = `127.0.0.1:${registry.port}/todowrangler`
    await uploadList(repository, 'arm', [
      { layers: [Buffer.from('x')], platform: { os: 'linux', architecture: 'arm64' } },
    ])
    await untilNoticed('the admin is told', 'arm', () => of('arm').update?.failure)
    const detail = /it has no image for linux\/\w+, only for linux\/arm64/
    assert.match(of('arm').update!.failure!.detail, detail)
    const digest = await harness.deps.registryOf('arm').digestOf('arm')
    assert.deepEqual([of('arm').update?.digest, of('arm').update?.failure?.code], [digest, 'bad-image'])
    assert.equal(generationOf(of('arm'))?.number, was.generation.number)

    await stop('arm')
    await harness.click('arm')
    const up = await harness.untilState('arm', 'running')
    assert.match(up.update!.failure!.detail, detail)
    assert.deepEqual([up.image, up.stages.pulling], [was.image, undefined])

    await push('arm', 'arm v3')
    await untilNoticed('it serves', 'arm', () => generationOf(of('arm'))?.image !== was.image!.id)
    await until('and nothing is said any more', () => of('arm').update === null)
    assert.deepEqual(of('arm').notices, [])
  })

  test('that fails to come when a start waits for it lets the one before start', async () => {
    const { image } = await stop('arm')
    await uploadList(`127.0.0.1:${registry.port}/todowrangler`, 'arm', [
      { layers: [Buffer.from('y')], platform: { os: 'linux', architecture: 'arm64' } },
    ])
    harness.store.apply('arm', { type: 'refresh' })
    await harness.click('arm')
    const up = await harness.untilState('arm', 'running')
    assert.equal(up.generation.image, image!.id)
    assert.ok(up.update?.digest && up.update.failure)
    assert.ok(up.stages.pulling)
  })

  test('of an idle preview evicts no other: without space for it, its next start makes some', async () => {
    await harness.click('b')
    await harness.untilState('b', 'running')
    const { image } = await stop('a')
    await push('a', 'a v6', 3_000)
    const usual = harness.deps.disk
    const disk = () => Promise.resolve({ total: 100 * MB, free: 9 * MB, root: '/engine' })
    harness.deps.disk = openDisk({ ...harness.deps, engine: { ...harness.engine, disk } })
    const said: string[] = []
    harness.deps.log.info = (_: unknown, message?: string) => void said.push(message ?? '')
    try {
      await untilNoticed('there is no space', 'a', () => said.some((message) => message.startsWith('no disk space')))
      assert.deepEqual([of('a').image, harness.state('b'), of('a').notices], [image, 'running', []])
      assert.equal(of('a').state, 'stopped')
    } finally {
      harness.deps.disk = usual
    }
    assert.ok(of('a').update?.digest)
    await harness.click('a')
    const up = await harness.untilState('a', 'running')
    assert.notEqual(up.image!.id, image!.id)
  })

  test('a prepull shows no progress: it never runs backwards when its tag is clicked meanwhile', async (t) => {
    await push('ahead-1', 'ahead', 6_000)
    harness.store.offer('', [{ tag: 'ahead-1', digest: null }])
    gate.narrow(100_000)
    await harness.nudges.prepull('ahead-1')
    await until('it is under way', () => gate.isShut())
    for (let i = 0; i < 5; i++) await new Promise((resolve) => (gate.trickle(300_000), setTimeout(resolve, 150)))
    const told = noteProgress(harness.store, 'ahead-1')
    t.after(told.stop)
    await harness.click('ahead-1')
    await until('it runs', () => (gate.trickle(300_000), harness.state('ahead-1') === 'running'), {
      within: 60_000,
      every: 150,
    })
    assert.ok(told.seen.length > 2, `told ${told.seen.length} times`)
    assertForwards(told.seen)
  })

  test('an image that was in use when it was due stays Lotan’s, and goes later', async () => {
    const { image } = await asleep('held')
    const { Id } = await docker<{ Id: string }>('POST', '/containers/create', { Image: image!.id })
    try {
      await harness.ask('held', { type: 'stop', why: 'disk' })
      await until('its row has no image', () => of('held').image === null)
      assert.ok(await engine.findImage(image!.id))
      await harness.click('held')
      const up = await harness.untilState('held', 'running')
      assert.deepEqual([up.image!.id, up.image!.pulled], [image!.id, true])
      await stop('held')
      await harness.ask('held', { type: 'stop', why: 'disk' })
      await until('its row has no image', () => of('held').image === null)
    } finally {
      await removeByHand(Id)
    }
    await removeOldImages(harness.deps, 'held')
    // The stop may be removing it at this moment, too.
    await until('it is gone', async () => (await engine.findImage(image!.id)) === undefined)
    assert.ok(!harness.store.pulled.list().some(({ tag }) => tag === 'held'))
  })

  test('a tag whose row could not be read once is not lost', async () => {
    const { get } = harness.store
    let thrown = false
    harness.deps.store.get = (tag) => {
      if (tag !== 'b' || thrown) return get(tag)
      thrown = true
      throw new Error('database is locked')
    }
    try {
      await harness.ask('b', { type: 'stop', why: 'asked' })
      await until('it was read in vain', () => thrown)
      await harness.nudges.nudge(get('b')!)
      await harness.untilState('b', 'stopped')
    } finally {
      harness.deps.store.get = get
    }
  })
})
