/** The stand-in itself: what it lets pass is what GitHub's description has. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { verify } from '@octokit/webhooks-methods'
import type { HookEvent, StandInForge } from './forge.ts'
import { openGitHub } from './github.ts'

const token = 'github_pat_of_the_tests'
const hookSecret = 'secret-of-the-tests'
let github: StandInForge & { violations: readonly string[] }

before(async () => void (github = await openGitHub({ token, hookSecret })))
beforeEach(() => void (github.violations as string[]).splice(0))
after(() => github.stop())

async function ask(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<number> {
  const headers = { Authorization: `Bearer ${token}`, 'User-Agent': 'test', Accept: 'application/json', ...more }
  const response = await fetch(`${github.api}${path}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  })
  await response.body?.cancel()
  return response.status
}

test('what GitHub does not know is refused and noted', async (t) => {
  const { number, sha } = github.openChange()
  const pulls = '/repos/team/app/pulls'
  const unknown: [string, () => Promise<number>, number][] = [
    ['a path', () => ask('GET', '/repos/team/app/pull-requests'), 404],
    ['a method', () => ask('PUT', `${pulls}/${number}`), 404],
    ['a query', () => ask('GET', `${pulls}?sate=open`), 422],
    ['a value in the query', () => ask('GET', `${pulls}?state=opened`), 422],
    ['a number in the path', () => ask('GET', `${pulls}/seven`), 422],
    ['a field of the body', () => ask('POST', `/repos/team/app/statuses/${sha}`, { state: 'success', url: '/' }), 422],
    ['a value in the body', () => ask('POST', `/repos/team/app/statuses/${sha}`, { state: 'fine' }), 422],
    ['a body that lacks a field', () => ask('POST', `/repos/team/app/issues/${number}/comments`, {}), 422],
    ['no body', () => ask('POST', `/repos/team/app/deployments`), 422],
    ['another form of answers', () => ask('GET', pulls, undefined, { Accept: 'text/html' }), 422],
  ]
  for (const [name, call, status] of unknown)
    await t.test(name, async () => {
      const before = github.violations.length
      assert.equal(await call(), status)
      assert.ok(github.violations.length > before)
    })
  assert.deepEqual([github.comments(number), github.statuses(sha), github.deployments()], [[], [], []])
})

test('an answer that GitHub would not give is noted', async () => {
  const { number } = github.openChange({ sha: 'no commit', title: 7 as unknown as string })
  await ask('GET', `/repos/team/app/pulls/${number}`)
  assert.match(github.violations.join(), /answer 200\/title must be string/)
})

test('a deployment waits for checks and merges the base, where it is not told to leave that', async () => {
  const { sha } = github.openChange()
  assert.equal(await ask('POST', `/repos/team/app/statuses/${sha}`, { state: 'pending' }), 201)
  const deploy = (more: object) => ask('POST', '/repos/team/app/deployments', { ref: sha, ...more })
  assert.equal(await deploy({}), 409)
  github.merge(github.openChange().number)
  assert.equal(await deploy({ required_contexts: [] }), 202)
  assert.equal(await deploy({ required_contexts: [], auto_merge: false }), 201)
  assert.equal(await deploy({ required_contexts: [], auto_merge: false }), 201)
  const [first, second] = github.deployments()
  const at = (id: string) => `/repos/team/app/deployments/${id}`
  for (const { id } of [first!, second!]) await ask('POST', `${at(id)}/statuses`, { state: 'success' })
  assert.equal(github.deployments()[0]!.states.at(-1)?.state, 'inactive')
  assert.equal(await ask('DELETE', at(second!.id)), 422)
  assert.equal(await ask('DELETE', at(first!.id)), 204)
  assert.deepEqual(github.violations, [])
})

test("hooks are GitHub's own samples, about the stand-in's change, and signed", async () => {
  const { number } = github.openChange({ fork: true, branch: 'blue', title: 'Blue' })
  for (const event of ['opened', 'pushed', 'edited', 'closed', 'reopened', 'merged'] satisfies HookEvent[]) {
    if (event === 'closed') github.close(number)
    if (event === 'reopened') github.reopen(number)
    if (event === 'merged') github.merge(number)
    const { headers, body } = github.hook(event, number, { delivery: 'one' })
    assert.ok(await verify(hookSecret, body, headers['X-Hub-Signature-256']!))
    assert.deepEqual([headers['X-GitHub-Event'], headers['X-GitHub-Delivery']], ['pull_request', 'one'])
    const { action, pull_request: pull, repository } = JSON.parse(body) as Record<string, any>

    assert.equal(action, { opened: 'opened', pushed: 'synchronize', edited: 'edited', closed: 'closed', reopened: 'reopened', merged: 'closed' }[event]) // prettier-ignore
    assert.deepEqual([pull.number, pull.head.ref, pull.head.sha, pull.merged], [number, 'blue', github.change(number).sha, event === 'merged']) // prettier-ignore
    assert.ok(repository.full_name === 'team/app' && repository.id === pull.base.repo.id && repository.id !== pull.head.repo.id) // prettier-ignore
  }
  const forged = github.hook('opened', number, { secret: 'another' })
  assert.ok(!(await verify(hookSecret, forged.body, forged.headers['X-Hub-Signature-256']!)))
})
