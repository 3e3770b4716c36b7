/** What Prometheus reads: each metric moves when what it tells of happens, and none is told wrongly. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fork } from 'node:child_process'
import path from 'node:path'
import Database from 'better-sqlite3'
import { readMetrics, type Exposed } from '../../testing/clients/prometheus.ts'
import { LOTAN } from '../../shared/actor.ts'
import { until } from '../../testing/harness/until.ts'
import { serviceRow } from '../../testing/harness/service-row.ts'
import { bearer, bringUp, domain, openBed, steps, type Bed } from '../admin/harness.ts'
import { readFacts } from './facts.ts'
import { families } from './families.ts'

let bed: Bed
before(async () => {
  bed = await openBed({
    LOTAN_FORGE: 'github',
    LOTAN_FORGE_REPOSITORY: 'acme/shop',
    LOTAN_METRICS_ALLOW: '198.51.100.7 203.0.113.0/24 fd00::/8',
    LOTAN_HOLD_SECONDS: '20',
    LOTAN_SHELL: 'on',
  })
  bed.reaper((req, res) => res.end(JSON.stringify(told[req.url!] ?? {})))
})
after(() => bed?.close())

/** What the reaper tells. */
const told: Record<string, unknown> = {
  '/engine': { version: '20.10' },
  '/machine': {
    engine: '20.10',
    disk: { total: 1_000, free: 400, root: '/var/lib/docker' },
    memory: { total: 64, available: 32 },
  },
  '/registry': {
    health: {
      '': { at: 1_763_700_000_500, took: 20, usual: 18, tags: 7, error: null, since: null },
      api: {
        at: 1_763_700_001_000,
        took: 9,
        usual: null,
        tags: null,
        error: { code: 'credentials', says: 'no' },
        since: 1,
      },
      docs: null,
    },
  },
  '/traffic': {
    previews: {
      red: { requests: 3, classes: { '2xx': 2, '4xx': 1 }, sent: 70, received: 7 },
      'api/red': { requests: 5, classes: { '2xx': 5 }, sent: 1, received: 2 },
    },
    other: { requests: 1, classes: { '5xx': 1 }, sent: 9, received: 1 },
  },
}

async function scrape(of = bed): Promise<Map<string, Exposed>> {
  const { status, headers, text } = await of.ask('/metrics', { headers: bearer })
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(headers['cache-control'], 'no-store')
  return readMetrics(text)
}

/** @param labels as the first that has these */
function valueOf(metrics: Map<string, Exposed>, series: string, labels: Record<string, string> = {}) {
  const family = metrics.get(series) ?? metrics.get(series.replace(/_(bucket|sum|count)$/, ''))
  return family?.series.find(
    (each) => each.name === series && Object.entries(labels).every(([name, value]) => each.labels[name] === value),
  )?.value
}

type Moved = [series: string, labels: Record<string, string>, by: number]

async function moves(act: () => unknown, expected: Moved[], of = bed) {
  const was = await scrape(of)
  await act()
  const now = await scrape(of)
  for (const [series, labels, by] of expected) {
    const [from, to] = [valueOf(was, series, labels) ?? 0, valueOf(now, series, labels)]
    assert.equal(to! - from, by, `${series} ${JSON.stringify(labels)} went from ${from} to ${to}`)
  }
}

const browser = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' }
const visit = (tag: string, path: string, headers: Record<string, string> = {}) =>
  bed.door(path, { 'X-Host': `${tag}.${domain}`, ...headers })
const fail = (code: 'wrong-port' | 'credentials') => ({ type: 'fail', reason: { code, detail: '' } }) as const

test('there is every metric, with its type and its help, and no other', async () => {
  const metrics = await scrape()
  assert.deepEqual([...metrics.keys()].sort(), Object.keys(families).sort())
  for (const [name, { type, help }] of metrics) assert.deepEqual({ type, help }, { type: families[name]!.type, help: families[name]!.help }) // prettier-ignore
})

