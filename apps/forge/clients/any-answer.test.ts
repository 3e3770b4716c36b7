/** A forge that answers with anything: each call ends in what it promises, or a ForgeError. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { http } from '../../shared/http.ts'
import { answers } from '../../testing/arbitraries/json.ts'
import { anyText, headerText } from '../../testing/arbitraries/texts.ts'
import { ForgeError, type Forge, type ForgeChange } from './forge.ts'
import { openForge } from './open-forge.ts'

const token = 'glpat-hunter2-of-the-tests'
const MARK = '<!-- lotan:preview:app:7 -->'
const sha = 'ab'.repeat(20)
const older = 'cd'.repeat(20)
const task = 'lotan:pr-7'

interface Scripted {
  status: number
  headers: Record<string, string>
  body: string
}

/** They are given in turn, again and again. */
let script: Scripted[] = []
let asked = 0
const server = http.createServer((_req, res) => {
  const { status, headers, body } = script[asked++ % script.length]!
  const own = Object.entries(headers).map(([name, value]) => [name, value.replaceAll('HERE', here())] as const)
  res.writeHead(status, Object.fromEntries(own)).end(body)
})
const here = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

before(async () => void (await once(server.listen(0, '127.0.0.1'), 'listening')))
after(() => {
  server.closeAllConnections()
  server.close()
})

const user = { id: 5, login: 'lotan', type: 'Bot' }
const repo = { id: 1, full_name: 'team/app' }
const pull = {
  ...{ number: 7, title: 'Blue', state: 'open', user, html_url: 'https://github.test/team/app/pull/7' },
  ...{ updated_at: '2026-11-30T12:00:00Z', merged_at: null, merge_commit_sha: older },
  head: { ref: 'blue', sha, repo: { ...repo, id: 2 } },
  base: { ref: 'main', sha: older, repo },
}
const mergeRequest = {
  ...{ iid: 7, title: 'Blue', state: 'opened', author: { id: 5, username: 'anna' }, web_url: 'https://git.test/team/app/-/merge_requests/7' },
  ...{ source_branch: 'blue', target_branch: 'main', source_project_id: 2, target_project_id: 1, updated_at: '2026-11-30T12:00:00.123Z' },
  ...{ sha, merge_commit_sha: null, squash_commit_sha: null, diff_refs: { head_sha: sha } },
} // prettier-ignore
const request = {
  ...{ number: 7, title: 'Blue', state: 'open', user, html_url: 'https://git.test/team/app/pulls/7', merged: false },
  ...{ updated_at: '2026-11-30T12:00:00Z', merge_commit_sha: null },
  head: { label: 'blue', ref: 'blue', sha, repo_id: 2 },
  base: { label: 'main', ref: 'main', sha: older, repo_id: 1 },
} // prettier-ignore

/** What each kind answers with when all is well. */
const kinds = {
  github: [
    user,
    pull,
    [pull, { ...pull, number: 8, user: null, head: { ...pull.head, repo: null } }],
    [{ id: 1, body: MARK, user }],
    { id: 9 },
    [{ id: 9, task, environment: 'preview' }, { id: 8, task: 'other', environment: 'preview' }],
    { status: 'ahead', ahead_by: 2, base_commit: { sha: older, parents: [{ sha: older }] } },
    { status: 'diverged', ahead_by: 2, base_commit: { sha: older, parents: [{ sha: older }, { sha }] } },
    { message: 'You have exceeded a secondary rate limit', errors: [{ message: token }] },
    { message: `Bad credentials: ${token}` },
  ],
  gitlab: [
    { id: 5, username: 'lotan' },
    mergeRequest,
    [mergeRequest, { ...mergeRequest, iid: 8, sha: null, source_project_id: null, state: 'merged', merge_commit_sha: older }],
    [{ id: 1, body: MARK, author: { id: 5 }, system: false }],
    { id: 9, status: 'running', environment: { id: 3, name: 'preview/pr-7', external_url: null } },
    [{ id: 9 }, { id: 8 }],
    { id: older, parent_ids: [sha, older] },
    { id: older, parent_ids: [older], commits: [{ id: sha }, { id: older }] },
    { message: { error: `Too many requests of ${token}` } },
    { message: `401 Unauthorized: ${token}` },
  ],
  gitea: [
    request,
    [request, { ...request, number: 8, user: null, merged: true, head: { ...request.head, repo_id: -1 } }],
    [{ id: 1, body: MARK, user }],
    { id: 9 },
    [{ sha: older, parents: [{ sha: older }] }, { sha, parents: [{ sha: older }, { sha: older }] }],
    { sha: older, parents: [{ sha: older }, { sha }] },
    { message: `token is required: ${token}`, url: 'https://git.test/api/swagger' },
  ],
} // prettier-ignore

