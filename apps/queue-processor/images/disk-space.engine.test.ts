/** What is removed from the engine's disk, what stays, and what is refused. The whole story: apps/stories/disk.test.ts. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Disk } from '../../shared/disk-space.ts'
import { readImageName } from '../../shared/image-reference.ts'
import { docker, removeByHand, removeImageByHand, tagByHand } from '../../testing/harness/docker.ts'
import { buildOn, moveToRegistry } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { engine } from '../../testing/images/kept-bases.ts'
import { noteProgress } from '../../testing/registries/progress.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { attest } from '../../testing/images/upload.ts'
import { openHarness, type Harness } from '../harness.ts'
import { openDisk } from './disk-space.ts'
import { removeOldImages } from './old-images.ts'

const MB = 1_000_000

describe('the disk', { timeout: 300_000 }, () => {
  let registry: Registry
  let harness: Harness
  const at = (tag: string) => `${registry.repository}:${tag}`

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['used', 'named', 'twice']) await push(tag)
    for (const tag of ['base', 'waits']) await push(tag, 4_000)
    await engine.pull(at('base'))
    await buildOn(at('base'), at('above'), { ballast: 100 })
    await moveToRegistry(at('above'))
    await engine.removeImage(at('base'))
    harness = await openHarness(registry.repository)
    harness.startWorker()
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
  })

  async function push(tag: string, ballast = 0) {
    await publishSmall(at(tag), `${tag} ${Date.now()}`, { ballast })
  }

  /** Pulled by Lotan, and stopped. @returns its image's id */
  async function asleep(tag: string): Promise<string> {
    await harness.click(tag)
    await harness.untilState(tag, 'running')
    await harness.ask(tag, { type: 'stop', why: 'asked' })
    return (await harness.untilState(tag, 'stopped')).image!.id
  }

  /** Asks for a stopped preview to be cleaned for the disk, and waits until that is done. */
  async function clean(tag: string) {
    await harness.ask(tag, { type: 'stop', why: 'disk' })
    await until(`${tag} has no image`, () => harness.store.get(tag)!.image === null)
    await removeOldImages(harness.deps, tag)
  }

  /** Pushes another image to a tag, and pulls it by hand, as the newest image comes: the old one loses its name. */
  async function replace(tag: string): Promise<string> {
    await push(tag)
    await engine.pull(at(tag))
    return (await engine.findImage(at(tag)))!.id
  }

  const isHere = async (id: string) => (await engine.findImage(id)) !== undefined

  test('takes back what sleeps at once, container and image', async () => {
    const id = await asleep('named')
    await clean('named')
    assert.equal(await isHere(id), false)
    assert.deepEqual(await harness.containers('named'), [])
    assert.deepEqual(harness.store.pulled.list(), [])
    assert.deepEqual(harness.store.history('named')[0]!.event, 'cleaned')
  })

  test('an image that its tag has lost goes too, once no other container needs it; a newer one that was pulled by hand stays', async () => {
    const old = await asleep('used')
    const byHand = await replace('used')
    assert.deepEqual(await engine.namesOf(old), [])
    const { Id } = await docker<{ Id: string }>('POST', '/containers/create', { Image: old })
    try {
      await clean('used')
      assert.equal(await isHere(old), true)
    } finally {
      await removeByHand(Id)
    }
    await harness.nudges.sweep('used')
    await until('the old image is forgotten', () => harness.store.pulled.list().length === 0)
    assert.deepEqual([await isHere(old), await isHere(byHand)], [false, true])
  })

  test('an image that its tag has lost goes with every digest that it was pulled by', async () => {
    const old = await asleep('twice')
    const { digest } = harness.store.get('twice')!.image!
    const other = await attest(registry.repository, digest!, 'twice', 'the same image by another digest')
    await engine.pull(at('twice'))
    assert.equal((await engine.digestNamesOf(old)).length, 2)
    for (const one of [digest, other])
      assert.equal((await engine.findImage(at('twice'), ['sha256:0', one]))?.digest, one)
    await replace('twice')
    await clean('twice')
    await until('it is gone', async () => !(await isHere(old)))
  })

  test('a lost image with another name stays', async () => {
    const old = await asleep('named')
    await replace('named')
    const theirs = `lotan-test/theirs:${process.pid}`
    await tagByHand(old, theirs)
    try {
      await clean('named')
      assert.deepEqual(await engine.namesOf(old), [theirs])
    } finally {
      await removeImageByHand(theirs)
    }
  })

  /** The harness's disk of 100 MB with this much free. */
  function withFree(free: number | (() => number)) {
    const now = () => (typeof free === 'number' ? free : free())
    const disk = (): Promise<Disk> => Promise.resolve({ total: 100 * MB, free: now(), root: '/engine' })
    return openDisk({ ...harness.deps, engine: { ...harness.engine, disk } })
  }

  test('a prepull stays below the low mark and evicts no preview', async () => {
    // The low mark is at 75 MB, so that 25 MB of this disk stay free.
    assert.equal(await withFree(24 * MB).claimForPrepull('above'), undefined)
    assert.equal(await withFree(26 * MB).claimForPrepull('base'), undefined)
    const enough = withFree(50 * MB)
    const end = await enough.claimForPrepull('base')
    assert.equal(typeof end, 'function')
    assert.equal(await enough.claimForPrepull('base'), undefined, 'two do not count on the same room')
    end!()
    assert.equal(typeof (await enough.claimForPrepull('base')), 'function')
    assert.ok(harness.store.list().every(({ state }) => state === 'stopped'))
  })

  test('images of services need room too, also where the tag’s own is here', async () => {
    const service = { image: readImageName(at('waits')), read: undefined }
    const tight = withFree(50 * MB)
    assert.equal(await tight.claimForPrepull('base', 0, [service]), undefined)
    for (const [own, services] of [
      [0, []],
      [null, [service]],
    ] as const) {
      const end = await tight.claimForPrepull('base', own, services)
      assert.equal(typeof end, 'function')
      end!()
    }
    assert.equal(typeof (await withFree(80 * MB).claimForPrepull('base', 0, [service])), 'function')
  })

  test('layers that are here need no room', async () => {
    const tight = withFree(8 * MB)
    // 4 MB that do not compress, and a program: for a moment they are there twice.
    const words = /^needs \d\d MB, 8 MB are free on the engine's disk \(\/engine\); 2 MB are kept free$/
    await assert.rejects(tight.claim('above', AbortSignal.timeout(20_000)), { code: 'disk-full', message: words })
    await asleep('base')
    const end = await tight.claim('above', AbortSignal.timeout(20_000))
    end()
  })

  test('two pulls at once do not count on the same room', async () => {
    const roomForOne = withFree(30 * MB)
    const end = await roomForOne.claim('base', AbortSignal.timeout(20_000))
    await assert.rejects(roomForOne.claim('base', AbortSignal.timeout(1_000)), { name: /^(Abort|Timeout)Error$/ })
    end()
    const again = await roomForOne.claim('base', AbortSignal.timeout(20_000))
    again()
  })

  test('a pull that waits for space shows so, until there is some', async () => {
    const usual = harness.deps.disk
    await harness.click('base')
    await harness.untilState('base', 'running')
    harness.deps.disk = withFree(() => (harness.store.get('base')?.image ? 17 : 60) * MB)
    const told = noteProgress(harness.store, 'waits')
    try {
      await harness.click('waits')
      await until('it waits for room', () => told.seen.at(-1)?.waitsFor === 'room')
      assert.equal(harness.state('base'), 'running', 'it was used a moment ago')
      await harness.ask('base', { type: 'stop', why: 'asked' })
      await harness.untilState('waits', 'running')
    } finally {
      told.stop()
      harness.deps.disk = usual
    }
    assert.equal(harness.store.history('base')[0]!.event, 'cleaned')
    const waited = told.seen.map(({ waitsFor }) => waitsFor !== undefined)
    assert.deepEqual(waited.lastIndexOf(true), waited.indexOf(true), JSON.stringify(told.seen))
    assert.equal(waited.at(-1), false, JSON.stringify(told.seen))
  })
})
