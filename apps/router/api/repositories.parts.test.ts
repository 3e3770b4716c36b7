/** The calls about previews, with several repositories: which preview a path means, and who sees it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { idOf } from '../../shared/preview/preview-id.ts'
import { until } from '../../testing/harness/until.ts'
import { bearer, bringUp, openBed, type Ask } from '../admin/harness.ts'
import { describedOf } from './harness.ts'

const named = 'api=registry.example.com/team/api web=registry.example.com/team/web'
const bed = await openBed({
  REPOSITORY: 'registry.example.com/team/app',
  LOTAN_REPOSITORIES: named,
  TAG_FILTER: '^[^x]',
  TAG_FILTER_API: '^[^y]',
})
const unnamed = await openBed({ LOTAN_REPOSITORIES: named })
after(() => Promise.all([bed.close(), unnamed.close()]))
const { api, store } = bed
const described = await describedOf(bed)

const ids = ['pr-7', 'api/pr-7', 'web/pr-7', 'api/main']
for (const id of ids) bringUp(id, bed)
for (const repository of ['', 'api', 'web'])
  store.offer(repository, [`of-${repository || 'app'}`, 'pr-7', 'x-1', 'y-1'].map((tag) => ({ tag, digest: null }))) // prettier-ignore
const asked: string[] = []
const health = { at: 1_700_000_000_000, took: 20, usual: null, tags: 4, error: null, since: null }
bed.reaper((req, res) => {
  asked.push(req.url!)
  const isKnown = req.url === '/registry' || req.url!.startsWith('/newer-tags')
  res.writeHead(isKnown ? 200 : 500).end(JSON.stringify({ health: { '': health, api: null } }))
})

const json = { 'Content-Type': 'application/json' }
const idsIn = (rows: { repository: string; tag: string }[]) => rows.map(idOf)

async function tokenOf(name: string, can: string, match: string): Promise<NonNullable<Ask['headers']>> {
  const { json: made } = await api('/tokens', {
    method: 'POST',
    body: JSON.stringify({ name, can, match }),
    headers: json,
  })
  return { Authorization: `Bearer ${made.token}` }
}

async function firstOf(uri: string, headers: Ask['headers'] = bearer): Promise<string> {
  const stream = await bed.open(`/api/v1${uri}`, { headers })
  const [first] = (await once(stream, 'data')) as [Buffer]
  stream.destroy()
  return first.toString()
}

test('repositories are listed, with their previews and what their registry said last', async () => {
  const { json: rows } = await described('GET', '/repositories')
  const registry = { at: new Date(health.at).toISOString(), tags: 4, error: null }
  const at = 'registry.example.com/team'
  assert.deepEqual(rows, [
    { name: '', reference: `${at}/app`, host: 'TAG.previews.example.com', previews: 1, registry },
    { name: 'api', reference: `${at}/api`, host: 'TAG.api.previews.example.com', previews: 2, registry: null },
    { name: 'web', reference: `${at}/web`, host: 'TAG.web.previews.example.com', previews: 1, registry: null },
  ])
  const silent = await unnamed.api('/repositories')
  assert.deepEqual(
    silent.json.map(({ name, registry }: any) => [name, registry]),
    [['api', null], ['web', null]],
  ) // prettier-ignore
})

test('the list is of all repositories, or of one', async () => {
  assert.deepEqual(idsIn((await described('GET', '/previews')).json), ['api/main', 'pr-7', 'api/pr-7', 'web/pr-7'])
  for (const [uri, found] of [
    ['/previews?repository=api', ['api/main', 'api/pr-7']],
    ['/repositories/api/previews', ['api/main', 'api/pr-7']],
    ['/repositories/web/previews', ['web/pr-7']],
    ['/previews?repository=', ['pr-7']],
  ] as const)
    assert.deepEqual(idsIn((await described('GET', uri)).json), found, uri)
  for (const uri of ['/previews?repository=nope', '/repositories/api/previews?repository=web'])
    assert.equal((await api(uri)).status, 400, uri)
})

test('pages of all repositories neither skip nor repeat a tag that several have', async () => {
  for (const sort of ['tag', '-tag', 'state']) {
    const { json: whole } = await api(`/previews?sort=${sort}`)
    const found: string[] = []
    for (let uri: string | undefined = `/previews?sort=${sort}&limit=1`; uri;) {
      const page = await api(uri)
      found.push(...idsIn(page.json))
      uri = /<\/api\/v1([^>]*)>/.exec(String(page.headers.link ?? ''))?.[1]
    }
    assert.deepEqual(found, idsIn(whole), sort)
  }
})

test('tags are those of one repository, by its own filter, and its own list is read again', async () => {
  asked.length = 0
  const tagsAt = async (uri: string) => (await described('GET', uri)).json.map(({ tag }: any) => tag)
  assert.deepEqual(await tagsAt('/tags'), ['of-app', 'pr-7', 'y-1'])
  assert.deepEqual(await tagsAt('/repositories/api/tags'), ['of-api', 'pr-7', 'x-1'])
  assert.deepEqual(await tagsAt('/repositories/web/tags?state=running'), ['pr-7'])
  assert.deepEqual(
    asked.map((uri) => new URL(uri, 'http://reaper').searchParams.get('repository')),
    ['', 'api', 'web'],
  )
  const [one] = (await api('/repositories/api/tags?q=pr-7')).json
  assert.deepEqual([one.preview, one.url], [true, 'http://pr-7.api.previews.example.com'])
})

test('a preview of a named repository is added, acted on, pinned, shared and told of below its name', async () => {
  const at = '/repositories/api/previews'
  const added = await described('POST', at, { body: '{"tag":"new-8"}', headers: json })
  assert.deepEqual([added.status, added.headers.location], [202, `/api/v1${at}/new-8`])
  assert.deepEqual([added.json.repository, added.json.tag, added.json.state], ['api', 'new-8', 'queued'])
  assert.equal(store.get('new-8'), undefined)

  bringUp('api/new-8', bed)
  const pinned = await described('PUT', `${at}/new-8/pin`)
  assert.deepEqual([pinned.json.repository, pinned.json.pinned], ['api', { until: null }])
  assert.equal((await described('GET', `${at}/new-8/wait?timeout=1`)).json.url, 'http://new-8.api.previews.example.com')
  const shared = await described('POST', `${at}/new-8/shares`)
  assert.ok(shared.json.url.startsWith('http://new-8.api.previews.example.com/.lotan/enter?share='), shared.json.url)
  const [share] = (await described('GET', '/shares')).json
  assert.deepEqual([share.repository, share.tag], ['api', 'new-8'])
  assert.equal((await described('GET', `${at}/new-8/explain`)).json.repository, 'api')
  assert.equal((await described('GET', `${at}/new-8/stats`)).status, 200)
  const history = await described('GET', `${at}/new-8/history?limit=1`)
  assert.match(String(history.headers.link), /^<\/api\/v1\/repositories\/api\/previews\/new-8\/history\?limit=1&after=/)
  assert.match(await firstOf(`${at}/new-8/events`), /"repository":"api","tag":"new-8"/)

  for (const [method, path, state] of [
    ['POST', '/stop', 'stopping'],
    ['POST', '/restart', 'stopping'],
    ['POST', '/refresh', 'stopping'],
    ['DELETE', '', 'removing'],
  ] as const)
    assert.equal((await described(method, `${at}/new-8${path}`)).json.state, state, path)
  assert.equal(store.get('pr-7')?.state, 'running')
})

test('problems name the repository, and its own filter', async () => {
  const none = (await described('GET', '/repositories/api/previews/none')).json
  assert.deepEqual([none.repository, none.tag, none.state], ['api', 'none', 'unknown'])
  assert.ok(!('repository' in (await described('GET', '/previews/none')).json))
  const filtered = await described('POST', '/repositories/api/previews/y-1/start')
  assert.deepEqual([filtered.status, filtered.json.detail], [403, 'TAG_FILTER_API does not offer api/y-1.'])
  assert.equal((await described('POST', '/repositories/api/previews/x-9/start')).status, 202)
  const late = await described('GET', '/repositories/web/previews/late/wait?timeout=0')
  assert.deepEqual([late.status, late.json.repository], [504, 'web'])
  assert.match(late.json.detail, /^web\/late does not run yet/)
})

test('a repository that is not listed costs no row and no registry call, and the answer names those that are', async () => {
  asked.length = 0
  const before = store.version()
  for (const [method, path] of [
    ['GET', '/tags'],
    ['GET', '/previews'],
    ['POST', '/previews/pr-7/start'],
    ['GET', '/previews/pr-7/wait'],
    ['DELETE', '/previews/pr-7'],
  ] as const) {
    const { status, json: problem } = await described(method, `/repositories/docs${path}`)
    assert.equal(status, 404, path)
    assert.match(problem.type, /\/problems\/no-such-repository$/)
    assert.equal(problem.detail, 'No repository docs is listed. Listed: api, web.')
  }
  assert.deepEqual([asked, store.version()], [[], before])
})

test('where no repository is without a name, a path without one means none', async () => {
  bringUp('api/pr-7', unnamed)
  for (const [method, path] of [
    ['GET', '/previews/pr-7'],
    ['POST', '/previews/pr-7/stop'],
    ['GET', '/tags'],
    ['POST', '/previews'],
  ]) {
    const body = path === '/previews' ? { body: '{"tag":"pr-7"}', headers: json } : {}
    const { status, json: problem } = await unnamed.api(path!, { method, ...body })
    assert.equal(status, 404, path)
    assert.match(problem.type, /\/problems\/no-such-repository$/)
    assert.match(problem.detail, /the path has to name one\. Listed: api, web\.$/)
  }
  assert.deepEqual(idsIn((await unnamed.api('/previews')).json), ['api/pr-7'])
})

test('a token’s pattern is for the repositories that it names', async () => {
  const table: [match: string, sees: string[]][] = [
    ['^pr%-', ['pr-7']],
    ['^api/pr%-', ['api/pr-7']],
    ['^web/pr', ['web/pr-7']],
    ['/pr%-7$', ['api/pr-7', 'web/pr-7']],
    ['pr%-7$', ['pr-7', 'api/pr-7', 'web/pr-7']],
  ]
  for (const [i, [match, sees]] of table.entries()) {
    const headers = await tokenOf(`t${i}`, 'run', match)
    assert.deepEqual(idsIn((await api('/previews', { headers })).json), sees, match)
    for (const id of ids) {
      const path = `${id.includes('/') ? `/repositories/${id.replace('/', '/previews/')}` : `/previews/${id}`}`
      assert.equal((await api(path, { headers })).status, sees.includes(id) ? 200 : 404, `${match} ${id}`)
    }
    const events = await firstOf('/events', headers)
    const told = Array.from(events.matchAll(/"repository":"(\w*)","tag":"([^"]*)"/g), ([, repository, tag]) => idOf({ repository: repository!, tag: tag! })) // prettier-ignore
    assert.deepEqual(told.toSorted(), sees.toSorted(), match)
    const repositories = (await api('/repositories', { headers })).json
    const count = repositories.reduce((sum: number, { previews }: any) => sum + previews, 0)
    assert.equal(count, sees.length, match)
  }
  const onlyApi = await tokenOf('only-api', 'run', '^api/')
  const add = (path: string) => api(path, { method: 'POST', body: '{"tag":"pr-9"}', headers: { ...json, ...onlyApi } })
  assert.deepEqual([(await add('/previews')).status, (await add('/repositories/web/previews')).status], [403, 403])
  assert.equal((await add('/repositories/api/previews')).status, 202)
  assert.deepEqual((await api('/tags', { headers: onlyApi })).json, [])
  assert.deepEqual(
    (await api('/repositories/api/tags', { headers: onlyApi })).json.map(({ tag }: any) => tag),
    ['of-api', 'pr-7', 'x-1'],
  )
  assert.deepEqual((await api('/shares', { headers: await tokenOf('app', 'run', '^pr%-') })).json, [])
})

test('whatever repository and tag a path names, it reaches that preview or none', async () => {
  const piece = fc.oneof(
    fc.constantFrom('', 'api', 'web', 'API', 'pr-7', 'main', 'api/pr-7', '..', '.', '__proto__', 'constructor'),
    fc.string({ unit: fc.constantFrom(...'aip/%.-7:\\'), maxLength: 8 }),
  )
  const found = new Set<string>()
  const changes = () => new Map(store.list().map((preview) => [idOf(preview), preview.change]))
  await fc.assert(
    fc.asyncProperty(fc.option(piece), piece, fc.boolean(), async (name, tag, stops) => {
      const start = name === null ? '' : `/repositories/${encodeURIComponent(name)}`
      const path = `${start}/previews/${encodeURIComponent(tag)}`
      const id = idOf({ repository: name ?? '', tag })
      const before = changes()
      const { status, json: said } = stops ? await api(`${path}/refresh`, { method: 'POST' }) : await api(path)
      for (const [other, change] of changes()) if (other !== id) assert.equal(change, before.get(other), other)
      if (status >= 400) return assert.equal(status, 404, path)
      // An empty tag makes it the list.
      if (Array.isArray(said)) return assert.ok(tag === '' && said.every(({ repository }) => name === null || repository === name)) // prettier-ignore
      assert.equal(idOf(said), id, path)
      found.add(id)
    }),
    {
      numRuns: 400,
      examples: ids.map((id) => (id.includes('/') ? [...id.split('/'), true] : [null, id, false])) as never,
    },
  )
  for (const id of ids) assert.ok(found.has(id), id)
})

test('a wait for one preview is not ended by the same tag of another repository', async () => {
  let isOver = false
  const waiting = described('GET', '/repositories/web/previews/twin/wait?timeout=20').finally(() => (isOver = true))
  await until('it is waited for', () => store.get('web/twin'))
  bringUp('api/twin', bed)
  assert.equal((await api('/repositories/api/previews/twin')).json.state, 'running')
  assert.ok(!isOver)
  bringUp('web/twin', bed)
  const { json: up } = await waiting
  assert.deepEqual([up.repository, up.state], ['web', 'running'])
})
