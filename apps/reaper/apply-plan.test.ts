import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Container } from '../shared/engine/engine.ts'
import { openLog } from '../shared/log.ts'
import type { In } from '../shared/preview/preview.ts'
import { addressOf } from '../shared/slots/slots.ts'
import { idOf } from '../shared/preview/preview-id.ts'
import { openStore, type Store } from '../shared/store/store.ts'
import type { Action } from './plan.ts'
import { openApplyPlan } from './apply-plan.ts'
import { repositoriesAt } from '../testing/harness/repositories.ts'

const log = openLog('test', 'silent')
const timeouts = { pauseAfter: null, stopAfter: 60_000, rmiAfter: 600_000, prepulls: () => false }

/** One that goes with the test. */
function emptyStore(t: TestContext): Store {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-reap-'))
  const store = openStore(path.join(dir, 'lotan.sqlite'), { slots: 10, label: (tag) => tag, log })
  t.after(() => {
    store.close()
    fs.rmSync(dir, { recursive: true })
  })
  return store
}

test('the image of a container that is taken over is known as one that Lotan pulled', async (t) => {
  const store = emptyStore(t)
  const subnet = '172.30.0.0/20'
  store.facts.set('subnet', subnet)
  const repository = 'registry.example.com/app'
  const image = {
    id: 'sha256:one',
    digest: 'sha256:d1',
    pulled: false,
    bytes: 1,
    created: null,
    labels: {},
    ports: [80],
  }
  const reap = openApplyPlan({
    config: {
      ...timeouts,
      repositories: repositoriesAt(repository),
      containerPort: null,
      slots: 10,
      dataFor: 1,
      limits: { memory: '64m', cpus: '1', pids: 64 } as never,
      ceilings: { memory: '64m', cpus: '1', pids: 64 } as never,
    },
    store,
    nudges: {
      nudge: () => Promise.resolve(),
      tend: () => Promise.resolve(),
      sweep: () => Promise.resolve(),
      refresh: () => Promise.resolve(),
    },
    engine: {
      // It was pulled by several: the container says which one its tag had.
      findImage: (_, digests) => Promise.resolve({ ...image, digest: digests?.[0] ?? image.digest }),
      inspect: () => Promise.resolve(undefined),
      output: () => Promise.resolve([]),
    },
    log,
  })
  const found = (tag: string, slot: number, pulled: boolean) =>
    ({
      id: `c-${tag}`,
      repository: '',
      tag,
      reference: repository,
      address: addressOf(subnet, slot),
      published: null,
      image: image.id,
      digest: pulled ? 'sha256:d2' : null,
      generation: 1,
      port: 80,
      pulled,
      status: 'running',
    }) as unknown as Container
  await reap.applyAll(
    [
      { do: 'adopt', container: found('ours', 1, true) },
      { do: 'adopt', container: found('theirs', 2, false) },
    ],
    Date.now(),
  )
  assert.deepEqual(store.list().map(({ tag, state }) => [tag, state]), [['ours', 'running'], ['theirs', 'running']]) // prettier-ignore
  assert.deepEqual(store.pulled.list(), [
    { repository: '', tag: 'ours', id: image.id, reference: repository, digest: 'sha256:d2' },
  ])
  assert.deepEqual(store.list().map(({ image }) => image?.digest), ['sha256:d2', 'sha256:d1']) // prettier-ignore
})

test('the same preview’s newer image is asked for every half minute at most, whatever the clock does', async (t) => {
  const store = emptyStore(t)
  const asked: string[] = []
  const reap = openApplyPlan({
    config: {
      ...timeouts,
      repositories: repositoriesAt('r/app'),
      containerPort: null,
      slots: 10,
      dataFor: 1,
      limits: { memory: '64m', cpus: '1', pids: 64 } as never,
      ceilings: { memory: '64m', cpus: '1', pids: 64 } as never,
    },
    store,
    nudges: {
      nudge: () => Promise.resolve(),
      sweep: () => Promise.resolve(),
      tend: () => Promise.resolve(),
      refresh: ({ tag }) => Promise.resolve(void asked.push(tag)),
    },
    engine: {
      findImage: () => Promise.resolve(undefined),
      inspect: () => Promise.resolve(undefined),
      output: () => Promise.resolve([]),
    },
    log,
  })
  const look = (tag: string, now: number) =>
    reap.applyAll(
      [{ do: 'refresh', preview: store.get(tag) ?? store.apply(tag, { type: 'start', by: 'visit' })! }],
      now,
    )
  for (const at of [0, 1_000, 29_000]) await look('red', at)
  await look('blue', 29_000)
  assert.deepEqual(asked, ['red', 'blue'])
  await look('red', 30_000)
  assert.deepEqual(asked, ['red', 'blue', 'red'])
  await look('red', -1_000_000)
  assert.equal(asked.length, 4)
})

