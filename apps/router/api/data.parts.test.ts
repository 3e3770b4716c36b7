/** Snapshots, resets, volumes and secrets in the API: what is asked for, told and refused. The queue-processor does it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SnapshotJson } from '../../shared/api/snapshot.ts'
import { stackSecret } from '../../shared/stack/secrets.ts'
import { bringUp, openBed, type Ask } from '../admin/harness.ts'
import { volumeRow } from '../../testing/harness/service-row.ts'
import { describedOf } from './harness.ts'

const bed = await openBed({
  LOTAN_REPOSITORIES: 'api=registry.example.com/api',
  REPOSITORY: 'registry.example.com/app',
})
after(() => bed.close())
const { api, store } = bed
const described = await describedOf(bed)

const json = { 'Content-Type': 'application/json' }
const send = (method: string, path: string, body?: object, headers: Ask['headers'] = {}) =>
  described(method, path, body ? { body: JSON.stringify(body), headers: { ...json, ...headers } } : { headers })
const snapshot = (tag: string, name: string) => send('POST', `/previews/${tag}/snapshots`, { name })
const problemOf = ({ status, json }: { status: number; json: any }) => `${status} ${json.type.split('/').at(-1)}`
const made = { digest: 'sha256:1', revision: 'c0ffee', stack: 'spec', salt: 'grain', frozen: 1_200 }
const admin = { who: 'admin', address: null }

async function tokenOf(name: string, can: string, match: string | null = null) {
  const { json: made } = await api('/tokens', {
    method: 'POST',
    body: JSON.stringify({ name, can, match }),
    headers: json,
  })
  return { Authorization: `Bearer ${made.token}` }
}

/** As the queue-processor does. */
function finish(name: string, id: string) {
  const engine = `of-${name}`
  store.volumes.add(volumeRow(id, 'data', { engine, snapshot: name, state: 'filling', bytes: 7 }))
  assert.ok(store.snapshots.finish(name, [engine], made, Date.now()))
}

bringUp('pr-1', bed)
bringUp('empty', bed)
store.volumes.add(volumeRow('pr-1', 'data', { engine: 'v1', usedAt: Date.now() }))
store.volumes.add(volumeRow('asleep', 'data', { engine: 'v2', usedAt: Date.now() }))

test('a snapshot is asked for, told once it is made, and deleted, as often as one likes', async () => {
  const asked = await snapshot('pr-1', 'golden')
  assert.deepEqual([asked.status, asked.headers.location], [202, '/api/v1/snapshots/golden'])
  assert.deepEqual([asked.json.state, asked.json.by, asked.json.frozenMs], ['asked', 'admin', null])
  assert.equal(problemOf(await snapshot('pr-1', 'golden')), '409 name-taken')
  assert.equal(problemOf(await api('/snapshots/golden', { method: 'DELETE' })), '409 in-use')
  finish('golden', 'pr-1')
  const told = (await api('/snapshots/golden')).json as SnapshotJson
  assert.deepEqual(
    [told.state, told.tag, told.frozenMs, told.volumes],
    ['ready', 'pr-1', 1_200, [{ name: 'data', bytes: 7 }]],
  )
  assert.deepEqual([told.digest, told.revision, told.published], ['sha256:1', 'c0ffee', false])
  assert.deepEqual((await described('GET', '/snapshots')).json, [told])
  assert.ok(!JSON.stringify([told, bed.lines]).includes('grain'))
  const [history] = (await described('GET', '/previews/pr-1/history?limit=1')).json
  assert.equal(history.words, 'snapshot made: golden, frozen for 1200 ms')

  store.snapshots.ask('short', 'pr-1', Date.now(), admin)
  finish('short', 'pr-1')
  for (let i = 0; i < 2; i++) assert.equal((await api('/snapshots/short', { method: 'DELETE' })).status, 204)
  assert.equal((await api('/snapshots/short')).status, 404)
  assert.deepEqual(store.volumes.list().find(({ engine }) => engine === 'of-short')?.state, 'old')
})

test('what cannot be copied says why', async () => {
  for (const name of ['', 'Golden', '-x', 'a/b', 'x'.repeat(41), 1])
    assert.equal(problemOf(await send('POST', '/previews/pr-1/snapshots', { name })), '400 bad-body', String(name))
  assert.equal(problemOf(await snapshot('empty', 'none')), '409 no-volumes')
  assert.equal(problemOf(await snapshot('none', 'none')), '404 no-preview')
  const text = { body: 'x', headers: { 'Content-Type': 'text/plain' } }
  assert.equal((await described('POST', '/previews/pr-1/snapshots', text)).status, 415)
})

test('a token sees snapshots of its own tags alone, and publishing is for admins', async () => {
  const own = await tokenOf('own', 'run', '^pr%-')
  const other = await tokenOf('other', 'run', '^other')
  assert.equal((await api('/snapshots', { headers: own })).json.length, 1)
  assert.deepEqual((await api('/snapshots', { headers: other })).json, [])
  assert.equal((await api('/snapshots/golden', { headers: other })).status, 404)
  assert.equal((await api('/snapshots/golden', { method: 'DELETE', headers: other })).status, 204)
  assert.ok(store.snapshots.find('golden'))
  assert.equal((await api('/snapshots/golden/publish', { method: 'POST', headers: own })).status, 403)
  assert.equal((await api('/snapshots/golden/publish', { method: 'POST' })).json.published, true)
  assert.equal((await api('/snapshots/golden/publish', { method: 'DELETE' })).json.published, false)
  assert.deepEqual(
    store.history('pr-1', 2).map(({ event }) => event),
    ['snapshotUnpublished', 'snapshotPublished'],
  )
})

