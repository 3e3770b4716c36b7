/** Snapshots and resets with the real engine, and a queue-processor that dies at each of their steps. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Engine } from '../../shared/engine/engine.ts'
import type { Store } from '../../shared/store/store.ts'
import { docker } from '../../testing/harness/docker.ts'
import { openDataHarness, volume, type DataHarness } from './harness.ts'
import { dueForData, serveData } from './serve-data.ts'
import type { Volumes } from './volumes.ts'

const admin = { who: 'admin', address: '192.0.2.1' }
const image = { id: 'sha256:1' }
const stack = { volumes: [volume('data'), volume('files')] }

describe('snapshots', { timeout: 300_000 }, () => {
  let harness: DataHarness

  before(async () => {
    harness = await openDataHarness()
  })
  after(() => harness?.close())

  interface Part {
    store: Store
    volumes: Volumes
    engine: Engine
  }
  const serve = async (part: Part, id: string) => {
    const nudges = {
      nudge: async () => {},
      data: async () => {},
      sweep: async () => {},
      tend: async () => {},
      refresh: async () => {},
    }
    await serveData({ ...part, nudges, config: harness.config, log: harness.log }, id)
  }
  const ownOf = (store: Store, id: string) =>
    Object.fromEntries(store.volumes.of(id).map(({ name, engine }) => [name, engine]))
  const read = async (store: Store, id: string, name: string) =>
    harness.inside(store.volumes.of(id).find((one) => one.name === name)!.engine, 'cat /v/file')
  const write = async (store: Store, id: string, text: string) => {
    await harness.insideAll(ownOf(store, id), `for at in /data /files; do echo ${text} > $at/file; done`)
  }
  const both = async (store: Store, id: string) =>
    (await harness.insideAll(ownOf(store, id), 'cat /data/file /files/file')).split('\n')

  /** Nothing is left: what the engine has is what the database says, and all of it is a preview's. */
  async function assertTidy(store: Store) {
    const rows = store.volumes.list()
    const found = await harness.engine.listVolumes()
    assert.deepEqual(found.map(({ engine }) => engine).toSorted(), rows.map(({ engine }) => engine).toSorted())
    assert.deepEqual([...new Set(rows.map(({ state }) => state))], ['current'])
  }

  test('a snapshot has what its preview had, and a reset brings it back, with its secrets', async () => {
    const part = harness.open()
    const { store, volumes } = part
    await volumes.ensure('pr-1', stack, image)
    await write(store, 'pr-1', 'one')
    const secret = harness.secret(store, 'pr-1')
    assert.ok(store.snapshots.ask('golden', 'pr-1', Date.now(), admin))
    assert.deepEqual(dueForData(part), ['pr-1'])
    await serve(part, 'pr-1')
    const made = store.snapshots.find('golden')!
    assert.deepEqual([made.state, made.frozen, made.by], ['ready', 0, admin])
    await write(store, 'pr-1', 'two')

    store.resets.ask('pr-1', null, Date.now(), admin)
    await serve(part, 'pr-1')
    assert.match(await read(store, 'pr-1', 'data'), /No such file/)
    assert.equal(harness.secret(store, 'pr-1'), secret)
    store.resets.ask('pr-1', 'golden', Date.now(), admin)
    await serve(part, 'pr-1')
    assert.deepEqual(await both(store, 'pr-1'), ['one', 'one'])
    assert.equal(store.resets.find('pr-1')?.state, 'done')
    assert.deepEqual(
      store.history('pr-1').map(({ event, detail, who }) => [event, detail, who]),
      [
        ['reset', 'golden', 'admin'],
        ['reset', null, 'admin'],
        ['snapshot', 'golden', 'admin'],
      ],
    )
    await assertTidy(store)
  })

  test('another preview begins with a published snapshot, and with no other', async () => {
    const { store, volumes } = harness.open()
    const from = { volumes: [volume('data', { from: 'golden' }), volume('own')] }
    await assert.rejects(
      volumes.ensure('pr-2', from, image),
      /snapshot golden is of another preview, and not published/,
    )
    store.snapshots.publish('golden', true, Date.now(), admin)
    const none = { volumes: [volume('other', { from: 'golden' })] }
    await assert.rejects(volumes.ensure('pr-2', none, image), /snapshot golden has no volume other/)
    const unknown = { volumes: [volume('data', { from: 'silver' })] }
    await assert.rejects(volumes.ensure('pr-2', unknown, image), /snapshot silver does not exist/)
    await volumes.ensure('pr-2', from, image)
    assert.equal(await read(store, 'pr-2', 'data'), 'one')
    assert.equal(harness.secret(store, 'pr-2'), harness.secret(store, 'pr-1'))
    await harness.inside(store.volumes.of('pr-2').find(({ name }) => name === 'data')!.engine, 'echo three > /v/file')
    await volumes.ensure('pr-2', from, { id: 'sha256:2' })
    assert.deepEqual([await read(store, 'pr-2', 'data'), await read(store, 'pr-1', 'data')], ['three', 'one'])
    await assertTidy(store)
  })

  test('a preview that runs stands still for a copy, and goes on', async () => {
    const part = harness.open()
    const { store } = part
    harness.bringUp(store, 'pr-1')
    const counter = await harness.startService('pr-1', 'db', store.volumes.of('pr-1')[0]!.engine)
    store.snapshots.ask('moving', 'pr-1', Date.now(), admin)
    await serve(part, 'pr-1')
    const made = store.snapshots.find('moving')!
    assert.ok(made.frozen! > 0)
    assert.match(store.history('pr-1')[0]!.detail!, /^moving, frozen for \d+ ms$/)
    assert.equal((await counter.inspect()).State.Status, 'running')
    const copy = store.volumes.list().find((one) => one.snapshot === 'moving' && one.name === 'data')!
    // It wrote into one after the other.
    const [a, b] = (await harness.inside(copy.engine, 'tail -qn1 /v/a /v/b')).split('\n').map(Number)
    assert.ok(b! > 0 && a! >= b! && a! - b! <= 1, `${a} ${b}`)

    // As a crash leaves it.
    await docker('POST', `/containers/${counter.id}/pause`)
    store.snapshots.ask('after', 'pr-1', Date.now(), admin)
    await serve(harness.open(), 'pr-1')
    assert.equal((await counter.inspect()).State.Status, 'running')
    await counter.end()
    store.apply('pr-1', { type: 'remove' })
    for (const type of ['ending', 'removed'] as const) store.apply('pr-1', { type })
  })

  test('one that is deleted goes from the engine, and one that is being made does not', async () => {
    const { store, volumes } = harness.open()
    assert.equal(store.snapshots.drop('after', Date.now(), admin), 'removed')
    assert.equal(store.snapshots.drop('moving', Date.now(), admin), 'removed')
    assert.equal(store.snapshots.drop('moving', Date.now(), admin), 'gone')
    store.snapshots.ask('moving', 'pr-1', Date.now(), admin)
    assert.equal(store.snapshots.drop('moving', Date.now(), admin), 'in-use')
    store.snapshots.fail('moving', 'test')
    assert.equal(store.snapshots.drop('moving', Date.now(), admin), 'removed')
    await volumes.round(Date.now())
    await assertTidy(store)
  })

  test('without its database an instance has its snapshots again', async () => {
    const { store, volumes } = harness.open('lost.sqlite')
    await volumes.round(Date.now())
    const { preview, state, by, published } = store.snapshots.find('golden')!
    assert.deepEqual([preview, state, by.who, published], ['pr-1', 'ready', 'admin', false])
    store.resets.ask('pr-1', 'golden', Date.now(), admin)
    await serve({ store, volumes, engine: harness.engine }, 'pr-1')
    assert.deepEqual(await both(store, 'pr-1'), ['one', 'one'])
  })

  describe('wherever the queue-processor dies', () => {
    /** The engine that a process has which dies once it has done so many things. */
    function mortal(steps: number): { engine: Engine; isDead: () => boolean } {
      let left = steps
      const die = () => {
        throw new Error('died')
      }
      const engine = new Proxy(harness.engine, {
        get(target, name) {
          const method = target[name as keyof Engine] as (...args: unknown[]) => Promise<unknown>
          return async (...args: unknown[]) => {
            if (left <= 0) die()
            const result = await method(...args)
            if (--left <= 0) die()
            return result
          }
        },
      })
      return { engine, isDead: () => left <= 0 }
    }

    /** @returns how many steps the work has */
    async function survives(
      id: string,
      ask: (store: Store) => void,
      check: (store: Store, isDone: boolean) => Promise<void>,
    ) {
      // At every third step: each takes three seconds.
      for (let steps = 1; ; steps += 3) {
        const first = harness.open()
        ask(first.store)
        const { engine, isDead } = mortal(steps)
        const died = { ...harness.openWith(engine), engine }
        await serve(died, id).catch((error: Error) => assert.equal(error.message, 'died'))
        const isOver = !isDead()
        // Before the next process does anything.
        await check(died.store, false)
        const next = harness.open()
        await next.volumes.round(Date.now())
        await serve(next, id)
        await next.volumes.round(Date.now())
        await check(next.store, true)
        await assertTidy(next.store)
        if (isOver) return steps
      }
    }

    test('a snapshot is made in the end, and nothing is left beside it', async () => {
      const { store, volumes } = harness.open()
      await volumes.ensure('pr-3', stack, image)
      await write(store, 'pr-3', 'old')
      const steps = await survives(
        'pr-3',
        (store) => {
          store.snapshots.drop('steps', Date.now(), admin)
          assert.ok(store.snapshots.ask('steps', 'pr-3', Date.now(), admin))
        },
        async (store, isDone) => {
          const state = store.snapshots.find('steps')!.state
          if (isDone) assert.equal(state, 'ready')
          const made = store.volumes.list().filter((one) => one.snapshot === 'steps' && one.state === 'current')
          assert.equal(made.length, state === 'ready' ? 2 : 0)
          if (made.length === 0) return
          const copies = Object.fromEntries(made.map(({ name, engine }) => [name, engine]))
          assert.equal(await harness.insideAll(copies, 'cat /data/file /files/file'), 'old\nold')
        },
      )
      assert.ok(steps >= 7, `${steps}`)
    })

    test('a reset ends with all of the new data, and until then there is all of the old', async () => {
      const { store } = harness.open()
      await write(store, 'pr-3', 'was1')
      let round = 0
      await survives(
        'pr-3',
        (store) => {
          round++
          store.resets.ask('pr-3', 'steps', Date.now(), admin)
        },
        async (store, isDone) => {
          const [data, files] = await both(store, 'pr-3')
          const isNew = isDone || store.resets.find('pr-3')?.state === 'done'
          assert.deepEqual([data, files], isNew ? ['old', 'old'] : [`was${round}`, `was${round}`])
          if (isDone) await write(store, 'pr-3', `was${round + 1}`)
        },
      ).catch((error: Error) => Promise.reject(new Error(`round ${round}: ${error.message}`, { cause: error })))
      assert.ok(round >= 3, `${round}`)
      assert.ok(store.resets.find('pr-3')?.state === 'done')
    })
  })
})
