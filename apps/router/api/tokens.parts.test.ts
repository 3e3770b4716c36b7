/** Tokens of programs: what makes one, and what it may see and do. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { newToken, token as tokenSchema, type NewTokenJson, type TokenJson } from '../../shared/api/token.ts'
import { until } from '../../testing/harness/until.ts'
import { bearer, bringUp, openBed, token, type Ask } from '../admin/harness.ts'

const bed = await openBed()
after(() => bed.close())
const { api, store } = bed
const json = { 'Content-Type': 'application/json' }

function add(sent: unknown, headers: Ask['headers'] = {}) {
  return api('/tokens', { method: 'POST', body: JSON.stringify(sent), headers: { ...json, ...headers } })
}

async function made(sent: object): Promise<NewTokenJson & { headers: { Authorization: string } }> {
  const { status, json, text } = await add(sent)
  assert.equal(status, 201, text)
  return { ...json, headers: { Authorization: `Bearer ${json.token}` } }
}

const list = async () => (await api('/tokens')).json as TokenJson[]

test('a token is made, shown once, listed without itself, and removed', async () => {
  const { status, headers, json: one } = await add({ name: 'ci', can: 'run', match: '^pr%-', for: '90d' })
  assert.equal(status, 201)
  assert.equal(headers.location, '/api/v1/tokens/ci')
  assert.deepEqual(newToken.parse(one), one)
  assert.match(one.token, /^lotan_[\w-]{43}$/)
  const { token: secret, ...rest } = one
  assert.deepEqual(await list(), [rest])
  assert.deepEqual(tokenSchema.parse(rest), rest)
  assert.deepEqual([rest.name, rest.can, rest.match, rest.lastUsed], ['ci', 'run', '^pr%-', null])
  assert.equal(Date.parse(rest.until) - Date.parse(rest.created), 90 * 24 * 60 * 60_000)
  assert.ok(!bed.lines.some((line) => line.includes(secret)))
  const line = bed.lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'token made')
  assert.deepEqual([line.who, line.address, line.name, line.can], ['admin', '192.0.2.1', 'ci', 'run'])

  const used = { Authorization: `Bearer ${secret}` }
  assert.equal((await api('/previews', { headers: used })).status, 200)
  const [{ lastUsed }] = (await list()) as [TokenJson]
  assert.ok(Date.now() - Date.parse(lastUsed!) < 60_000)
  const before = store.version()
  assert.equal((await api('/previews', { headers: used })).status, 200)
  assert.equal(store.version(), before, 'a second use within the minute writes nothing')

  assert.equal((await api('/tokens/ci', { method: 'DELETE' })).status, 204)
  assert.equal((await api('/tokens/ci', { method: 'DELETE' })).json.status, 404)
  assert.equal((await api('/previews', { headers: used })).status, 401)
  assert.deepEqual(await list(), [])
})

test('what makes no token is refused, and says why', async () => {
  await made({ name: 'taken', can: 'read' })
  const cases: [sent: unknown, status: number, says: RegExp][] = [
    [{}, 400, /^name has/],
    [[], 400, /^Send/],
    [{ name: 'x' }, 400, /^can is read, run, shell or admin\.$/],
    [{ name: 'x', can: 'public' }, 400, /^can is/],
    [{ name: '', can: 'read' }, 400, /^name has/],
    [{ name: '../x', can: 'read' }, 400, /^name has/],
    [{ name: 'x'.repeat(65), can: 'read' }, 400, /^name has/],
    [{ name: 'x', can: 'read', mtach: '^pr' }, 400, /no mtach/],
    [{ name: 'x', can: 'read', match: '[' }, 400, /^match is a Lua pattern/],
    [{ name: 'x', can: 'read', match: 'x'.repeat(501) }, 400, /^match is a Lua pattern/],
    [{ name: 'x', can: 'read', for: '90' }, 400, /^for is a number/],
    [{ name: 'x', can: 'read', for: '0d' }, 400, /^for is a number/],
    [{ name: 'x', can: 'read', for: '999999w' }, 400, /^for is a number/],
    [{ name: 'x', can: 'read', until: 'tomorrow' }, 400, /^until is a time/],
    [{ name: 'x', can: 'read', until: '2020-01-01T00:00:00Z' }, 400, /over already/],
    [{ name: 'x', can: 'read', for: '1d', until: '2090-01-01T00:00:00Z' }, 400, /not both/],
    [{ name: 'x', can: 'admin', match: '^pr' }, 400, /has no match: it may make other tokens/],
    [{ name: 'taken', can: 'read' }, 409, /There is a token taken/],
  ]
  for (const [sent, status, says] of cases) {
    const answer = await add(sent)
    assert.equal(answer.status, status, JSON.stringify(sent))
    assert.match(answer.json.detail, says, JSON.stringify(sent))
  }
  assert.equal((await add({ name: 'x', can: 'read' }, { 'Content-Type': 'text/plain' })).status, 415)
  assert.deepEqual(
    (await list()).map(({ name }) => name),
    ['taken'],
  )
  await api('/tokens/taken', { method: 'DELETE' })
})

test('a token may what its scope says, and has an end', async () => {
  bringUp('red', bed)
  const calls: [method: string, path: string, needs: string][] = [
    ['GET', '/previews', 'read'],
    ['GET', '/previews/red/events', 'read'],
    ['POST', '/previews/red/start', 'run'],
    ['GET', '/previews/red/wait?timeout=0', 'run'],
    ['GET', '/tokens', 'admin'],
    ['GET', '/sessions', 'admin'],
    ['DELETE', '/tokens/none', 'admin'],
  ]
  const order = ['read', 'run', 'shell', 'admin']
  for (const can of order) {
    const { headers, name } = await made({ name: `may-${can}`, can })
    for (const [method, path, needs] of calls) {
      const { status } = await api(path, { method: method === 'GET' ? 'HEAD' : method, headers })
      const isLet = order.indexOf(can) >= order.indexOf(needs)
      assert.equal(status === 403, !isLet, `${can}: ${method} ${path} ${status}`)
      assert.notEqual(status, 401)
    }
    const page = await bed.ask('/', { headers })
    assert.equal(page.status, can === 'admin' ? 200 : 403)
    await api(`/tokens/${name}`, { method: 'DELETE' })
  }

  const soon = new Date(Date.now() + 400).toISOString()
  const { headers } = await made({ name: 'short', can: 'read', until: soon })
  assert.equal((await api('/previews', { headers })).status, 200)
  await until('it has ended', async () => (await api('/previews', { headers })).status === 401)
  assert.ok(Date.now() >= Date.parse(soon))
  assert.deepEqual(
    (await list()).map(({ name }) => name),
    ['short'],
  )
  await api('/tokens/short', { method: 'DELETE' })
})

test('a token with a pattern sees the previews and tags that match, and knows of no others', async () => {
  bringUp('pr-1', bed)
  bringUp('main', bed)
  store.offer(
    '',
    ['pr-1', 'pr-2', 'main', 'next'].map((tag) => ({ tag, digest: null })),
  )
  const { headers } = await made({ name: 'prs', can: 'run', match: '^pr%-%d+$' })
  const tagsOf = async (path: string) =>
    ((await api(path, { headers })).json as { tag: string }[]).map(({ tag }) => tag)
  assert.deepEqual(await tagsOf('/previews'), ['pr-1'])
  assert.deepEqual(await tagsOf('/tags'), ['pr-1', 'pr-2'])

  for (const [method, rest] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/start'],
    ['POST', '/stop'],
    ['POST', '/restart'],
    ['POST', '/refresh'],
    ['GET', '/wait?timeout=0'],
    ['GET', '/logs'],
    ['GET', '/events'],
  ] as const) {
    const ask = (tag: string) => api(`/previews/${tag}${rest}`, { method, headers })
    const [known, unknown] = [await ask('main'), await ask('never')]
    assert.equal(known.status, 404, `${method} ${rest}`)
    assert.equal(known.text.replaceAll('main', 'never'), unknown.text)
  }
  assert.equal(store.get('main')?.state, 'running')
  const post = (tag: string) =>
    api('/previews', { method: 'POST', body: JSON.stringify({ tag }), headers: { ...headers, ...json } })
  assert.equal((await post('next')).json.detail, 'This token is for other tags than next.')
  assert.equal(store.get('next'), undefined)
  assert.equal((await post('pr-2')).status, 202)
})

test('the events of a token with a pattern are of the previews that match, and end with the token', async () => {
  const { headers } = await made({ name: 'listens', can: 'read', match: '^pr%-' })
  const stream = await bed.open('/api/v1/events', { headers })
  let heard = ''
  stream.setEncoding('utf8').on('data', (piece: string) => (heard += piece))
  await until('the first views', () => heard.includes('"pr-1"'))
  store.apply('main', { type: 'stop', why: 'asked' })
  store.apply('pr-1', { type: 'stop', why: 'asked' })
  await until('the change', () => /"pr-1".*"stopping"/.test(heard))
  store.apply('main', { type: 'ended' })
  store.apply('pr-1', { type: 'ended' })
  await until('the next change', () => /"pr-1".*"stopped"/.test(heard))
  assert.doesNotMatch(heard, /"main"/)
  stream.destroy()
})

test('a wrong token beside a right cookie is wrong, and none is told from another', async () => {
  const { token: secret } = await made({ name: 'right', can: 'admin' })
  const last = secret.at(-1) === 'A' ? 'B' : 'A'
  const wrong = [
    secret.slice(0, -1),
    `${secret}A`,
    secret.slice('lotan_'.length),
    secret.toUpperCase(),
    `${secret.slice(0, 20)}${last}${secret.slice(21)}`,
    'lotan_',
    `lotan_${token}`,
    store.tokens.list()[0]!.name,
  ].filter((text) => text !== secret)
  const cookie = await bed.cookie()
  const texts = new Set<string>()
  for (const text of wrong) {
    const answer = await api('/tokens', { headers: { Authorization: `Bearer ${text}`, Cookie: cookie } })
    assert.equal(answer.status, 401, text)
    texts.add(answer.text)
  }
  assert.equal(texts.size, 1)
  assert.equal((await api('/tokens', { headers: { Authorization: `bearer   ${secret} ` } })).status, 200)
  assert.equal((await api('/tokens', { headers: bearer })).status, 200)
})
