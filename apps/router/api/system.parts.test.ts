import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { bringUp, openBed, steps, token } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const bed = await openBed({ LOTAN_MAX_RUNNING: '7', LOTAN_CONTAINER_ENV_DB_PASSWORD: 'hunter2hunter2' })
after(() => bed.close())
const { store } = bed
const described = await describedOf(bed)

const HOUR = 60 * 60_000
const GB = 1_024 ** 3
const container = steps.created.container
const told = {
  '/engine': { version: '20.10' },
  '/machine': {
    engine: '20.10',
    disk: { total: 100, free: 40, inodes: 5, root: '/var/lib/docker' },
    memory: { total: 8 * GB, available: 3 * GB },
  },
  '/figures': { containers: { [container]: { memory: 5_000, cpu: null, at: 1 }, other: { memory: 7_000, cpu: 0.5, at: 1 } } },
  '/in-force': { settings: [{ name: 'DOCKER_HOST', value: 'tcp://e:1', source: 'environment', secret: false, words: null }], variables: [] },
} // prettier-ignore
const answers = () => bed.reaper((req, res) => res.end(JSON.stringify(told[req.url as keyof typeof told])))

test('the installation is told as a whole, by the description', async () => {
  answers()
  bringUp('red', bed)
  store.apply('red', { type: 'pin', until: null })
  store.apply('waits', { type: 'start', by: 'visit' })
  await bed.nudges.nudge(store.get('waits')!)
  const { json } = await described('GET', '/system', { headers: { 'X-Nginx-Version': '1.22.1' } })
  assert.match(json.versions.lotan, /^\d+\.\d+\.\d+/)
  assert.deepEqual(
    [json.versions.node, json.versions.nginx, json.versions.engine],
    [process.versions.node, '1.22.1', '20.10'],
  )
  assert.match(json.versions.redis, /^\d+\./)
  assert.deepEqual(json.disk.engine, { total: 100, free: 40, path: '/var/lib/docker' })
  assert.ok(json.disk.data.total > json.disk.data.free)
  assert.deepEqual(json.memory, { total: 8 * GB, available: 3 * GB, high: 90, previews: 12_000 })
  assert.deepEqual(json.previews, { running: 1, most: 7, pinned: 1, byState: { running: 1, queued: 1 } })
  assert.deepEqual(json.slots, { total: 500, taken: 1, resting: 0 })
  assert.deepEqual(json.queue.start, { waiting: 1, active: 0 })
  assert.equal(Object.keys(json.queue).length, 8)
  assert.ok(json.database.bytes > 0 && !json.database.rebuilding)
  const { ms, ...engine } = json.checks.engine
  assert.deepEqual(engine, { ok: true, detail: 'version 20.10' })
  assert.ok(ms >= 0 && ms < 1_200)
  // Neither nginx nor a queue-processor is here, and the disk of the other machine is nearly full.
  assert.deepEqual(
    json.warnings.map(({ check, level }: any) => `${level} ${check}`),
    ['failure nginx', 'failure queue-processor', 'failure disk'],
  )
  for (const { says, advice } of json.warnings) assert.ok(says && advice)
  assert.deepEqual(json.settings, told['/in-force'].settings)
})

test('what does not answer is null, and no secret is told', async () => {
  bed.reaper((_req, res) => res.writeHead(503).end('{}'))
  const { json, text } = await described('GET', '/system')
  assert.deepEqual(
    [json.versions.nginx, json.versions.engine, json.disk.engine, json.memory.available],
    [null, null, null, null],
  )
  assert.equal(json.memory.previews, 12_000, 'as it was known last')
  // By the router's own environment.
  const setting = (wanted: string) => json.settings.find(({ name }: any) => name === wanted)
  assert.deepEqual(
    [setting('LOTAN_MAX_RUNNING').source, setting('LOTAN_SLOTS').source, setting('LOTAN_ADMIN_TOKEN').value],
    ['environment', 'default', null],
  )
  assert.ok(!text.includes(token) && !text.includes('hunter2'))
})

test('what sleeping has saved is the time stopped in the last week, times what each last took', async () => {
  answers()
  const now = Date.now()
  /** Up, then asleep, each some hours ago. */
  const sleeps = (tag: string, from: number, until?: number) => {
    const at = (hours: number) => now - hours * HOUR
    store.apply(tag, { type: 'start', by: 'admin' }, at(from + 1))
    for (const event of Object.values(steps)) store.apply(tag, event, at(from + 1))
    for (const event of [{ type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' }] as const)
      store.apply(tag, event, at(from))
    // Does not count twice.
    store.apply(tag, { type: 'pin', until: null }, at(from - 1))
    if (until !== undefined) store.apply(tag, { type: 'remove' }, at(until))
  }
  sleeps('asleep', 10)
  sleeps('removed', 30, 10)
  sleeps('longer', 200)
  sleeps('unmeasured', 50)
  const memory = (bytes: number) => ({ memory: bytes, cpu: null, requests: 0 })
  store.noteSamples(new Map([['asleep', memory(GB)], ['removed', memory(2 * GB)], ['longer', memory(GB / 2)], ['red', memory(9)]]), now) // prettier-ignore
  const { saved } = (await described('GET', '/system')).json
  assert.deepEqual([saved.previews, saved.hours, saved.memoryHours], [3, 10 + 20 + 168, 10 + 40 + 84])
  assert.match(saved.words, /3 previews slept for 198 hours .* 134 GB hours/)
})
