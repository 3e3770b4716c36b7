/** Tickets: who gets one, and for what. What they open is apps/shell's. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TicketJson } from '../../shared/api/ticket.ts'
import { hashOf } from '../../shared/secret.ts'
import { openBed } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const given = {
  REPOSITORY: 'registry.example.com/app',
  LOTAN_REPOSITORIES: 'api=registry.example.com/api',
  TAG_FILTER: '^[^x]',
}
const bed = await openBed({ ...given, LOTAN_SHELL: 'on' })
const off = await openBed(given)
after(async () => {
  await bed.close()
  await off.close()
})
const { api, store } = bed
const described = await describedOf(bed)
const json = { 'Content-Type': 'application/json' }

async function tokenOf(can: string, match: string | null = null) {
  const name = `${can}-${match === null ? 'all' : 'some'}`
  const made = await api('/tokens', { method: 'POST', body: JSON.stringify({ name, can, match }), headers: json })
  return { Authorization: `Bearer ${made.json.token}` }
}

test('a ticket is for one preview, for half a minute, and is kept as a hash', async () => {
  const asked = Date.now()
  const { status, json, headers } = await described('POST', '/previews/red/tickets')
  const { ticket, until } = json as TicketJson
  assert.deepEqual([status, headers['cache-control']], [201, 'no-store'])
  assert.match(ticket, /^[\w-]{43}$/)
  assert.ok(Date.parse(until) >= asked + 30_000 && Date.parse(until) <= Date.now() + 30_000)
  const take = (preview: string) => store.tickets.take(hashOf(ticket), preview, Date.now())
  assert.deepEqual([take('blue'), take('api/red')], [undefined, undefined])
  assert.deepEqual(take('red'), { who: 'admin', address: '192.0.2.1' })
  assert.equal(take('red'), undefined)

  const named = (await described('POST', '/repositories/api/previews/pr-7/tickets')).json as TicketJson
  assert.ok(store.tickets.take(hashOf(named.ticket), 'api/pr-7', Date.now()))
})

test('a token needs the scope, and sees its own previews alone', async () => {
  const ask = async (tag: string, headers: Record<string, string>) => {
    const { status, json } = await described('POST', `/previews/${tag}/tickets`, { headers })
    return [status, String(json.type ?? '').replace(/.*\//, '')]
  }
  assert.deepEqual(await ask('red', await tokenOf('run')), [403, 'not-allowed'])
  const some = await tokenOf('shell', '^pr%-')
  assert.deepEqual(await ask('pr-1', some), [201, ''])
  assert.deepEqual(await ask('red', some), [404, 'no-preview'])
  assert.deepEqual(await ask('xyz', await tokenOf('shell')), [403, 'not-offered'])
})

test('where nobody may look inside there is none', async () => {
  const { status, json } = await off.api('/previews/red/tickets', { method: 'POST' })
  assert.equal(status, 404)
  assert.match(json.type, /\/problems\/shell-off$/)
})