test('what a route leads to and could not be looked into is told, so that nothing is served over it', async (t) => {
  const store = emptyStore(t)
  const away = () => Promise.reject(new Error('away'))
  const reap = openApplyPlan({
    config: {
      ...timeouts,
      repositories: repositoriesAt('r/app'),
      containerPort: null,
      slots: 10,
      dataFor: 1,
      limits: {} as never,
      ceilings: {} as never,
    },
    store,
    nudges: { nudge: away, tend: () => Promise.resolve(), sweep: away, refresh: away },
    engine: { findImage: away, inspect: away, output: away },
    log,
  })
  const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
  const image = { id: 'i', digest: null, pulled: false, bytes: 1, created: null, labels: {}, ports: [] }
  const preview = store.apply('red', { type: 'adopt', frozen: false, generation, image }) as In<'running'>
  const all = (action: Action) => reap.applyAll([{ do: 'nudge', preview }, action], Date.now())
  assert.equal(await all({ do: 'misplaced', preview, generation }), false)
  assert.equal(await all({ do: 'exited', preview }), false)
  assert.equal(await all({ do: 'sweep', id: 'red' }), true)
})

test('a container that Lotan itself removes, as is due, is no news: only another program’s removal is told', async (t) => {
  const store = emptyStore(t)
  const nothing = () => Promise.resolve()
  const reap = openApplyPlan({
    config: {
      ...timeouts,
      repositories: repositoriesAt('r/app'),
      containerPort: null,
      slots: 10,
      dataFor: 1,
      limits: {} as never,
      ceilings: {} as never,
    },
    store,
    nudges: { nudge: nothing, tend: () => Promise.resolve(), sweep: nothing, refresh: nothing },
    engine: {
      findImage: () => Promise.resolve(undefined),
      inspect: () => Promise.resolve(undefined),
      output: async () => [],
    },
    log,
  })
  const image = { id: 'i', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [] }
  const asleep = (tag: string, slot: number, ago: number, why: 'idle' | 'disk' = 'idle') => {
    const at = Date.now() - ago
    const generation = { number: 1, container: tag, slot, sandbox: null, image: 'i', digest: null, port: 80 }
    store.apply(tag, { type: 'adopt', frozen: false, generation, image }, at)
    store.apply(tag, { type: 'stop', why }, at)
    return store.apply(tag, { type: 'ended' }, at) as In<'stopped'>
  }
  for (const preview of [asleep('due', 1, 601_000), asleep('full', 2, 0, 'disk'), asleep('kept', 3, 590_000)])
    await reap.checkExit(preview)
  const told = (tag: string) => store.history(tag).filter(({ event }) => event === 'exited').length
  assert.deepEqual(['due', 'full', 'kept'].map(told), [0, 0, 1])
  assert.deepEqual(['due', 'full', 'kept'].map((tag) => (store.get(tag) as In<'stopped'>).generation?.container), ['due', 'full', undefined]) // prettier-ignore
})

test('previews of a repository that is listed no more, or is another, are removed, and nothing is known of its tags', async (t) => {
  const store = emptyStore(t)
  const nudged: string[] = []
  const nothing = () => Promise.resolve()
  const start = (named: Record<string, string>, nameless = 'r/app') => {
    nudged.length = 0
    openApplyPlan({
      config: {
        ...timeouts,
        repositories: repositoriesAt(nameless, named),
        containerPort: null,
        slots: 10,
        dataFor: 1,
        limits: {} as never,
        ceilings: {} as never,
      },
      store,
      nudges: {
        nudge: async (preview) => void nudged.push(idOf(preview)),
        tend: () => Promise.resolve(),
        sweep: nothing,
        refresh: nothing,
      },
      engine: { findImage: async () => undefined, inspect: async () => undefined, output: async () => [] },
      log,
    }).removeUnlisted()
  }
  // As a database of the time when there was one repository says it.
  store.facts.set('repositories', { '': 'r/app' })
  const ids = ['red', 'api/red', 'docs/red', 'old/red']
  for (const id of ids) store.apply(id, { type: 'start', by: 'visit' })
  for (const name of ['', 'api', 'docs', 'old']) store.offer(name, [{ tag: 'red', digest: null }])
  const states = () => ids.map((id) => store.get(id)?.state ?? 'unknown')
  const offered = () => ['', 'api', 'docs', 'old'].filter((name) => store.offered(name).length > 0)

  start({ api: 'r/api', docs: 'r/docs' })
  assert.deepEqual(states(), ['queued', 'queued', 'queued', 'removing'])
  assert.deepEqual([nudged, offered()], [['old/red'], ['', 'api', 'docs']])

  start({ api: 'r/other' })
  assert.deepEqual(states(), ['queued', 'removing', 'removing', 'removing'])
  assert.deepEqual([nudged.sort(), offered()], [['api/red', 'docs/red'], ['']])

  start({ api: 'r/other' })
  assert.deepEqual(nudged, [])
  start({}, 'r/another')
  assert.deepEqual([states()[0], offered()], ['removing', []])
})