test('the same tag in two repositories has two series, and each registry is told of by itself', async () => {
  const metrics = await scrape()
  assert.equal(valueOf(metrics, 'lotan_preview_requests_total', { preview: 'red', code: '2xx' }), 2)
  assert.equal(valueOf(metrics, 'lotan_preview_requests_total', { preview: 'api/red', code: '2xx' }), 5)
  assert.deepEqual(
    metrics.get('lotan_registry_up')!.series.map(({ labels, value }) => [labels.repository, value]),
    [
      ['', 1],
      ['api', 0],
    ],
  )
  assert.equal(valueOf(metrics, 'lotan_registry_read_timestamp_seconds', { repository: '' }), 1_763_700_000.5)
})

test('starts, pulls and their durations, previews by state and places', () =>
  moves(() => {
    bringUp('up', bed)
    bed.store.apply('bad', { type: 'start', by: 'api' })
    bed.store.apply('bad', fail('wrong-port'))
    bed.store.services.put(serviceRow('up', 'db'))
    bed.store.noteServiceEnd('up', { service: 'db', exitCode: 1 }, Date.now())
  }, [
    ['lotan_starts_total', { result: 'running', reason: '' }, 1],
    ['lotan_starts_total', { result: 'failed', reason: 'wrong-port' }, 1],
    ['lotan_starts_total', { result: 'failed', reason: 'credentials' }, 0],
    ['lotan_pull_duration_seconds_count', {}, 1],
    ['lotan_pull_duration_seconds_bucket', { le: '600' }, 1],
    ['lotan_start_duration_seconds_bucket', { le: '+Inf' }, 1],
    ['lotan_previews', { state: 'running' }, 1],
    ['lotan_previews', { state: 'failed' }, 1],
    ['lotan_previews', { state: 'paused' }, 0],
    ['lotan_services', { state: 'running' }, 1],
    ['lotan_services', { state: 'failed' }, 0],
    ['lotan_service_restarts_total', {}, 1],
    ['lotan_running_previews', {}, 1],
    ['lotan_slots', { state: 'taken' }, 1],
    ['lotan_slots', { state: 'free' }, -1],
  ]))

test('durations are in all buckets that are long enough, and in the sum', async () => {
  const began = 1_763_700_000_000
  await moves(() => {
    bed.store.apply('slow', { type: 'start', by: 'api' }, began)
    for (const event of [steps.absent, steps.pull]) bed.store.apply('slow', event, began)
    bed.store.apply('slow', steps.pulled, began + 45_000)
    for (const event of [steps.begin, steps.created, steps.started]) bed.store.apply('slow', event, began + 45_000)
    bed.store.apply('slow', steps.answered, began + 45_700)
  }, [
    ['lotan_pull_duration_seconds_bucket', { le: '30' }, 0],
    ['lotan_pull_duration_seconds_bucket', { le: '60' }, 1],
    ['lotan_pull_duration_seconds_bucket', { le: '+Inf' }, 1],
    ['lotan_pull_duration_seconds_sum', {}, 45],
    ['lotan_start_duration_seconds_bucket', { le: '0.5' }, 0],
    ['lotan_start_duration_seconds_bucket', { le: '1' }, 1],
  ])
})

test('crashes and reaps', () =>
  moves(() => {
    for (const tag of ['crash', 'idle', 'sleepy']) bringUp(tag, bed)
    const reason = { code: 'out-of-memory', detail: '' } as const
    bed.store.apply('crash', { type: 'exited', generation: 1, reason, gone: false })
    bed.store.apply('idle', { type: 'stop', why: 'room' })
    bed.store.apply('sleepy', { type: 'pause' })
  }, [
    ['lotan_crashes_total', { reason: 'out-of-memory' }, 1],
    ['lotan_reaps_total', { action: 'stop', reason: 'room' }, 1],
    ['lotan_reaps_total', { action: 'pause', reason: 'idle' }, 1],
    ['lotan_reaps_total', { action: 'stop', reason: 'idle' }, 0],
  ]))

