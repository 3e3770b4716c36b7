/** One id follows a click: from nginx's question to the history and the log lines, and no further than its start. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { bearer, domain, openBed, steps } from './admin/harness.ts'

const bed = await openBed()
after(() => bed.close())
const { ask, store } = bed

const visit = (tag: string, path: string, id?: string) =>
  bed.door(path, {
    'X-Host': `${tag}.${domain}`,
    Accept: 'text/html',
    'Sec-Fetch-Mode': 'navigate',
    ...(id !== undefined && { 'X-Request-Id': id }),
  })
const linesOf = (tag: string) =>
  bed.lines
    .map((line) => JSON.parse(line) as { tag?: string; event?: string; request?: string })
    .filter((line) => line.tag === tag && line.event !== undefined)
const told = (tag: string) =>
  store
    .history(tag)
    .map(({ event, request }) => [event, request])
    .reverse()

test('the id of the click is told with each step of the start that it caused, and not with what comes later', async () => {
  await visit('red', '/wait', 'the-first-click-of-all')
  await visit('red', '/wait', 'another-click-meanwhile')
  assert.equal(store.get('red')?.request, 'the-first-click-of-all')
  for (const event of Object.values(steps)) store.apply('red', event)
  assert.equal(store.get('red')?.request, null)
  store.apply('red', { type: 'stop', why: 'idle' })
  await visit('red', '/wait', 'the-click-that-calls-back')
  const start = ['start', 'pull', 'pulled', 'begin', 'created', 'started', 'answered']
  const expected = [
    ...start.map((event) => [event, 'the-first-click-of-all']),
    ['stop', null],
    ['start', 'the-click-that-calls-back'],
  ]
  assert.deepEqual(told('red'), expected)
  const logged = linesOf('red').map(({ event, request }) => [event, request ?? null])
  assert.deepEqual(
    logged.filter(([event]) => event !== 'absent'),
    expected,
  )
})

test('a start that fails, or that Lotan makes by itself, goes back to no later click', async () => {
  await visit('bad', '/wait', 'the-click-on-a-bad-one')
  store.apply('bad', { type: 'fail', reason: { code: 'no-answer', detail: '' } })
  store.apply('bad', { type: 'start', by: 'retry' })
  assert.deepEqual(told('bad'), [
    ['start', 'the-click-on-a-bad-one'],
    ['fail', 'the-click-on-a-bad-one'],
    ['start', null],
  ])
})

test('a call of the API is followed as a click is, and a restart until it runs again', async () => {
  const { json } = await bed.api('/previews/by-api/start', { method: 'POST', headers: { 'X-Request-Id': 'a-call-of-the-api' } }) // prettier-ignore
  assert.equal(json.state, 'queued')
  for (const event of Object.values(steps)) store.apply('by-api', event)
  await bed.api('/previews/by-api/restart', { method: 'POST', headers: { 'X-Request-Id': 'the-restart-by-api' } })
  store.apply('by-api', { type: 'ending' })
  store.apply('by-api', { type: 'ended' })
  assert.deepEqual(told('by-api').slice(-4), [
    ['answered', 'a-call-of-the-api'],
    ['restart', 'the-restart-by-api'],
    ['ending', 'the-restart-by-api'],
    ['ended', 'the-restart-by-api'],
  ])
  const history = await bed.api('/previews/by-api/history?limit=1')
  assert.equal(history.json[0].request, 'the-restart-by-api')
})

test('Lotan’s own answers tell the id, nginx’s or one of their own', async () => {
  assert.equal((await visit('red', '/answer', 'asked-for-the-page-0')).headers['lotan-request-id'], 'asked-for-the-page-0') // prettier-ignore
  for (const uri of ['/healthz', '/', '/api/v1/previews', '/nothing']) {
    const headers = { ...bearer, 'X-Request-Id': 'as-nginx-sends-it-here' }
    assert.equal((await ask(uri, { headers })).headers['lotan-request-id'], 'as-nginx-sends-it-here')
    assert.match(String((await ask(uri, { headers: bearer })).headers['lotan-request-id']), /^[0-9a-f]{32}$/)
  }
})

test('a line about a request that failed has its id', async () => {
  const { get } = store
  store.get = () => {
    throw new Error('a fault of this test')
  }
  try {
    await visit('broken', '/answer', 'the-one-that-went-wrong')
  } finally {
    store.get = get
  }
  const line = bed.lines.findLast((line) => line.includes('nginx could not be answered'))
  assert.equal((JSON.parse(line!) as { request: string }).request, 'the-one-that-went-wrong')
})
