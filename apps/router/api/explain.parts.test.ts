import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Caller } from '../access/caller.ts'
import { bringUp, openBed } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const caller: Caller = { via: 'token', can: 'admin', who: 'admin', sees: () => true }
const bed = await openBed({}, () => ({ ...caller }))
after(() => bed.close())
const described = await describedOf(bed)

const known = {
  '/in-force': {
    settings: [],
    variables: [
      { name: 'A', value: '1', secret: false, from: 'ENV_ARGS', repository: null },
      { name: 'DB_PASSWORD', value: null, secret: true, from: 'ENV_ARGS', repository: null },
      { name: 'A', value: '2', secret: false, from: 'LOTAN_CONTAINER_ENV_API__A', repository: 'api' },
    ],
  },
  '/watched': { open: ['red'], updatesAt: Date.now() + 60_000 },
}
bed.reaper((req, res) => res.end(JSON.stringify(known[req.url as keyof typeof known])))

test('what a preview runs with, why it is awake and what happens next, by the description', async () => {
  bringUp('red', bed)
  bed.store.facts.set('subnet', '10.83.0.0/20')
  const { json } = await described('GET', '/previews/red/explain')
  assert.deepEqual([json.awake.openConnections, json.awake.pinned], [true, null])
  assert.deepEqual(json.next.map(({ what }: any) => what), ['refresh', 'stop', 'remove-image']) // prettier-ignore
  assert.equal(json.image.serves.id, json.image.id)
  assert.match(json.slot.address, /^10\.83\.\d+\.\d+:80$/)
  assert.equal(json.values.find(({ name }: any) => name === 'port').value, 80)

  bed.store.apply('fresh', { type: 'start', by: 'visit' })
  const fresh = (await described('GET', '/previews/fresh/explain')).json
  assert.deepEqual([fresh.image, fresh.slot, fresh.awake], [null, null, null])
  const room = async () => (await described('GET', '/previews/red/explain')).json.next.filter(({ why }: any) => why === 'room') // prettier-ignore
  assert.deepEqual(await room(), [])
  bed.store.facts.set('memoryFull', true)
  assert.deepEqual((await room()).map(({ what }: any) => what), ['stop']) // prettier-ignore
  bed.store.facts.forget('memoryFull')
  assert.equal((await described('GET', '/previews/none/explain')).status, 404)
})

test('who waits for a start is told until it has ended, or the waiter is over', async () => {
  const waiterOf = async (tag: string) => (await described('GET', `/previews/${tag}/explain`)).json.waiter
  bed.store.apply('awaited', { type: 'start', by: 'api' })
  assert.equal(await waiterOf('awaited'), null)
  const until = Date.now() + 60_000
  for (const who of ['program', 'person'] as const) {
    bed.store.waiters([['awaited', { who, until }]])
    const { words, ...rest } = await waiterOf('awaited')
    assert.deepEqual(rest, { who, until: new Date(until).toISOString() })
    assert.match(words, new RegExp(`^A ${who} waits for it`))
  }
  bed.store.waiters([['awaited', { who: 'person', until: Date.now() - 1 }]])
  assert.equal(await waiterOf('awaited'), null)
  bed.store.waiters([['awaited', { who: 'person', until }]])
  bringUp('awaited', bed)
  assert.equal(await waiterOf('awaited'), null)
})

test('values of variables are for admins only, and a secret’s for none', async () => {
  const variables = async () => (await described('GET', '/previews/red/explain')).json.variables as any[]
  const values = async () => Object.fromEntries((await variables()).map(({ name, value }) => [name, value]))
  const { LOTAN_URL, ...others } = await values()
  assert.match(LOTAN_URL, /^http:\/\/red\./)
  assert.deepEqual(others, { A: '1', DB_PASSWORD: null, LOTAN_TAG: 'red', LOTAN_HOST: `red.${bed.config.domain}` })
  caller.can = 'read'
  const hidden = Object.entries(await values())
  assert.deepEqual(hidden.map(([name]) => name), ['A', 'DB_PASSWORD', 'LOTAN_TAG', 'LOTAN_HOST', 'LOTAN_URL']) // prettier-ignore
  assert.ok(hidden.every(([, value]) => value === null))
  caller.can = 'admin'
})

test('without an answer of the reaper the rest is told', async () => {
  bed.reaper((_req, res) => res.writeHead(503).end('{}'))
  const { json } = await described('GET', '/previews/red/explain')
  assert.deepEqual([json.variables, json.awake.openConnections], [null, null])
  assert.deepEqual(json.next.map(({ what }: any) => what), ['stop', 'remove-image']) // prettier-ignore
})