test('a reset is asked for, from nothing or from a snapshot that the preview may have', async () => {
  assert.equal(problemOf(await described('GET', '/previews/pr-1/reset')), '404 no-reset')
  const asked = await send('POST', '/previews/pr-1/reset', { from: 'golden' })
  assert.deepEqual([asked.status, asked.json.state, asked.json.from], [202, 'asked', 'golden'])
  assert.equal(problemOf(await send('POST', '/previews/pr-1/reset')), '409 in-use')
  assert.equal(problemOf(await api('/snapshots/golden', { method: 'DELETE' })), '409 in-use')
  store.resets.fail('pr-1', 'the disk is full', Date.now())
  const { json: told } = await described('GET', '/previews/pr-1/reset')
  assert.deepEqual([told.state, told.reason], ['failed', 'the disk is full'])
  assert.equal((await send('POST', '/previews/pr-1/reset')).json.from, null)
  store.resets.fail('pr-1', 'test', Date.now())

  assert.equal(problemOf(await send('POST', '/previews/asleep/reset', { from: 'golden' })), '403 not-allowed')
  assert.equal(problemOf(await send('POST', '/previews/pr-1/reset', { from: 'none' })), '404 no-snapshot')
  assert.equal(problemOf(await send('POST', '/previews/empty/reset')), '409 no-volumes')
  assert.equal(problemOf(await send('POST', '/previews/none/reset')), '404 no-preview')
  assert.equal(problemOf(await send('POST', '/previews/pr-1/reset', { form: 'golden' })), '400 bad-body')
  store.snapshots.publish('golden', true, Date.now(), admin)
  const other = await tokenOf('asleep', 'run', '^asleep')
  assert.equal((await send('POST', '/previews/asleep/reset', { from: 'golden' }, other)).status, 202)
  store.resets.fail('asleep', 'test', Date.now())
})

test('volumes are listed with when they go, and deleted where no container may use them', async () => {
  const [asleep, used, ...others] = (await described('GET', '/volumes')).json
  assert.deepEqual([asleep.tag, used.tag, others.length], ['asleep', 'pr-1', 0])
  assert.deepEqual([used.goes, Date.parse(asleep.goes) - Date.parse(asleep.used)], [null, 7 * 86_400_000])
  const remove = (path: string) => api(path, { method: 'DELETE' })
  const refused = await remove('/volumes/pr-1/data')
  assert.equal(problemOf(refused), '409 in-use')
  assert.match(refused.json.detail, /pr-1 has containers, which may use data/)
  store.snapshots.ask('copied', 'asleep', Date.now(), admin)
  assert.equal(problemOf(await remove('/volumes/asleep/data')), '409 in-use')
  store.snapshots.fail('copied', 'test')
  for (let i = 0; i < 2; i++) assert.equal((await remove('/volumes/asleep/data')).status, 204)
  assert.deepEqual(store.volumes.of('asleep'), [])
  assert.equal((await remove('/repositories/api/volumes/pr-1/data')).status, 204)
  assert.equal(store.volumes.of('pr-1').length, 1)
})

test('an admin reads secrets, which the history tells, and nothing else tells them', async () => {
  const { config } = bed.context
  const stack = 'services: { app: { environment: { A: "${LOTAN_SECRET_A}" } } }'
  const preview = store.get('pr-1')!
  assert.ok(preview.image)
  const image = { ...preview.image, id: 'i2', labels: { 'lotan.stack': stack } }
  for (const event of [{ type: 'stop', why: 'asked' }, { type: 'ending' }, { type: 'ended' }] as const)
    store.apply('pr-1', event)
  store.apply('pr-1', { type: 'refresh' })
  store.apply('pr-1', { type: 'renewed', number: store.get('pr-1')!.update?.number ?? 0, image })
  assert.equal(store.get('pr-1')!.image?.id, 'i2')
  assert.deepEqual((await described('GET', '/previews/pr-1/secrets')).json, [])
  const value = stackSecret(config.stackKey, store.stackSalts.of('pr-1'), 'A')
  const answer = await described('GET', '/previews/pr-1/secrets')
  assert.deepEqual(answer.json, [{ name: 'LOTAN_SECRET_A', value }])
  assert.equal(answer.headers['cache-control'], 'no-store')
  const [told] = store.history('pr-1', 1)
  assert.deepEqual([told!.event, told!.who, told!.address], ['secretsRead', 'admin', '192.0.2.1'])
  const run = await tokenOf('runs', 'run')
  assert.equal((await api('/previews/pr-1/secrets', { headers: run })).status, 403)
  const elsewhere = await Promise.all(
    ['/previews/pr-1', '/previews/pr-1/explain', '/previews/pr-1/history', '/snapshots', '/volumes'].map((path) =>
      api(path),
    ),
  )
  const texts = JSON.stringify([elsewhere.map(({ text }) => text), bed.lines])
  for (const secret of [value, store.stackSalts.find('pr-1')!, config.stackKey]) assert.ok(!texts.includes(secret))
})
