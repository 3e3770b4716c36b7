import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { bringUp, openBed, type Answer } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const bed = await openBed()
after(() => bed.close())
const { store } = bed
const described = await describedOf(bed)

/** The address of the next page, below /api/v1. */
function nextOf({ headers }: Answer): string | undefined {
  return /^<\/api\/v1(.*)>; rel="next"$/.exec(String(headers.link))?.[1]
}

test('a preview’s changes are told newest first, with words', async () => {
  bringUp('red', bed)
  store.apply('red', { type: 'stop', why: 'idle' })
  const { json, headers } = await described('GET', '/previews/red/history')
  assert.equal(headers.link, undefined)
  assert.deepEqual(
    json.map(({ event }: any) => event),
    ['stop', 'answered', 'started', 'created', 'begin', 'pulled', 'pull', 'start'],
  )
  const [{ id, time, ...stop }] = json
  assert.ok(id > json[1].id && time >= json[1].time)
  const expected = { was: 'running', state: 'stopping', event: 'stop', generation: 1, detail: 'idle' }
  assert.deepEqual(stop, { ...expected, who: 'lotan', address: null, request: null, words: 'nobody used it' })
  assert.deepEqual([json.at(-1).was, json.at(-1).words], ['unknown', 'Start was pressed'])
})

test('pages of it are the whole, whatever happens between them', async () => {
  bringUp('paged', bed)
  const whole = (await described('GET', '/previews/paged/history')).json
  const pages: unknown[] = []
  let uri: string | undefined = '/previews/paged/history?limit=3'
  for (let n = 0; uri !== undefined; n++) {
    const answer = await described('GET', uri)
    assert.ok(answer.json.length >= 1 && answer.json.length <= 3)
    pages.push(...answer.json)
    uri = nextOf(answer)
    if (n === 0) store.apply('paged', { type: 'pin', until: null })
  }
  assert.equal(whole.length, 7)
  assert.deepEqual(pages, whole)
})

test('the history of what was removed is told, too, and what never was has none', async () => {
  bringUp('gone', bed)
  for (const type of ['remove', 'ending', 'removed'] as const) store.apply('gone', { type })
  assert.equal(store.get('gone'), undefined)
  const { json } = await described('GET', '/previews/gone/history')
  assert.deepEqual([json[0].event, json[0].state], ['removed', 'unknown'])
  // A page after the last one is empty, not missing.
  assert.deepEqual((await described('GET', '/previews/gone/history?after=1')).json, [])
  assert.equal((await described('GET', '/previews/never/history')).status, 404)
})

test('codes that colour terminals are not in its words', async () => {
  bringUp('coloured', bed)
  const reason = { code: 'exited', detail: '\x1b[31mred\x1b[0m words' } as const
  store.apply('coloured', { type: 'exited', generation: 1, gone: false, reason })
  assert.equal((await described('GET', '/previews/coloured/history?limit=1')).json[0].words, 'exited: red words')
})

test('limit and after are numbers', async () => {
  for (const query of [
    'limit=0',
    'limit=501',
    'limit=x',
    'limit=',
    'limit=1&limit=2',
    'after=x',
    'after=-1',
    'after=0',
  ])
    assert.equal((await described('GET', `/previews/red/history?${query}`)).status, 400, query)
})