test('jobs by lane, and sandboxes by state', () =>
  moves(async () => {
    await bed.nudges.nudge(bed.store.apply('jobbed', { type: 'start', by: 'visit' })!)
    bed.store.sandboxes.begin(null, Date.now())
  }, [
    ['lotan_queue_jobs', { lane: 'start', state: 'waiting' }, 1],
    ['lotan_queue_jobs', { lane: 'pull', state: 'waiting' }, 0],
    ['lotan_sandboxes', { state: 'making' }, 1],
  ]))

test('cold answers by kind', () =>
  moves(async () => {
    await visit('waited-for', '/wait', browser)
    await visit('waited-for', '/answer', browser)
    await visit('waited-for', '/answer')
    await visit('asleep', '/answer', { 'X-Kind': 'robot' })
    await visit('-no', '/answer', browser)
    await visit('asleep', '/answer', { 'X-Uri': '/robots.txt' })
  }, [
    ['lotan_cold_answers_total', { kind: 'waiting-page' }, 1],
    ['lotan_cold_answers_total', { kind: 'starting' }, 1],
    ['lotan_cold_answers_total', { kind: 'asleep' }, 1],
    ['lotan_cold_answers_total', { kind: 'no-tag' }, 1],
    ['lotan_cold_answers_total', { kind: 'robots-txt' }, 1],
    ['lotan_cold_answers_total', { kind: 'held' }, 0],
    ['lotan_gate_refusals_total', { kind: 'pass-needed' }, 0],
  ]))

test('whom the gate turns away, once each', async () => {
  const gated = await openBed({ LOTAN_GATE: 'password', LOTAN_GATE_PASSWORD: 'open sesame' })
  const about = { 'X-Host': `red.${domain}` }
  try {
    await moves(
      async () => {
        // As nginx asks: its subrequest is refused, and then it asks what the visitor gets.
        await gated.door('/route', { ...about, ...browser })
        await gated.door('/answer', { ...about, ...browser })
        for (const path of ['/route', '/answer', '/answer']) await gated.door(path, about)
        await gated.door('/enter', { ...about, ...browser, 'X-Uri': '/.lotan/enter?code=wrong' })
      },
      [
        ['lotan_gate_refusals_total', { kind: 'login' }, 1],
        ['lotan_gate_refusals_total', { kind: 'pass-needed' }, 3],
        ['lotan_cold_answers_total', { kind: 'waiting-page' }, 0],
      ],
      gated,
    )
  } finally {
    await gated.close()
  }
})

test('a damaged database takes nothing from the rest', async () => {
  const damaged = await openBed()
  try {
    const file = new Database(path.join(damaged.config.dataDir, 'lotan.sqlite'))
    file.exec('DROP TABLE counter')
    file.close()
    const metrics = await scrape(damaged)
    assert.equal(metrics.has('lotan_previews'), false)
    assert.equal(valueOf(metrics, 'lotan_queue_jobs', { lane: 'start', state: 'waiting' }), 0)
  } finally {
    await damaged.close()
  }
})

test('requests that are held now, and those that were', () =>
  moves(async () => {
    bed.store.facts.set('slotKind', 'port')
    bed.store.facts.set(
      'slotPorts',
      Array.from({ length: 60 }, (_, i) => 20_000 + i),
    )
    const held = visit('held', '/wait')
    await until('it is held', async () => valueOf(await scrape(), 'lotan_held_requests') === 1)
    for (const event of Object.values(steps)) bed.store.apply('held', event)
    assert.equal((await held).status, 200)
  }, [
    ['lotan_held_requests', {}, 0],
    ['lotan_cold_answers_total', { kind: 'held' }, 1],
  ]))

