/** Walks the tables of routes of the admin's host: what each row says holds of the app that is made of them. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { adminLocations, isIn } from '../../shared/admin-locations.ts'
import { routesOf } from '../admin/app.ts'
import { openBed, type Ask } from '../admin/harness.ts'
import { may, scopes, type Caller } from './caller.ts'
import { refusalsOf } from './refusals.ts'
import { changesSomething, type Route } from './route.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/** The caller of a request is what its header says, so that there are callers with each scope. */
const bed = await openBed(
  { LOTAN_REPOSITORIES: 'api=registry.example.com/api', REPOSITORY: 'registry.example.com/app' },
  ({ headers: { 'x-caller': sent } }) => {
    const [via, can] = String(sent ?? 'none public').split(' ')
    return { via, can, who: 'walker', sees: () => true } as Caller
  },
)
after(() => bed.close())

const { anyHost, open, hooks, metrics, closed } = routesOf(bed.context, refusalsOf(bed.context))
const routes = [...anyHost, ...open, ...hooks, ...metrics, ...closed]
const nameOf = ({ method, path }: Route) => `${method} ${path}`

function pathOf(path: string): string {
  return path.replace(':repository', 'api').replace(':tag', 'walked')
}

/** A GET is sent as HEAD, which ends streams too. */
function ask({ method, path }: Pick<Route, 'path'> & { method: string }, caller: string, sent: Ask = {}) {
  // A wait that is not to last.
  const uri = pathOf(path) + (path.endsWith('/wait') ? '?timeout=0' : '')
  const headers = { 'X-Caller': caller, ...sent.headers }
  return bed.ask(uri, { ...sent, method: method === 'GET' ? 'HEAD' : method, headers })
}

test('these routes are open to all, and no others', async () => {
  const answers: Record<string, number> = {}
  for (const route of routes.filter(({ needs }) => needs === 'public'))
    answers[nameOf(route)] = (await ask(route, 'none public')).status
  assert.deepEqual(answers, {
    'GET /healthz': 200,
    'GET /readyz': 503,
    'GET /list.js': 200,
    'GET /login.js': 200,
    'GET /lotan.css': 200,
    'GET /lotan.js': 200,
    'GET /preview.js': 200,
    'GET /log-lines.js': 200,
    'GET /times.js': 200,
    'GET /lotan.mjs': 200,
    'GET /lotan.mjs.sha256': 200,
    'GET /terminal.js': 200,
    'GET /terminal.css': 200,
    'GET /logo': 404, // there is none
    'GET /badge/*path': 200,
    'GET /problems': 200,
    'GET /problems/:name': 404,
    'GET /login': 200,
    'POST /login': 401, // without a token
    'POST /logout': 303,
    'GET /enter': 404, // it says no preview
    'POST /hooks/forge': 404, // none is configured
    'POST /hooks/registry': 202,
  })
})

test('docs/access.md says which scope each call of the API needs', () => {
  const file = path.resolve(root, 'docs/access.md')
  const inApi = closed.filter(({ path }) => path.startsWith('/api/v1') && !path.includes('/:repository/'))
  const rows = scopes.map((scope) => {
    const calls = inApi.filter(({ needs }) => needs === scope)
    const names = calls.map(
      ({ method, path }) =>
        `- \`${method} ${path.slice('/api/v1'.length).replace(/:(\w+)/g, (_, name: string) => name.toUpperCase())}\``,
    )
    return calls.length === 0 ? '' : `\n\`${scope}\`:\n\n${names.sort().join('\n')}\n`
  })
  const told = /<!-- scopes -->\n(.*)<!-- \/scopes -->/s.exec(fs.readFileSync(file, 'utf8'))?.[1]
  assert.equal(told, `${rows.join('')}\n`)
  for (const one of closed.filter(({ path }) => path.startsWith('/api/v1/repositories/:repository/'))) {
    const twin = { ...one, path: one.path.replace('/repositories/:repository', '') }
    assert.ok(
      closed.some((route) => nameOf(route) === nameOf(twin) && route.needs === one.needs),
      nameOf(one),
    )
  }
  // Of the other routes each is open to all, or needs admin, but for the page of a shell; metrics are read.
  const others = [...anyHost, ...open, ...closed]
    .filter(({ path }) => !path.startsWith('/api/v1') && !path.endsWith('/shell'))
    .map(({ needs }) => needs)
  assert.deepEqual([...new Set(others)], ['public', 'admin'])
})

