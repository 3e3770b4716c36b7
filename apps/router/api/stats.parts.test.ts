import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { bringUp, openBed } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const bed = await openBed()
after(() => bed.close())
const { store } = bed
const described = await describedOf(bed)
const MINUTE = 60_000

test('the samples of the last hour are told, oldest first, with the limits that they are to be seen against', async () => {
  bringUp('red', bed)
  const now = Date.now()
  const sample = { memory: 5_000, cpu: 0.25, requests: 3 }
  for (const minutes of [70, 61, 59, 2, 1])
    store.noteSamples(new Map([['red', sample], ['blue', sample]]), now - minutes * MINUTE) // prettier-ignore
  store.noteSamples(new Map([['red', { memory: null, cpu: null, requests: 1 }]]), now)
  const { json } = await described('GET', '/previews/red/stats')
  assert.deepEqual([json.every, json.limits], [MINUTE, { memory: 512 * 1024 ** 2, cpus: 1 }])
  const ages = json.samples.map(({ time }: any) => Math.round((now - Date.parse(time)) / MINUTE))
  assert.deepEqual(ages, [59, 2, 1, 0])
  assert.deepEqual(json.samples[0], { time: json.samples[0].time, ...sample })
  assert.equal(json.samples[3].memory, null)
  assert.equal((await described('GET', '/previews/none/stats')).status, 404)
})

test('what is old is forgotten, and where there is nothing to write nothing is written', () => {
  const then = Date.now() + 200 * MINUTE
  store.noteSamples(new Map(), then)
  assert.deepEqual(store.samples('red', Date.now()), [])
  const before = store.version()
  store.noteSamples(new Map(), then)
  assert.equal(store.version(), before)
  assert.deepEqual(store.lastMemories().map(({ tag, memory }) => [tag, memory]).sort(), [['blue', 5_000], ['red', 5_000]]) // prettier-ignore
})
