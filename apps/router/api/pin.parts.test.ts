import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { idOf } from '../../shared/preview/preview-id.ts'
import { bringUp, openBed, steps } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const bed = await openBed({ LOTAN_MAX_RUNNING: '2' })
after(() => bed.close())
const { store } = bed
const described = await describedOf(bed)

const json = { 'Content-Type': 'application/json' }
const put = (tag: string, body?: string) =>
  described('PUT', `/previews/${tag}/pin`, { body, headers: body === undefined ? {} : json })
const soon = (ms: number) => new Date(Date.now() + ms).toISOString()

test('a preview is pinned, for some time or not, and unpinned', async () => {
  bringUp('red', bed)
  assert.equal((await described('GET', '/previews/red')).json.pinned, null)
  assert.deepEqual((await put('red')).json.pinned, { until: null })
  const until = soon(3_600_000)
  assert.deepEqual((await put('red', JSON.stringify({ until }))).json.pinned, { until })
  assert.deepEqual((await described('GET', '/previews/red')).json.pinned, { until })
  assert.deepEqual((await put('red', '{"until":"2999-12-24T18:00:00+01:00"}')).json.pinned, {
    until: '2999-12-24T17:00:00.000Z',
  })
  assert.deepEqual((await put('red', '{"until":null}')).json.pinned, { until: null })
  const unpinned = () => described('DELETE', '/previews/red/pin')
  assert.deepEqual([(await unpinned()).json.pinned, (await unpinned()).json.pinned], [null, null])
  const told = store.history('red').map(({ event }) => event)
  assert.deepEqual(told.slice(0, 5), ['unpin', 'pin', 'pin', 'pin', 'pin'])
})

test('a pin that is over counts as none', async () => {
  bringUp('over', bed)
  store.apply('over', { type: 'pin', until: Date.now() - 1 })
  assert.equal((await described('GET', '/previews/over')).json.pinned, null)
})

test('what cannot be pinned says why', async () => {
  bringUp('odd', bed)
  for (const body of [
    '[]',
    '"x"',
    '{"until":1}',
    '{"until":"soon"}',
    '{"until":"2001-01-01T00:00:00Z"}',
    '{"for":"7d"}',
  ])
    assert.equal((await put('odd', body)).status, 400, body)
  assert.equal((await put('none')).status, 404)
  assert.equal((await described('DELETE', '/previews/none/pin')).status, 404)
  const text = { body: '{}', headers: { 'Content-Type': 'text/plain' } }
  assert.equal((await described('PUT', '/previews/odd/pin', text)).status, 415)
  store.apply('odd', { type: 'remove' })
  assert.equal((await put('odd')).status, 409)
  assert.equal(store.get('odd')?.pin, null)
})

test('a pin does not wake what sleeps, and calls back what is about to sleep', async () => {
  bringUp('asleep', bed)
  for (const event of [{ type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' }] as const)
    store.apply('asleep', event)
  const { json } = await put('asleep')
  assert.deepEqual([json.state, json.pinned], ['stopped', { until: null }])

  bringUp('drowsy', bed)
  store.apply('drowsy', { type: 'stop', why: 'idle' })
  assert.equal((await put('drowsy')).json.state, 'running')
})

test('where pins alone fill LOTAN_MAX_RUNNING, what waits says so', async () => {
  const up = store.list().filter(({ state }) => state === 'running')
  for (const type of ['remove', 'ending', 'removed'] as const)
    for (const preview of up) store.apply(idOf(preview), { type })
  bringUp('first', bed)
  bringUp('second', bed)
  store.apply('waits', { type: 'start', by: 'visit' })
  store.apply('waits', { type: 'found', image: steps.pulled.image })
  const detail = async () => (await described('GET', '/previews/waits')).json.detail as string
  await put('first')
  assert.match(await detail(), /room is made when one is idle/)
  await put('second')
  assert.match(await detail(), /2 of 2 run, and all are pinned/)
})

test('the pages pin and unpin, and show it', async () => {
  bringUp('shown', bed)
  const headers = { Cookie: await bed.cookie(), 'Sec-Fetch-Site': 'same-origin', Referer: 'http://x/previews/shown' }
  const page = async (uri: string) => (await bed.ask(uri, { headers })).text
  assert.match(await page('/previews/shown'), /action="\/previews\/shown\/pin"/)
  const pinned = await bed.ask('/previews/shown/pin', { method: 'POST', headers })
  assert.equal(pinned.status, 303)
  assert.deepEqual(store.get('shown')?.pin, { until: null })
  assert.match(await page('/previews/shown'), /, pinned until it is unpinned<.*formaction="\/previews\/shown\/unpin"/s)
  assert.match(await page('/?q=shown'), />Pinned</)
  assert.equal((await bed.ask('/previews/shown/unpin', { method: 'POST', headers })).status, 303)
  assert.equal(store.get('shown')?.pin, null)
  assert.equal((await bed.ask('/previews/none/pin', { method: 'POST', headers })).status, 404)

  const form = { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }
  const pinFor = (body: string) => bed.ask('/previews/shown/pin', { method: 'POST', headers: form, body })
  assert.equal((await pinFor('for=1w&days=')).status, 303)
  assert.ok(Math.abs(store.get('shown')!.pin!.until! - Date.now() - 7 * 86_400_000) < 60_000)
  assert.match(await page('/previews/shown'), /, pinned until <time datetime="[^"]+" data-as="moment">/)
  const wrong = await pinFor('for=ever')
  assert.deepEqual([wrong.status, wrong.headers.location], [400, undefined])
  assert.match(wrong.text, /That is no span of time/)
})