test('the admin’s pages, sessions, tokens and the system need the scope admin, calls that look read, and share links and those that change something run, and what lets people inside shell', () => {
  assert.ok(closed.length > 15)
  function scopeOf(route: Route, isOfPreviews: boolean) {
    if (/\/shell$/.test(route.path)) return 'shell'
    if (!isOfPreviews || /\/(approve|publish|secrets)$/.test(route.path)) return 'admin'
    if (/\/(tickets|files)$/.test(route.path)) return 'shell'
    return isForRun(route) ? 'run' : 'read'
  }
  // A link opens a preview to people who may not even look here.
  const isForRun = (route: Route) => changesSomething(route) || route.path === '/api/v1/shares'
  for (const route of closed) {
    const isOfPreviews = route.path.startsWith('/api/') && !/^\/api\/v1\/(sessions|system|tokens)/.test(route.path)
    assert.equal(route.needs, scopeOf(route, isOfPreviews), nameOf(route))
  }
  assert.deepEqual(routes.filter(({ method, changes }) => method === 'GET' && changes).map(nameOf), [
    'GET /api/v1/previews/:tag/wait',
    'GET /api/v1/previews/:tag/files',
    'GET /api/v1/repositories/:repository/previews/:tag/wait',
    'GET /api/v1/repositories/:repository/previews/:tag/files',
  ])
})

describe('a route that is not open', () => {
  for (const route of closed)
    test(nameOf(route), async () => {
      const { path, needs } = route
      const isApi = path.startsWith('/api/')
      const stranger = await bed.ask(pathOf(path), { method: route.method })
      assert.equal(stranger.status, 401)
      if (isApi) assert.equal(stranger.headers['www-authenticate'], 'Bearer realm="lotan"')
      else assert.match(stranger.text, /<form method="post" action="\/login"/)

      for (const scope of scopes.filter((scope) => scope !== 'public'))
        for (const via of ['token', 'session']) {
          const { status, headers } = await ask(route, `${via} ${scope}`, {
            headers: { 'Sec-Fetch-Site': 'same-origin' },
          })
          if (may({ can: scope }, needs)) assert.ok(![401, 403, 405].includes(status), `${scope} ${status}`)
          else {
            assert.equal(status, 403, scope)
            assert.match(headers['content-type']!, isApi ? /problem\+json/ : /html/)
          }
        }
    })
})

test('a route that changes something takes no session from another site', async () => {
  // No session is read where hooks come in: hooks/routes.parts.test.ts.
  for (const route of routes.filter((route) => !hooks.includes(route)))
    for (const headers of [{ 'Sec-Fetch-Site': 'same-site' }, { Origin: 'https://evil.example' }, {}]) {
      const { status } = await ask(route, 'session admin', { headers })
      assert.equal(status === 403, changesSomething(route), `${nameOf(route)}: ${JSON.stringify(headers)}`)
      // A program's token is sent by no browser. A form that logs in has its own check.
      if (route.path !== '/login') assert.notEqual((await ask(route, 'token admin', { headers })).status, 403)
    }
})

test('a method that a path does not have is answered with those that it has', async () => {
  for (const [path, rows] of Map.groupBy(routes, ({ path }) => path)) {
    const has = new Set<string>(rows.map(({ method }) => method))
    if (has.has('GET')) has.add('HEAD')
    const isOpen = rows.some(({ needs }) => needs === 'public')
    for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((method) => !has.has(method))) {
      const { status, headers } = await ask({ method, path }, 'token admin')
      assert.equal(status, 405, `${method} ${path}`)
      assert.deepEqual(new Set(headers.allow!.split(', ')), has, `${method} ${path}`)
      assert.equal((await ask({ method, path }, 'none public')).status, isOpen ? 405 : 401, `${method} ${path}`)
    }
  }
})

test('a body is read only from a caller who may send it, and only to its limit', async () => {
  const withBody = routes.filter(({ body }) => body)
  assert.ok(withBody.length >= 3)
  for (const route of withBody) {
    const type = route.body!.type === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'
    const sent = { body: 'x'.repeat(route.body!.limit + 1), headers: { 'Content-Type': type } }
    assert.equal((await ask(route, `token ${route.needs}`, sent)).status, 413, nameOf(route))
    if (route.needs !== 'public') assert.equal((await ask(route, 'none public', sent)).status, 401, nameOf(route))
  }
})

test('nginx lets through what each route takes, and has no location without a route', () => {
  const used = routes.map((route) => {
    const location = adminLocations
      .filter((one) => isIn(one, route.path))
      .toSorted(
        (a, b) => Number(b.matches !== undefined) - Number(a.matches !== undefined) || b.path.length - a.path.length,
      )[0]!
    assert.ok(location.largestBody === 0 || (route.body?.limit ?? 0) <= location.largestBody, nameOf(route))
    return location
  })
  assert.deepEqual(new Set(used), new Set(adminLocations))
})

test('a scope that does not exist is one that no caller has', () => {
  for (const scope of scopes) assert.ok(!may({ can: scope }, undefined as never))
})
