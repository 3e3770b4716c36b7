import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { bringUp, openBed } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const bed = await openBed({ LOTAN_MAX_RUNNING: '9', LOTAN_DATA_DAYS: '3' })
after(() => bed.close())
const { store } = bed
const described = await describedOf(bed)

const DAY = 86_400_000
const json = { 'Content-Type': 'application/json' }
const post = (tag: string, how: string, body: unknown) =>
  described('POST', `/previews/${tag}/${how}`, { body: JSON.stringify(body), headers: json })

/** As the queue-processor does when all parts are there. */
function make(copy: string) {
  const wish = store.copies.find(copy)!
  const image = store.get(wish.of)!.image!
  store.copies.made(wish, {
    image: { ...image, pulled: false },
    volumes: [],
    salt: undefined,
    trusted: true,
    frozen: 12,
  })
}

test('a clone is asked for once, also by two requests, and is a preview under its shown name once it is made', async () => {
  bringUp('red', bed)
  const asked = await post('red', 'clone', { as: 'anna' })
  assert.equal(asked.status, 202)
  assert.deepEqual([asked.json.tag, asked.json.of, asked.json.kept], ['red--as-anna', 'red', false])
  assert.equal(asked.json.host.split('.')[0], 'red--as-anna')
  assert.equal(asked.headers.location, '/api/v1/previews/red--as-anna')
  assert.equal((await post('red', 'clone', { as: 'anna' })).status, 202)
  assert.equal((await post('red', 'keep', { as: 'anna' })).status, 409)
  assert.equal((await described('GET', '/previews/red--as-anna')).status, 404)
  assert.equal(store.copies.find('red~anna')?.lasts, 3 * DAY)

  make('red~anna')
  const { json: made } = await described('GET', '/previews/red--as-anna')
  assert.deepEqual([made.tag, made.state, made.copyOf.tag, made.copyOf.kept], ['red--as-anna', 'stopped', 'red', false])
  assert.ok(Date.parse(made.pinned.until) > Date.now() + 3 * DAY - 60_000)
  const { json: again } = await post('red', 'clone', { as: 'anna' })
  assert.deepEqual([again.status, again.type.split('#')[1] ?? again.type.split('/').at(-1)], [409, 'in-use'])
  assert.equal((await described('GET', '/previews/red')).json.copyOf, null)
  const { json: list } = await described('GET', '/previews')
  assert.deepEqual(
    list.map(({ tag }: { tag: string }) => tag),
    ['red', 'red--as-anna'],
  )
  const { json: told } = await described('GET', '/previews/red/history')
  assert.equal(told[0].words, 'cloned as red--as-anna, frozen for 12 ms')
})

test('a copy is started, kept again and removed by its shown name, and its internal one is no tag', async () => {
  assert.equal((await described('POST', '/previews/red--as-anna/start')).json.state, 'queued')
  assert.equal((await post('red--as-anna', 'keep', { as: 'bug-12', for: '4w' })).json.tag, 'red--as-bug-12')
  assert.deepEqual(
    [store.copies.find('red~bug-12')?.of, store.copies.find('red~bug-12')?.lasts],
    ['red~anna', 28 * DAY],
  )
  make('red~bug-12')
  assert.equal((await described('GET', '/previews/red--as-bug-12')).json.copyOf.tag, 'red--as-anna')
  assert.equal((await described('GET', '/previews/red~anna')).status, 404)
  assert.equal((await described('DELETE', '/previews/red--as-bug-12')).status, 202)
  assert.equal(store.get('red~bug-12')?.state, 'removing')
})

test('a tag that is written as a copy is itself, where there is no such copy', async () => {
  bringUp('blue--as-ben', bed)
  const { json: tag } = await described('GET', '/previews/blue--as-ben')
  assert.deepEqual([tag.tag, tag.copyOf], ['blue--as-ben', null])
})

test('what cannot be copied says why', async () => {
  bringUp('odd', bed)
  for (const body of [{}, { as: '' }, { as: 'a--b' }, { as: 'Anna' }, { as: 'x'.repeat(21) }, { as: 'a', for: 'long' }])
    assert.equal((await post('odd', 'clone', body)).status, 400, JSON.stringify(body))
  assert.equal((await post('none', 'clone', { as: 'anna' })).status, 404)
  const text = { body: '{}', headers: { 'Content-Type': 'text/plain' } }
  assert.equal((await described('POST', '/previews/odd/keep', text)).status, 415)
  store.apply('bare', { type: 'start', by: 'api' })
  assert.equal((await post('bare', 'keep', { as: 'bug' })).status, 409)
  assert.equal(store.copies.find('bare~bug'), undefined)
})