test('what the reaper tells of disk, memory and traffic, and what the settings say of them', async () => {
  const metrics = await scrape()
  for (const [series, labels, value] of [
    ['lotan_engine_disk_size_bytes', {}, 1_000],
    ['lotan_engine_disk_free_bytes', {}, 400],
    ['lotan_engine_disk_mark_ratio', { mark: 'high' }, bed.config.disk.high / 100],
    ['lotan_memory_size_bytes', {}, 64],
    ['lotan_memory_available_bytes', {}, 32],
    ['lotan_memory_mark_ratio', {}, bed.config.memoryHigh / 100],
    ['lotan_running_previews_limit', {}, bed.config.maxRunning],
    ['lotan_preview_requests_total', { preview: 'red', code: '2xx' }, 2],
    ['lotan_preview_requests_total', { preview: 'red', code: '4xx' }, 1],
    ['lotan_preview_requests_total', { preview: 'all others', code: '5xx' }, 1],
    ['lotan_preview_sent_bytes_total', { preview: 'red' }, 70],
    ['lotan_preview_received_bytes_total', { preview: 'all others' }, 1],
    ['lotan_up', { component: 'database' }, 1],
    ['lotan_up', { component: 'redis' }, 1],
    ['lotan_up', { component: 'engine' }, 1],
    // None runs in this test.
    ['lotan_up', { component: 'queue-processor' }, 0],
  ] as const)
    assert.equal(valueOf(metrics, series, labels), value, `${series} ${JSON.stringify(labels)}`)
  assert.ok(valueOf(metrics, 'lotan_data_disk_free_bytes')! > 0)
  assert.ok(valueOf(metrics, 'lotan_database_size_bytes')! > 4_096)
})

test('changes by state, and none where there is no forge', async () => {
  const known = { repository: '', title: '', author: '', branch: 'b', base: 'main', sha: 's', fork: false, url: '', updated: 1 } // prettier-ignore
  await moves(() => {
    for (const [number, state] of (['open', 'open', 'merged'] as const).entries())
      bed.store.changes.put({ ...known, number, state }, [], 1)
  }, [
    ['lotan_changes', { state: 'open' }, 2],
    ['lotan_changes', { state: 'merged' }, 1],
    ['lotan_changes', { state: 'closed' }, 0],
  ])
  const config = { ...bed.config, forge: null }
  const checkReadiness = () => Promise.resolve({ checks: {} } as never)
  const { database } = await readFacts({ ...bed.context, config, checkReadiness }, Date.now())
  assert.equal(database!.changes, null)
})

test('sessions inside previews by kind, and how they end; none where the way in is off', async () => {
  const session = { preview: 'red', service: null, program: 'psql', via: 'api', who: 'anna', address: null, container: null, opened: 1 } as const // prettier-ignore
  const { shellSessions } = bed.store
  shellSessions.open({ ...session, id: 's1', kind: 'exec' })
  await moves(() => {
    shellSessions.open({ ...session, id: 's2', kind: 'shell' })
    shellSessions.close('s1')
    const end = { why: 'exited', code: 0 } as const
    bed.store.noteDone('red', { type: 'session', kind: 'exec', service: null, program: 'psql', end, seconds: 1 }, Date.now(), LOTAN) // prettier-ignore
  }, [
    ['lotan_shell_sessions', { kind: 'exec' }, -1],
    ['lotan_shell_sessions', { kind: 'shell' }, 1],
    ['lotan_shell_sessions_ended_total', { kind: 'exec', end: 'exited' }, 1],
    ['lotan_shell_sessions_ended_total', { kind: 'exec', end: 'idle' }, 0],
  ])
  const config = { ...bed.config, shell: null }
  const checkReadiness = () => Promise.resolve({ checks: {} } as never)
  const { database } = await readFacts({ ...bed.context, config, checkReadiness }, Date.now())
  assert.equal(database!.sessions, null)
})

test('memory of what is up, as it was last measured', () =>
  moves(() => {
    const sample = { memory: 5_000, cpu: null, requests: 0 }
    bringUp('measured', bed)
    bed.store.noteSamples(new Map([['measured', sample], ['gone', sample]]), Date.now()) // prettier-ignore
  }, [['lotan_previews_memory_bytes', {}, 5_000]]))

