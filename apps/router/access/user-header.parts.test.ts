/** A login by a trusted proxy's header, as the router sees it behind nginx. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SessionJson } from '../../shared/api/session.ts'
import { bearer, openBed, type Ask } from '../admin/harness.ts'

const bed = await openBed({
  LOTAN_USER_HEADER: 'X-Team-User',
  LOTAN_TRUSTED_PROXIES: '10.0.0.0/8',
  LOTAN_PUBLIC_URL: 'https://previews.example.com',
  LOTAN_OIDC_ADMINS: 'anna@example.com',
  LOTAN_OIDC_ALLOW: '@example.com',
})
after(() => bed.close())

const anna = { 'X-Team-User': 'anna@example.com' }
const eve = { 'X-Team-User': 'eve@example.com' }
const mallory = { 'X-Team-User': 'mallory@evil.example' }
const own = { 'Sec-Fetch-Site': 'same-origin' }
const ask = (uri: string, headers: Ask['headers'], method = 'GET') => bed.ask(uri, { method, headers })
const sessions = async () => (await ask('/api/v1/sessions', bearer)).json as SessionJson[]

test('the proxy’s user is in, as far as the lists say', async () => {
  const cases: [headers: Ask['headers'], status: number][] = [
    [anna, 200],
    [{ 'X-Team-User': 'ANNA@example.com' }, 200],
    [eve, 403],
    [mallory, 401],
    [{}, 401],
    [{ 'X-Team-User': 'mallory@evil.example, anna@example.com' }, 401],
    [{ 'X-Team-User': ['mallory@evil.example', 'anna@example.com'] }, 401],
    [{ 'X-Forwarded-User': 'anna@example.com' }, 401],
    [{ ...anna, Authorization: 'Bearer wrong' }, 401],
    [{ ...mallory, ...bearer }, 200],
  ]
  for (const [headers, status] of cases)
    for (const uri of ['/', '/api/v1/previews'])
      assert.equal((await ask(uri, headers)).status, status, `${uri} ${JSON.stringify(headers)}`)
  assert.match((await ask('/', eve)).text, /You are logged in as eve@example\.com/)
})

test('a login link beside the proxy’s login counts', async () => {
  const Cookie = await bed.cookie()
  for (const headers of [eve, mallory, {}]) assert.equal((await ask('/', { ...headers, Cookie })).status, 200)
})

test('a page of another site changes nothing in the name of the proxy’s user, and a change is theirs', async () => {
  for (const headers of [{}, { 'Sec-Fetch-Site': 'same-site' }, { Origin: 'https://red.previews.example.com' }])
    assert.equal((await ask('/api/v1/previews/red/start', { ...anna, ...headers }, 'POST')).status, 403)
  assert.equal(bed.store.get('red'), undefined)
  assert.equal((await ask('/api/v1/previews/red/start', { ...anna, ...own }, 'POST')).status, 202)
  assert.equal(bed.store.history('red')[0]?.who, 'anna@example.com')
})

test('each person is one session, without a cookie, and ending it lasts as long as the proxy does not send them', async () => {
  const answer = await ask('/', anna)
  assert.equal(answer.headers['set-cookie'], undefined)
  const before = (await sessions()).filter(({ via }) => via === 'header')
  assert.deepEqual(before.map(({ user, can }) => `${user} ${can}`).sort(), [
    'anna@example.com admin',
    'eve@example.com public',
  ])
  const { id } = before.find(({ user }) => user === 'anna@example.com')!
  assert.equal((await bed.ask(`/api/v1/sessions/${id}`, { method: 'DELETE', headers: bearer })).status, 204)
  assert.ok((await sessions()).every(({ user }) => user !== 'anna@example.com'))
  assert.equal((await ask('/', anna)).status, 200)
  assert.equal((await sessions()).filter(({ user }) => user === 'anna@example.com').length, 1)
})

test('the probes, which are open on any host, know no caller', async () => {
  const before = await sessions()
  assert.equal((await ask('/healthz', { 'X-Team-User': 'new@example.com', Host: 'elsewhere.example' })).status, 200)
  assert.equal((await sessions()).length, before.length)
})