const addresses = fc.constantFrom(
  'HERE/',
  'HERE/page?page=2',
  '',
  '/',
  'http://127.0.0.1:1/',
  'ftp://localhost/',
  'http://[',
)
const numbers = fc.constantFrom('0', '1', '5000', '-1', 'x', '9'.repeat(400), '1e9', 'Thu, 01 Jan 1970 00:00:00 GMT')
const headers = fc.record(
  {
    link: fc.oneof(addresses.map((to) => `<${to}>; rel="next"`), anyText.map(headerText)),
    location: addresses,
    date: fc.oneof(numbers, anyText.map(headerText)),
    'retry-after': numbers,
    'x-ratelimit-remaining': numbers,
    'x-ratelimit-reset': numbers,
    'content-type': fc.oneof({ weight: 6, arbitrary: fc.constant('application/json; charset=utf-8') }, { weight: 1, arbitrary: anyText.map(headerText) }),
  },
  { requiredKeys: ['content-type'] },
) // prettier-ignore
const scripted = (templates: readonly unknown[]): fc.Arbitrary<Scripted> =>
  fc.record({
    status: fc.oneof(
      { weight: 6, arbitrary: fc.constant(200) },
      { weight: 2, arbitrary: fc.constantFrom(201, 204, 301, 302, 304, 307, 400, 401, 403, 403, 404, 409, 410, 418, 422, 429, 500, 503) },
    ),
    headers,
    body: fc.constantFrom(...templates).chain(answers),
  }) // prettier-ignore

const isId = (id: unknown) => typeof id === 'string' && /^[1-9]\d*$/.test(id)
const isWhole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0

function isChange(change: ForgeChange): boolean {
  const { number, title, author, branch, base, fork, state, url, updated } = change
  return (
    isWhole(number) && number > 0 && isWhole(Math.abs(updated)) && typeof fork === 'boolean' &&
    [title, author, branch, base].every((text) => typeof text === 'string') &&
    /^[0-9a-f]{40,64}$/.test(change.sha) &&
    ['open', 'closed', 'merged'].includes(state) && /^https?:/.test(url)
  ) // prettier-ignore
}

const status = { state: 'success', description: 'It answered', url: null } as const

/** Each call, and what holds of its result. */
const calls: Record<string, (forge: Forge) => Promise<boolean>> = {
  async openChanges(forge) {
    const found = await forge.openChanges()
    assert.equal(new Set(found.map(({ number }) => number)).size, found.length)
    return found.every(isChange)
  },
  async change(forge) {
    const found = await forge.change(7)
    return found === undefined || isChange(found)
  },
  async commitsBehind(forge) {
    const found = await forge.commitsBehind({ number: 7, sha }, older)
    return found === null || isWhole(found)
  },
  async findComment(forge) {
    const found = await forge.findComment(7, MARK)
    return found === undefined || isId(found)
  },
  addComment: async (forge) => isId(await forge.addComment(7, MARK)),
  editComment: async (forge) => typeof (await forge.editComment(7, '1', MARK)) === 'boolean',
  setStatus: async (forge) => (await forge.setStatus(sha, status)) === undefined,
  addDeployment: async ({ deployments: at }) => !at || isId(await at.add({ sha, task, description: '' })),
  setDeployment: async ({ deployments: at }) => (await at?.setState('9', 'success', null)) === undefined,
  removeDeployment: async ({ deployments: at }) => (await at?.remove('9')) === undefined,
  async findDeployments({ deployments: at }) {
    const found = (await at?.find(task)) ?? []
    return found.every(isId)
  },
}

for (const [kind, templates] of Object.entries(kinds))
  test(`whatever ${kind} answers, each call gives what it promises or a ForgeError, soon, and tells no secret`, async (t) => {
    const seen: Record<string, number> = {}
    const say = (...all: Partial<Scripted>[]) => all.map((one) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '', ...one })) // prettier-ignore
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(calls)),
        fc.array(scripted(templates), { minLength: 1, maxLength: 5 }),
        async (name, given) => {
          script = given
          asked = 0
          const forge = openForge({ kind: kind as keyof typeof kinds, api: here() }, 'team/app', token)
          try {
            assert.ok(await calls[name]!(forge), name)
            seen.fine = (seen.fine ?? 0) + 1
          } catch (error) {
            if (!(error instanceof ForgeError)) throw error
            seen[error.code] = (seen[error.code] ?? 0) + 1
            for (let at: unknown = error; at instanceof Error; at = at.cause)
              assert.ok(!at.message.includes('hunter2'), `a secret is in the message: ${at.message}`)
            if (error.code === 'limited') assert.ok(error.retryAt! > Date.now() - 1_000 && error.retryAt! < Date.now() + 3_700_000) // prettier-ignore
            else assert.equal(error.retryAt, undefined)
          }
          assert.ok(asked < 200, `${asked} requests`)
        },
      ),
      {
        numRuns: 300,
        examples: [
          ['openChanges', say({ body: `{"message":${token}}` })],
          ['openChanges', say({ status: 401, body: JSON.stringify({ message: `no ${token}` }) })],
          ['openChanges', say({ body: JSON.stringify([pull]), headers: { 'content-type': 'application/json', link: '<HERE/>; rel="next"' } })],
          // Pages make a link of it.
          ['change', say({ body: JSON.stringify({ ...pull, html_url: 'javascript:alert(1)' }) })],
          ['setStatus', say({ status: 429 })],
          ['setStatus', say({ status: 403 })],
          ['setStatus', say({ status: 404 })],
          ['setStatus', say({ status: 422 })],
          ['setStatus', say({ status: 500 })],
          ['setStatus', say({ status: 201 })],
        ],
      },
    ) // prettier-ignore
    t.diagnostic(JSON.stringify(seen))
    for (const end of ['fine', 'limited', 'refused', 'missing', 'rejected', 'down']) assert.ok(seen[end], `no ${end}`)
  })
