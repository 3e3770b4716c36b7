/** Share links: who may make, see and end them, and what they are. What they open is the gate's. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { NewShareJson, ShareJson } from '../../shared/api/share.ts'
import { hashOf } from '../../shared/secret.ts'
import { MOST_SHARES } from '../../shared/store/store.ts'
import { bringUp, openBed, type Ask } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const bed = await openBed({
  TL_DOMAIN: 'previews.example.com',
  LOTAN_PUBLIC_URL: 'https://previews.example.com:8443',
  TAG_FILTER: '^[^x]',
})
after(() => bed.close())
const { api, store } = bed
const described = await describedOf(bed)
for (const tag of ['1.9.5', 'main', 'pr-1']) bringUp(tag, bed)

const json = { 'Content-Type': 'application/json' }
const DAY = 24 * 60 * 60_000

function share(tag: string, sent?: unknown, headers: Ask['headers'] = {}) {
  const body = sent === undefined ? {} : { body: JSON.stringify(sent), headers: { ...json, ...headers } }
  return described('POST', `/previews/${tag}/shares`, { headers, ...body })
}

async function made(tag: string, sent?: unknown, headers: Ask['headers'] = {}): Promise<NewShareJson> {
  const { status, json, text } = await share(tag, sent, headers)
  assert.equal(status, 201, text)
  return json
}

const secretIn = ({ url }: NewShareJson) => new URL(url).searchParams.get('share')!
const list = async (headers: Ask['headers'] = {}) =>
  (await described('GET', '/shares', { headers })).json as ShareJson[]
const idsOf = async (headers: Ask['headers'] = {}) => (await list(headers)).map(({ id }) => id)
const end = (id: string, headers: Ask['headers'] = {}) => api(`/shares/${id}`, { method: 'DELETE', headers })

async function tokenOf(name: string, can: string, match: string | null = null) {
  const made = await api('/tokens', { method: 'POST', body: JSON.stringify({ name, can, match }), headers: json })
  return { Authorization: `Bearer ${made.json.token}` }
}

test('a link is made, shown once, listed without its secret, and ended', async () => {
  const answer = await share('1.9.5', { for: '12h' })
  const { id, tag, url, until } = answer.json as NewShareJson
  assert.deepEqual([answer.status, answer.headers.location, tag], [201, `/api/v1/shares/${id}`, '1.9.5'])
  assert.match(id, /^[0-9a-f]{12}$/)
  assert.match(url, /^https:\/\/1_9_5\.previews\.example\.com:8443\/\.lotan\/enter\?share=[\w-]{43}$/)
  const secret = secretIn(answer.json)
  assert.equal(store.shares.find(hashOf(secret), Date.now())?.preview, '1.9.5')
  assert.equal(store.shares.find(hashOf(id), Date.now()), undefined)

  const [one, ...others] = await list()
  assert.deepEqual([one!.id, one!.tag, one!.until, one!.by, others.length], [id, tag, until, 'admin', 0])
  assert.equal(Date.parse(until) - Date.parse(one!.created), DAY / 2)
  assert.equal((await end(id)).status, 204)
  const again = await end(id)
  assert.match(again.json.type, /\/problems\/no-share$/)
  assert.equal(store.shares.find(hashOf(secret), Date.now()), undefined)
  assert.deepEqual(await list(), [])

  const history = (await described('GET', '/previews/1.9.5/history?limit=2')).json
  assert.deepEqual(
    history.map(({ words, who, address }: any) => [words, who, address]),
    [
      [`share link ${id} ended`, 'admin', '192.0.2.1'],
      [`share link ${id} until ${until}`, 'admin', '192.0.2.1'],
    ],
  )
  const lines = bed.lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg.startsWith('share link'))
  assert.deepEqual(
    lines.map(({ msg, who, address, tag, share }) => [msg, who, address, tag, share]),
    ['made', 'ended'].map((what) => [`share link ${what}`, 'admin', '192.0.2.1', '1.9.5', id]),
  )
  const told = JSON.stringify([bed.lines, history])
  for (const text of [secret, hashOf(secret)]) assert.ok(!told.includes(text))
})

test('it lasts seven days unless the call says how long', async () => {
  for (const [sent, days] of [[undefined, 7], [{}, 7], [{ for: '4w' }, 28], [{ for: '365d' }, 365]] as const) {
    const { id, until } = await made('main', sent)
    const [{ created }] = (await list()) as [ShareJson]
    assert.equal(Date.parse(until) - Date.parse(created), days * DAY)
    await end(id)
  }
}) // prettier-ignore

test('what makes no link is refused, and says why', async () => {
  const cases: [tag: string, sent: unknown, status: number, says: RegExp][] = [
    ['main', { for: '366d' }, 400, /^for is 365d at most\.$/],
    ['main', { for: '7' }, 400, /^for is a number of/],
    ['main', { for: 7 }, 400, /^for is a number of/],
    ['main', { for: null }, 400, /^for is a number of/],
    ['main', { until: '2090-01-01T00:00:00Z' }, 400, /^Send \{"for": …\}/],
    ['main', [], 400, /^Send \{"for": …\}/],
    ['never', {}, 404, /^There is no preview of this tag\.$/],
    ['xerxes', {}, 403, /^TAG_FILTER does not offer xerxes\.$/],
  ]
  for (const [tag, sent, status, says] of cases) {
    const answer = await share(tag, sent)
    assert.equal(answer.status, status, JSON.stringify(sent))
    assert.match(answer.json.detail, says, JSON.stringify(sent))
  }
  assert.equal((await share('main', {}, { 'Content-Type': 'text/plain' })).status, 415)
  assert.equal((await api('/shares?limit=1')).status, 400)
  assert.deepEqual(await list(), [])
})

test('a token that can run makes and ends links; one with a pattern knows of those of its tags alone', async () => {
  const [reads, runs, prs] = [
    await tokenOf('reads', 'read'),
    await tokenOf('runs', 'run'),
    await tokenOf('prs', 'run', '^pr%-'),
  ]
  const main = await made('main', undefined, runs)
  const pr = await made('pr-1', undefined, prs)
  assert.deepEqual((await list()).map(({ id, by }) => [id, by]), [[main.id, 'token runs'], [pr.id, 'token prs']])
  assert.deepEqual(await idsOf(prs), [pr.id])
  const [known, unknown] = [await share('main', {}, prs), await share('never', {}, prs)]
  assert.equal(known.status, 404)
  assert.equal(known.text.replaceAll('main', 'never'), unknown.text)
  const [other, none] = [await end(main.id, prs), await end('0'.repeat(12), prs)]
  assert.deepEqual([other.status, other.text], [404, none.text])
  for (const answer of [await share('main', {}, reads), await api('/shares', { headers: reads }), await end(pr.id, reads)])
    assert.equal(answer.status, 403)
  assert.deepEqual(await idsOf(), [main.id, pr.id])
  assert.deepEqual([(await end(pr.id, prs)).status, (await end(main.id, runs)).status], [204, 204])
}) // prettier-ignore

test('a link outlives its preview’s removal, and can be ended', async () => {
  const { id } = await made('pr-1')
  for (const type of ['remove', 'ending', 'removed'] as const) store.apply('pr-1', { type })
  assert.equal(store.get('pr-1'), undefined)
  assert.deepEqual(await idsOf(), [id])
  assert.equal((await end(id)).status, 204)
})

test('where there are too many, no more are made until some have ended', async () => {
  const by = { who: 'admin', address: null }
  const now = Date.now()
  for (let i = 0; i < MOST_SHARES; i++)
    store.shares.add({ id: `id-${i}`, key: `key-${i}`, preview: 'main', created: now, until: now + DAY, by })
  const { status, json } = await share('main')
  assert.equal(status, 409)
  assert.match(json.type, /\/problems\/too-many-shares$/)
  assert.equal((await end('id-1')).status, 204)
  assert.equal((await share('main')).status, 201)
})
