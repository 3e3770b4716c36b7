import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cycleFrom, mayStart, startRows, stopRows } from './order.ts'
import { readStack } from './read-stack.ts'
import type { ServiceState } from './service-state.ts'
import type { Condition, Stack } from './stack.ts'

type Needs = Record<string, Record<string, Condition>>

function stackOf(needs: Needs, app: Record<string, Condition> = {}): Stack {
  const maps = (dependsOn: Record<string, Condition>) =>
    Object.fromEntries(Object.entries(dependsOn).map(([name, condition]) => [name, { condition }]))
  const services = Object.entries(needs).map(([name, on]) => [name, { image: 'redis', depends_on: maps(on) }])
  const read = readStack(
    JSON.stringify({ services: { ...Object.fromEntries(services), web: { depends_on: maps(app) } } }),
  )
  assert.ok('stack' in read, JSON.stringify(read))
  return read.stack
}

const started = { db: 'service_started' } as const
const healthy = { db: 'service_healthy' } as const

test('services start in rows, and stop in the opposite order', () => {
  const stack = stackOf({ c: { b: 'service_started' }, b: started, mail: {}, db: {} })
  assert.deepEqual(startRows(stack), [['mail', 'db'], ['b'], ['c']])
  assert.deepEqual(stopRows(stack), [['c'], ['b'], ['mail', 'db']])
  assert.deepEqual(startRows(stackOf({})), [])
})

test('what may start, by the states of the services', () => {
  const stack = stackOf(
    { db: {}, mail: {}, migrate: healthy, queue: started },
    { migrate: 'service_completed_successfully', db: 'service_healthy' },
  )
  const table: [states: Record<string, ServiceState>, services: string[], application: boolean][] = [
    [{}, ['db', 'mail'], false],
    [{ db: 'starting', mail: 'waiting' }, ['mail', 'queue'], false],
    [{ db: 'running', mail: 'starting', queue: 'starting' }, ['migrate'], false],
    [{ db: 'running', mail: 'running', queue: 'running', migrate: 'starting' }, [], false],
    [{ db: 'running', mail: 'running', queue: 'running', migrate: 'done' }, [], true],
    [{ db: 'running', mail: 'starting', queue: 'starting', migrate: 'done' }, [], true],
    [{ db: 'starting', mail: 'running', queue: 'running', migrate: 'done' }, [], false],
    [{ db: 'running', queue: 'running', migrate: 'done' }, ['mail'], false],
    [{ db: 'failed', mail: 'running' }, [], false],
    [{ db: 'restarting', mail: 'running' }, [], false],
    [{ db: 'done', mail: 'running' }, ['queue'], false],
  ]
  for (const [states, services, application] of table)
    assert.deepEqual(
      mayStart(stack, (name) => states[name]),
      { services, application },
      JSON.stringify(states),
    )
})

test('whatever depends on what, all start once each, after what they depend on, and then the application', () => {
  const names = Array.from({ length: 10 }, (_, i) => `s${i}`)
  const condition = fc.constantFrom<Condition>('service_started', 'service_healthy', 'service_completed_successfully')
  // Each on earlier ones, in any order of the file.
  const needs = fc
    .tuple(...names.map((_, i) => fc.dictionary(fc.constantFrom(...names.slice(0, i), ...(i === 0 ? ['none'] : [])), condition, { maxKeys: i === 0 ? 0 : 4 })))
    .chain((all) => fc.shuffledSubarray(names.map((name, i) => [name, all[i]!] as const), { minLength: names.length })) // prettier-ignore
  fc.assert(
    fc.property(needs, (entries) => {
      const stack = stackOf(Object.fromEntries(entries), { s0: 'service_started' })
      const states: Record<string, ServiceState> = {}
      const order: string[] = []
      const oneShots = new Set(
        stack.services.flatMap(({ dependsOn }) =>
          Object.entries(dependsOn).flatMap(([on, what]) => (what === 'service_completed_successfully' ? on : [])),
        ),
      )
      // One that has ended is not healthy: such a stack waits for ever, and its time runs out.
      const isPossible = stack.services.every(({ dependsOn }) =>
        Object.entries(dependsOn).every(([on, what]) => what !== 'service_healthy' || !oneShots.has(on)),
      )
      for (let round = 0; round < 12 && order.length < names.length; round++) {
        const { services, application } = mayStart(stack, (name) => states[name])
        assert.ok(!application)
        for (const name of services) {
          order.push(name)
          states[name] = oneShots.has(name) ? 'done' : 'running'
        }
      }
      if (isPossible)
        assert.deepEqual(
          mayStart(stack, (name) => states[name]),
          { services: [], application: true },
        )
      assert.equal(new Set(order).size, order.length)
      const rows = startRows(stack)
      assert.deepEqual(rows.flat().sort(), [...names].sort())
      for (const { name, dependsOn } of stack.services)
        for (const on of Object.keys(dependsOn)) {
          if (order.includes(name)) assert.ok(order.indexOf(on) < order.indexOf(name))
          assert.ok(rows.findIndex((row) => row.includes(on)) < rows.findIndex((row) => row.includes(name)))
        }
    }),
  )
})

test('a circle is found, and only one that leads back', () => {
  const on = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['b']],
    ['d', []],
  ])
  assert.equal(cycleFrom('a', on), undefined)
  assert.deepEqual(cycleFrom('b', on), ['b', 'c', 'b'])
  assert.equal(cycleFrom('d', on), undefined)
})
