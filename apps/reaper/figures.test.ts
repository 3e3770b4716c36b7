import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError } from '../shared/engine/engine.ts'
import type { Usage } from '../shared/engine/usage.ts'
import { fresh, type Preview } from '../shared/preview/preview.ts'
import type { ServiceRow } from '../shared/stack/service-state.ts'
import { serviceRow } from '../testing/harness/service-row.ts'
import { until } from '../testing/harness/until.ts'
import { openFigures } from './figures.ts'

const generation = { number: 1, slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
const up = (container: string): Preview => ({
  ...{ ...fresh, repository: '', tag: container, since: 0, state: 'running', readyAt: 0, pending: null },
  generation: { ...generation, container },
})

/** An engine that is asked, and answers when the test lets it. */
function bed(containers: string[], services: ServiceRow[] = []) {
  const asked = new Map<string, PromiseWithResolvers<Usage | undefined>>()
  const running = new Set(containers)
  const time = { now: 0 }
  const figures = openFigures(
    {
      store: { list: () => [...running].map(up), services: { list: () => services } },
      engine: {
        usage: (id) => {
          asked.set(id, Promise.withResolvers())
          return asked.get(id)!.promise
        },
      },
    },
    () => time.now,
  )
  return {
    asked,
    running,
    time,
    known: figures.known,
    answer(id: string, memory: number, cpu = 0) {
      asked.get(id)!.resolve({ memory, cpu })
    },
    async memories() {
      const known = await figures.known()
      return Object.fromEntries(Object.entries(known).map(([id, { memory }]) => [id, memory]))
    },
  }
}

test('nobody waits for an engine that takes its time: what was measured last is told, and when', async () => {
  const { asked, time, known, answer, memories } = bed(['red', 'blue'])
  const first = known()
  await until('both are measured', () => asked.size === 2)
  answer('red', 100)
  answer('blue', 200)
  const { red } = await first
  assert.ok(Math.abs(Date.now() - red!.at) < 10_000)
  assert.deepEqual(await memories(), { red: 100, blue: 200 })

  time.now = 6_000
  asked.clear()
  assert.deepEqual(await memories(), { red: 100, blue: 200 })
  assert.deepEqual([...asked.keys()].sort(), ['blue', 'red'])
  answer('blue', 250)
  await until('the one that was measured is newer', async () => (await memories()).blue === 250)
  assert.deepEqual((await known()).red, red, 'the other has its old value and its old age')
})

test('the first who asks does not wait for long either', async () => {
  const { asked, known } = bed(['red'])
  assert.deepEqual(await known(), {})
  assert.equal(asked.size, 1)
})

test('an engine that fails takes no figure away; a container that runs no more has none', async () => {
  const { asked, running, time, answer, memories } = bed(['red', 'blue'])
  const first = memories()
  await until('both are measured', () => asked.size === 2)
  answer('red', 100)
  answer('blue', 200)
  await first
  time.now = 6_000
  asked.clear()
  await memories()
  asked.get('red')!.reject(new EngineError('engine-down', 'away'))
  asked.get('blue')!.resolve(undefined)
  await until('blue has none', async () => !('blue' in (await memories())))
  assert.deepEqual(await memories(), { red: 100 })
  running.delete('red')
  assert.deepEqual(await memories(), {})
})

test('fifty are measured some at a time, once, and not again within seconds', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `c${i}`)
  const { asked, time, known, answer } = bed(names)
  void known()
  const answered = new Set<string>()
  for (let most = 0; answered.size < 50;) {
    await until('more are asked about', () => asked.size > answered.size)
    most = Math.max(most, asked.size - answered.size)
    assert.ok(most <= 8, `${most} at once`)
    for (const id of [...asked.keys()].filter((id) => !answered.has(id))) {
      answered.add(id)
      answer(id, 1)
    }
  }
  await until('all are known', async () => Object.keys(await known()).length === 50)
  asked.clear()
  time.now = 4_999
  await known()
  assert.equal(asked.size, 0)
})

test('processors are those between two looks some seconds apart', async () => {
  const { asked, time, known, answer } = bed(['red'])
  const look = async (at: number, cpu: number, expected: number | null) => {
    time.now = at
    asked.clear()
    await until('it is measured', () => (void known(), asked.has('red')))
    answer('red', 1, cpu)
    await until(`it takes ${expected}`, async () => (await known()).red?.cpu === expected)
  }
  await look(0, 500, null)
  await look(10_000, 5_500, 0.5)
  // Started again meanwhile.
  await look(20_000, 100, null)
})

test('services are measured too, while their containers have memory', async () => {
  const states = ['running', 'starting', 'paused', 'restarting', 'stopped'] as const
  const services = states.map((state) => serviceRow('red', state, { state, container: state }))
  const { asked, answer, known, memories } = bed(['red'], [...services, serviceRow('red', 'none', { container: null })])
  const first = known()
  await until('all are asked for', () => asked.size === 4)
  for (const id of asked.keys()) answer(id, 10)
  await first
  await until('all are known', async () => Object.keys(await memories()).length === 4)
  assert.deepEqual(await memories(), { paused: 10, red: 10, running: 10, starting: 10 })
})
