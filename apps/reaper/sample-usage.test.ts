import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { fresh, type Preview } from '../shared/preview/preview.ts'
import type { ServiceRow } from '../shared/stack/service-state.ts'
import { serviceRow } from '../testing/harness/service-row.ts'
import { countRequests } from './count-requests.ts'
import { openSampling } from './sample-usage.ts'

const line = (host: string, path = '/') =>
  `2031-01-01T00:00:00+00:00 ${host} person GET "${path}" 200 5 0.001 slot_1 -\n`

function logIn(t: TestContext) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-requests-'))
  t.after(() => fs.rmSync(dir, { recursive: true }))
  const file = path.join(dir, 'nginx-access.log')
  return { file, write: (text: string) => fs.appendFileSync(file, text) }
}

const counted = (requests: ReturnType<typeof countRequests>) =>
  Object.fromEntries(Array.from(requests.take(), ([host, { requests }]) => [host, requests]))

test('requests are counted by host from the log’s end on, and a line once it is whole', (t) => {
  const { file, write } = logIn(t)
  write(line('old.test'))
  const requests = countRequests(file)
  requests.look()
  assert.deepEqual(counted(requests), {})
  write(line('a.test') + line('b.test', '/ a.test ') + line('a.test').slice(0, 40))
  requests.look()
  write(line('a.test').slice(40))
  requests.look()
  assert.deepEqual(counted(requests), { 'a.test': 2, 'b.test': 1 })
  assert.deepEqual(counted(requests), {})
})

test('what was answered, how, and how large it was, is read from each line', (t) => {
  const { file, write } = logIn(t)
  const requests = countRequests(file)
  const told = (method: string, path: string, status: string, rest: string) =>
    write(`2031-01-01T00:00:00+00:00 a.test person ${method} "${path}" ${status} ${rest}\n`)
  told('GET', '/', '200', '1000 0.001 slot_1 0.000 0123456789abcdef0123456789abcdef 120')
  told('POST', '/ 404 7 and \\x22 more', '201', '50 0.001 slot_1, 127.0.0.1:1 0.000, 0.001 a-click-of-somebody-1 70000')
  told('GET', '/', '499', '0 0.001 - - 0123456789abcdef0123456789abcdef 80')
  // As the log was before it had ids.
  told('GET', '/', '503', '5 0.001 slot_1 -')
  requests.look()
  const classes = { '2xx': 2, '4xx': 1, '5xx': 1 }
  assert.deepEqual(requests.take().get('a.test'), { requests: 4, classes, sent: 1_055, received: 70_200 })
})

test('there need be no log yet', (t) => {
  const { file, write } = logIn(t)
  const requests = countRequests(file)
  requests.look()
  write(line('a.test'))
  requests.look()
  assert.deepEqual(counted(requests), { 'a.test': 1 })
})

test('hosts that visitors make up take bounded room', (t) => {
  const { file, write } = logIn(t)
  const requests = countRequests(file)
  for (let n = 0; n < 60; n++) write(Array.from({ length: 100 }, (_, i) => line(`${n}-${i}.test`)).join(''))
  requests.look()
  assert.equal(requests.take().size, 5_000)
})

test('a sample has memory, processors since the one before, and requests; one commit for all', async () => {
  const generation = { number: 1, slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
  const known = { ...fresh, repository: '', since: 0 }
  const up = (tag: string): Preview => ({ ...known, tag, state: 'running', generation: { ...generation, container: tag }, readyAt: 0, pending: null }) // prettier-ignore
  const asleep: Preview = { ...known, tag: 'asleep', state: 'stopped', generation: null, why: 'idle' }
  const gone: Preview = { ...asleep, tag: 'quiet' }
  let now = 0
  const cpu: Record<string, number> = { red: 500, blue: 9_000 }
  const noted: object[] = []
  let services: ServiceRow[] = []
  const sample = openSampling(
    {
      store: {
        list: () => [up('red'), up('blue'), up('dead'), asleep, gone],
        services: { list: () => services },
        noteSamples: (samples) => void noted.push(Object.fromEntries(samples)),
      },
      engine: { usage: async (id) => (id in cpu ? { memory: 10, cpu: cpu[id]! } : undefined) },
      traffic: { add: () => {}, takeRequests: () => new Map([['red', 7], ['asleep', 1], ['gone', 9]]) }, // prettier-ignore
    },
    () => now,
  )
  await sample()
  const first = { memory: 10, cpu: null, requests: 0 }
  const asked = { memory: null, cpu: null, requests: 1 }
  assert.deepEqual(noted.pop(), { red: { ...first, requests: 7 }, blue: first, asleep: asked })
  now = 60_000
  cpu.red = 30_500
  cpu.blue = 100
  await sample()
  // Blue was started again meanwhile.
  assert.deepEqual(noted.pop(), { red: { memory: 10, cpu: 0.5, requests: 7 }, blue: first, asleep: asked })

  // Of what sleeps nothing is counted, though its services run on for a moment.
  services = [
    serviceRow('red', 'db', { container: 'red-db' }),
    serviceRow('red', 'mail', { state: 'stopped' }),
    serviceRow('asleep', 'db', { container: 'db-of-asleep' }),
  ]
  Object.assign(cpu, { 'red-db': 0, 'db-of-asleep': 0 })
  const next = async () => {
    now += 60_000
    for (const id of ['red', 'red-db', 'blue']) cpu[id]! += 6_000
    await sample()
    return noted.pop()
  }
  await next()
  const blue = { memory: 10, cpu: 0.1, requests: 0 }
  assert.deepEqual(await next(), { red: { memory: 20, cpu: 0.2, requests: 7 }, blue, asleep: asked })
})