test('the router’s own process', async () => {
  const was = await scrape()
  for (const until = performance.now() + 30; performance.now() < until;);
  const now = await scrape()
  for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_active_seconds_total'])
    assert.ok(valueOf(now, name)! >= valueOf(was, name)! + 0.02, name)
  assert.ok(Math.abs(valueOf(now, 'process_start_time_seconds')! - performance.timeOrigin / 1_000) < 1)
  for (const name of ['process_resident_memory_bytes', 'nodejs_heap_size_used_bytes', 'nodejs_heap_size_total_bytes'])
    assert.ok(valueOf(now, name)! > 1e6, name)
  assert.ok(valueOf(now, 'process_open_fds')! > 5)
})

test('what does not answer is left out, and said to be down', async () => {
  bed.reaper((_req, res) => res.writeHead(500).end('{}'))
  try {
    const metrics = await scrape()
    for (const name of ['lotan_engine_disk_free_bytes', 'lotan_preview_requests_total', 'lotan_memory_size_bytes'])
      assert.equal(metrics.has(name), false, name)
    assert.equal(valueOf(metrics, 'lotan_up', { component: 'engine' }), 0)
    assert.ok(metrics.has('lotan_engine_disk_mark_ratio'))
  } finally {
    bed.reaper((req, res) => res.end(JSON.stringify(told[req.url!] ?? {})))
  }
})

test('they are for who may read, and for the addresses that may scrape', async () => {
  const made = (name: string, more: object) =>
    bed.api('/tokens', { method: 'POST', body: JSON.stringify({ name, ...more }), headers: { 'Content-Type': 'application/json' } }) // prettier-ignore
  const reader = { Authorization: `Bearer ${(await made('reader', { can: 'read' })).json.token}` }
  const partial = { Authorization: `Bearer ${(await made('partial', { can: 'read', match: '^b' })).json.token}` }
  const from = (address: string) => ({ 'X-Forwarded-For': address })
  const cases: [headers: Record<string, string>, status: number][] = [
    [{}, 401],
    [{ Authorization: 'Bearer wrong' }, 401],
    [bearer, 200],
    [reader, 200],
    [partial, 200],
    [from('198.51.100.7'), 200],
    [from('::ffff:198.51.100.7'), 200],
    [from('203.0.113.200'), 200],
    [from('fd12::1'), 200],
    [from('198.51.100.8'), 401],
    [from('fe80::1'), 401],
    [from('::ffff:198.51.100.8'), 401],
    // nginx adds the client's address at the end of what the client has written.
    [from('198.51.100.7, 192.0.2.9'), 401],
  ]
  for (const [headers, status] of cases)
    assert.equal((await bed.ask('/metrics', { headers })).status, status, JSON.stringify(headers))
  const refused = await bed.ask('/metrics')
  assert.deepEqual([refused.json.status, refused.headers['www-authenticate']], [401, 'Bearer realm="lotan"'])
  // A token for some tags sees the names of no others; the address opens nothing else, and changes nothing.
  assert.doesNotMatch((await bed.ask('/metrics', { headers: partial })).text, /preview="red"/)
  assert.match((await bed.ask('/metrics', { headers: reader })).text, /preview="red"/)
  for (const uri of ['/', '/api/v1/previews', '/metrics/', '/Metrics', '/api/v1/tokens'])
    assert.equal((await bed.ask(uri, { headers: from('198.51.100.7') })).status, 401, uri)
  assert.equal((await bed.ask('/metrics', { method: 'POST', headers: from('198.51.100.7') })).status, 401)
  assert.equal((await bed.ask('/metrics', { method: 'HEAD', headers: from('198.51.100.7') })).status, 200)
})

test('nothing of it is loaded before the first scrape', async () => {
  const router = new URL('../admin/app.ts', import.meta.url).href
  const text = `await import(${JSON.stringify(router)}); process.send(Object.keys(require('node:module')._cache))`
  const child = fork('-', { execArgv: ['--input-type=module', '-e', `import { createRequire } from 'node:module'; const require = createRequire('/'); ${text}`] }) // prettier-ignore
  const loaded = await new Promise<string[]>((resolve) => child.once('message', (names) => resolve(names as string[])))
  child.kill()
  assert.ok(loaded.length > 10)
  assert.deepEqual(loaded.filter((name) => name.includes('prom-client')), []) // prettier-ignore
})
