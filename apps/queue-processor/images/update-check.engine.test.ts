/** Lookups of newer images: at once, by one request, and never at the cost of the present image. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, afterEach, before, describe, test } from 'node:test'
import { isOnItsWay } from '../../shared/preview/preview.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { openGate, type Gate } from '../../testing/registries/throttle.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { openHarness, type Harness } from '../harness.ts'

describe('a newer image is looked for', { timeout: 300_000 }, () => {
  let registry: Registry
  let gate: Gate
  let harness: Harness
  /** How often the registry was asked for a digest, and the pulls that stand still until they are let through. */
  let asked = 0
  let held = /never/
  const standing = new Set<() => void>()

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    for (const tag of ['a', 'b', 'c', 'x', 'p1', 'p2', 'p3']) await push(tag, 'v1')
    harness = await openHarness(`127.0.0.1:${gate.port}/todowrangler`)
    const { registryOf, engine } = harness.deps
    const real = registryOf('a')
    const digestOf: typeof real.digestOf = (...question) => (asked++, real.digestOf(...question))
    // A pull is by what its tag stands for.
    const tags = new Map<string, string>()
    const pullable: typeof real.pullable = async (tag, ...question) => {
      const image = await real.pullable(tag, ...question)
      if (image) tags.set(image.digest, tag)
      return image
    }
    const pull: typeof engine.pull = async (reference, options = {}) => {
      const tag = tags.get(reference.split('@')[1]!)
      while (held.test(`:${tag}`)) await new Promise<void>((go) => standing.add(go))
      options.signal?.throwIfAborted()
      return engine.pull(reference, options)
    }
    Object.assign(harness.deps, { registryOf: () => ({ ...real, digestOf, pullable }), engine: { ...engine, pull } })
    harness.startWorker()
    for (const tag of ['a', 'b', 'c', 'x']) await harness.click(tag)
    for (const tag of ['a', 'b', 'c', 'x']) await harness.untilState(tag, 'running')
  })
  afterEach(() => {
    gate.widen()
    letThrough()
  })
  after(async () => {
    gate?.widen()
    letThrough()
    await harness?.close()
    await gate?.close()
    await registry?.close()
  })

  async function push(tag: string, page: string) {
    const reference = `localhost:${registry.port}/todowrangler:${tag}`
    await publishSmall(reference, `${tag} ${page}`)
  }

  const of = (tag: string) => harness.store.get(tag)!

  function letThrough() {
    held = /never/
    for (const go of standing) go()
    standing.clear()
  }

  async function stop(tag: string) {
    await harness.ask(tag, { type: 'stop', why: 'asked' })
    return harness.untilState(tag, 'stopped')
  }

  /** As the API asks. */
  async function refresh(tag: string, at?: number) {
    harness.store.apply(tag, { type: 'refresh' }, at)
    await harness.nudges.refresh(of(tag))
  }

  /** @returns how long a click took, milliseconds */
  async function click(tag: string): Promise<number> {
    const began = performance.now()
    await harness.click(tag)
    await harness.untilState(tag, 'running', 60_000)
    return performance.now() - began
  }

  test('by one question, though the clock stepped back since it was asked for', async () => {
    asked = 0
    await refresh('a', Date.now() + 600_000)
    await until('it is answered', () => of('a').update === null)
    await sleep(500)
    assert.equal(asked, 1)
    await stop('a')
    harness.store.apply('a', { type: 'refresh' }, Date.now() + 600_000)
    assert.ok((await click('a')) < 5_000)
    assert.deepEqual([asked, of('a').update], [2, null])
  })

  test('again where it made way for a stop that was called back at once, or for a pause', async () => {
    for (const [page, wishes] of [
      [
        'v2',
        [
          { type: 'stop', why: 'asked' },
          { type: 'start', by: 'visit' },
        ],
      ],
      ['v3', [{ type: 'pause' }]],
    ] as const) {
      const was = of('a').image!
      await until('it serves from that image, and the one before is gone', () => !isOnItsWay(of('a')))
      await push('a', page)
      held = /:a$/
      await refresh('a')
      await until(
        'its pull is under way',
        async () => (await harness.nudges.waiting()).update === 0 && of('a').update?.digest,
      )
      await sleep(200)
      for (const wish of wishes) await harness.ask('a', wish)
      letThrough()
      await until(`${page} is here`, () => of('a').update === null && of('a').image!.id !== was.id)
    }
    assert.equal(of('a').state, 'paused')
    await click('a')
    await until('it serves', () => of('a').state === 'running' && !harness.store.get('a')!.retiring.length, {
      within: 60_000,
    })
  })

  test('again when it is asked for after the engine was away', async () => {
    const was = of('b').image!
    await push('b', 'v2')
    const { pull } = harness.deps.engine
    harness.deps.engine.pull = () => {
      harness.deps.engine.pull = pull
      return Promise.reject(new EngineError('engine-down', 'the engine does not answer'))
    }
    await refresh('b')
    await until('the pull has failed', () => harness.deps.engine.pull === pull)
    await sleep(300)
    assert.deepEqual([of('b').image, of('b').update?.failure], [was, null])
    // As the reaper does.
    const isHere = () => of('b').image!.id !== was.id && of('b').update === null
    await until('it is here', async () => (await harness.nudges.refresh(of('b')), isHere()), { every: 200 })
  })

  test('without standing behind the pulls of others, which are as many at a time as there are lanes', async () => {
    await push('x', 'v2')
    await push('b', 'v3')
    held = /:[xb]$/
    for (const tag of ['x', 'b']) await refresh(tag)
    await until('both are known', () => of('x').update?.digest && of('b').update?.digest)
    await refresh('c')
    await until('there is none of c', () => of('c').update === null)
  })

  test('before a start, which waits behind no pull where there is none', async () => {
    const { generation } = await stop('c')
    held = /:p\d$/
    for (const tag of ['p1', 'p2', 'p3']) await harness.click(tag)
    await until('three are being pulled', () => ['p1', 'p2', 'p3'].every((tag) => harness.state(tag) === 'pulling'))
    harness.store.apply('c', { type: 'refresh' })
    assert.ok((await click('c')) < 5_000)
    const up = await harness.untilState('c', 'running')
    assert.deepEqual([up.generation.container, up.update], [generation!.container, null])
    letThrough()
    for (const tag of ['p1', 'p2', 'p3']) await harness.untilState(tag, 'running')
  })

  test('for two seconds and no more by a click while the registry is silent, and not at all by the next one', async (t) => {
    const { generation } = await stop('c')
    await push('c', 'v2')
    harness.store.apply('c', { type: 'refresh', digest: (await harness.deps.registryOf('a').digestOf('c'))! })
    gate.narrow(0)
    const first = await click('c')
    assert.equal(of('c').update?.failure?.code, 'registry-down')
    assert.ok(of('c').update?.digest)
    assert.equal(harness.store.get('c')!.stages.pulling, undefined)
    asked = 0
    const kept = await stop('c')
    const second = await click('c')
    t.diagnostic(`${Math.round(first)} ms, ${Math.round(second)} ms`)
    assert.equal(asked, 0)
    assert.equal(kept.generation?.container, generation!.container)
  })

  test('but not of a tag that may not start any more', async () => {
    const { offers } = harness.config
    harness.config.offers = (tag) => tag !== 'a' && offers(tag)
    try {
      asked = 0
      await push('a', 'v4')
      const was = of('a').image
      await refresh('a')
      await until('it is given up', () => of('a').update === null)
      assert.deepEqual([asked, of('a').image], [0, was])
    } finally {
      harness.config.offers = offers
    }
  })

  test('but not in place of an image built by hand under its name', async () => {
    await stop('x')
    harness.store.apply('x', { type: 'refresh', digest: 'sha256:noticed' })
    await harness.ask('x', { type: 'stop', why: 'disk' })
    await until('its image is gone', () => of('x').image === null)
    const name = `${harness.config.repositories[0]!.reference}:x`
    await buildSmall(name, 'x of my own')
    const mine = await harness.engine.findImage(name)
    for (let starts = 0; starts < 2; starts++) {
      await click('x')
      assert.deepEqual([of('x').image!.id, of('x').image!.pulled, of('x').update], [mine!.id, false, null])
      await refresh('x')
      await stop('x')
    }
    assert.equal((await harness.engine.findImage(name))?.id, mine!.id)
  })
})
