import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, test } from 'node:test'
import { http } from '../../shared/http.ts'
import { openGitLab, type StandInGitLab } from '../../testing/forges/gitlab.ts'
import { ForgeError, type Forge } from './forge.ts'
import { openGitLabForge } from './gitlab.ts'

const token = 'glpat-a-token'
const mark = '<!-- lotan:preview:app:1 -->'
const status = { state: 'pending', description: 'No image yet', url: 'https://pr-1.example.com/' } as const
let gitlab: StandInGitLab
let forge: Forge

before(async () => {
  gitlab = await openGitLab({ token })
  forge = openGitLabForge({ api: gitlab.api, repository: gitlab.repository, token, deadline: 400 })
})
after(() => gitlab.stop())
afterEach(() => {
  gitlab.trouble(null)
  Object.assign(gitlab.rights, { api: 'write', developer: 'write' })
  assert.deepEqual(gitlab.violations, [])
})

async function errorOf(call: Promise<unknown>): Promise<ForgeError> {
  const error = await call.then(() => assert.fail('nothing was thrown'), (thrown: unknown) => thrown) // prettier-ignore
  assert.ok(error instanceof ForgeError, String(error))
  assert.ok(!error.message.includes(token), 'the token stands in the error')
  return error
}

function writesOf(number: number) {
  return gitlab.writes.filter(({ path }) => path.includes(`/${number}`)).length
}

test('a merge request is read as a change', async () => {
  const { number, sha, updated } = gitlab.openChange({
    title: 'Blue',
    author: 'bert',
    branch: 'feature/blue',
    base: 'next',
  })
  assert.deepEqual(await forge.change(number), {
    number,
    title: 'Blue',
    author: 'bert',
    branch: 'feature/blue',
    base: 'next',
    sha,
    fork: false,
    state: 'open',
    url: `${new URL(gitlab.api).origin}/team/app/-/merge_requests/${number}`,
    updated,
  })
})

test('a merge request is of a fork by its project, and where the fork is gone', async () => {
  const forks = ([true, 'deleted', false] as const).map((fork) => gitlab.openChange({ fork }).number)
  assert.deepEqual(await Promise.all(forks.map(async (number) => (await forge.change(number))?.fork)), [
    true,
    true,
    false,
  ])
})

test('closed, merged and reopened are told; one that GitLab is merging right now is open', async () => {
  const { number } = gitlab.openChange()
  const state = async () => (await forge.change(number))?.state
  gitlab.close(number)
  assert.equal(await state(), 'closed')
  gitlab.reopen(number)
  gitlab.lock(number)
  assert.equal(await state(), 'open')
  const merged = gitlab.openChange().number
  gitlab.merge(merged)
  assert.equal((await forge.change(merged))?.state, 'merged')
})

test('all open merge requests are listed, of several pages, and no closed one', async () => {
  const own = await openGitLab({ token, mostPerPage: 2 })
  try {
    const numbers = Array.from({ length: 5 }, () => own.openChange().number)
    own.close(numbers[1]!)
    own.merge(numbers[2]!)
    const client = openGitLabForge({ api: own.api, repository: own.repository, token })
    const listed = (await client.openChanges()).map(({ number }) => number)
    assert.deepEqual(listed, [numbers[0], numbers[3], numbers[4]])
    assert.equal(own.asked.length, 2)
    assert.deepEqual(own.violations, [])
  } finally {
    await own.stop()
  }
})

test('a number that is none is no change; a project that the token no longer opens is an error', async () => {
  assert.equal(await forge.change(99_999), undefined)
  const gone = openGitLabForge({ api: gitlab.api, repository: 'team/other', token })
  assert.equal((await errorOf(gone.change(1))).code, 'missing')
  assert.equal((await errorOf(gone.editComment(1, '1', 'x'))).code, 'missing')
})

test('commits behind are counted, and the head itself asks nothing', async () => {
  const { number, sha: first } = gitlab.openChange()
  gitlab.push(number)
  const second = gitlab.change(number).sha
  const third = gitlab.push(number)
  const change = { number, sha: third }
  const asked = gitlab.asked.length
  assert.equal(await forge.commitsBehind(change, third), 0)
  assert.equal(gitlab.asked.length, asked)
  assert.equal(await forge.commitsBehind(change, second), 1)
  assert.equal(await forge.commitsBehind(change, first), 2)
  assert.equal(await forge.commitsBehind(change, first.slice(0, 8).toUpperCase()), 2)
})

test("the commit of a merged results pipeline shows its second parent's commits", async () => {
  const { number } = gitlab.openChange()
  const old = gitlab.testMerge(number)
  gitlab.push(number)
  const tested = gitlab.testMerge(number)
  const { sha } = gitlab.change(number)
  assert.equal(await forge.commitsBehind({ number, sha }, tested), 0)
  assert.equal(await forge.commitsBehind({ number, sha }, old), 1)
})

test('a commit that is not in the change’s history is no number', async () => {
  const { number, sha: before } = gitlab.openChange()
  const sha = gitlab.forcePush(number)
  const other = gitlab.openChange().sha
  for (const revision of [before, other, 'f'.repeat(40), 'main', 'v1.2', '', 'HEAD~1', '../../user', 'a'.repeat(6)])
    assert.equal(await forge.commitsBehind({ number, sha }, revision), null, revision)
})

test('a comment is added, found again among 300 others and edited; none of GitLab’s own, and no other’s', async () => {
  const { number } = gitlab.openChange()
  gitlab.addComment(number, `${mark} of somebody else`)
  for (let n = 0; n < 150; n++) gitlab.addComment(number, `comment ${n}, with ${mark} in it`)
  gitlab.addSystemNote(number, `${mark} changed the title`)
  assert.equal(await forge.findComment(number, mark), undefined)
  const id = await forge.addComment(number, `${mark}\nPreview`)
  for (let n = 0; n < 150; n++) gitlab.addComment(number, `comment ${n}`)
  assert.equal(await forge.findComment(number, mark), id)
  assert.equal(await forge.editComment(number, id, `${mark}\nOther`), true)
  assert.equal(gitlab.comments(number).find((comment) => comment.id === id)?.text, `${mark}\nOther`)
})

test('a comment that a person has deleted is told, and not written again', async () => {
  const { number } = gitlab.openChange()
  const id = await forge.addComment(number, mark)
  gitlab.deleteComment(number, id)
  assert.equal(await forge.editComment(number, id, 'x'), false)
  assert.deepEqual(gitlab.comments(number), [])
})

test('a status is pending once, whatever is said twice, and ends', async () => {
  const { sha } = gitlab.openChange()
  await forge.setStatus(sha, status)
  await forge.setStatus(sha, { ...status, description: 'Being pulled' })
  const told = { state: 'pending', description: 'No image yet', url: status.url, context: 'lotan/preview' }
  assert.deepEqual(gitlab.statuses(sha), [told])
  await forge.setStatus(sha, { state: 'success', description: 'Opens on a click', url: status.url })
  await forge.setStatus(sha, { state: 'failure', description: 'It ended', url: null })
  assert.deepEqual(
    gitlab.statuses(sha).map(({ state, description }) => `${state}: ${description}`),
    ['success: Opens on a click', 'failed: It ended'],
  )
})

test('an address that GitLab finds too long is left out of a status', async () => {
  const { sha } = gitlab.openChange()
  await forge.setStatus(sha, { ...status, url: `https://${'a'.repeat(260)}.example.com` })
  assert.equal(gitlab.statuses(sha)[0]?.url, null)
})

test('a status of a commit that is in no branch of the project is missing', async () => {
  const { sha } = gitlab.openChange({ fork: true })
  assert.equal((await errorOf(forge.setStatus(sha, status))).code, 'missing')
})

test('each task has an environment of its own, which its newest deployment shows and which goes with it', async () => {
  const { deployments } = forge
  const { sha, number } = gitlab.openChange()
  const other = await deployments!.add({ sha, task: 'lotan:app:pr-2', description: '' })
  const first = await deployments!.add({ sha, task: 'lotan:app:pr-1', description: '' })
  const second = await deployments!.add({ sha: gitlab.push(number), task: 'lotan:app:pr-1', description: '' })
  assert.deepEqual(await deployments!.find('lotan:app:pr-1'), [second])
  await deployments!.setState(second, 'in_progress', 'https://pr-1.example.com')
  await deployments!.setState(second, 'success', 'https://pr-1.example.com')
  const writes = gitlab.writes.length
  await deployments!.setState(second, 'success', 'https://pr-1.example.com')
  assert.equal(gitlab.writes.length, writes)
  const one = { name: 'preview/app/pr-1', state: 'available', url: 'https://pr-1.example.com' }
  const two = { name: 'preview/app/pr-2', state: 'available', url: null }
  assert.deepEqual(gitlab.environments(), [two, one])
  const states = () =>
    gitlab.deployments().map(({ id, states }) => `${id}: ${states.map(({ state }) => state).join(', ')}`)
  assert.deepEqual(states(), [`${other}: running`, `${first}: running`, `${second}: running, success`])
  await deployments!.setState(first, 'inactive', null)
  await deployments!.remove(first)
  assert.deepEqual(gitlab.environments(), [two, one])
  assert.equal(gitlab.deployments().length, 3, 'an older one is history, which the newest takes along')
  await deployments!.setState(second, 'inactive', null)
  assert.equal(gitlab.environments()[1]?.state, 'stopped')
  await deployments!.remove(second)
  await deployments!.remove(second)
  await deployments!.setState(second, 'success', null)
  assert.deepEqual(gitlab.environments(), [two])
  assert.deepEqual(await deployments!.find('lotan:app:pr-1'), [])
  await deployments!.remove(other)
  assert.deepEqual(gitlab.environments(), [])
})

test('a deployment that failed may succeed, and one that ended does not run again', async () => {
  const { deployments } = forge
  const { sha } = gitlab.openChange()
  const id = await deployments!.add({ sha, task: 'lotan:app:pr-3', description: '' })
  for (const state of ['queued', 'failure', 'in_progress', 'success'] as const)
    await deployments!.setState(id, state, null)
  const states = gitlab.deployments().find((deployment) => deployment.id === id)?.states
  assert.deepEqual(states?.map(({ state }) => state), ['running', 'failed', 'success']) // prettier-ignore
})

test('a limit says when to come back, by whatever GitLab tells, and is asked once', async () => {
  const { number } = gitlab.openChange()
  const wait = async () => {
    const { code, retryAt = 0 } = await errorOf(forge.addComment(number, 'x'))
    assert.equal(code, 'limited')
    return Math.round((retryAt - Date.now()) / 1_000)
  }
  const before = writesOf(number)
  gitlab.trouble({ is: 'limited', status: 429, retryAfter: 30 })
  assert.equal(await wait(), 30)
  gitlab.trouble({ is: 'limited', status: 403, retryAfter: 20 })
  assert.equal(await wait(), 20)
  gitlab.trouble({ is: 'limited', status: 429, retryAfter: new Date(Date.now() + 90_000).toUTCString() })
  assert.ok(Math.abs((await wait()) - 90) <= 1)
  gitlab.trouble({ is: 'spent', status: 429, resetAt: Date.now() + 120_000 })
  assert.ok(Math.abs((await wait()) - 120) <= 1)
  gitlab.trouble({ is: 'secondary', status: 429 })
  assert.equal(await wait(), 60)
  gitlab.trouble({ is: 'limited', status: 429, retryAfter: 10_000_000 })
  assert.equal(await wait(), 3_600)
  assert.equal(writesOf(number) - before, 6)
})

test('no right, no such thing and nothing of use sent are told apart', async () => {
  const { number, sha } = gitlab.openChange()
  gitlab.rights.developer = undefined
  assert.equal((await errorOf(forge.setStatus(sha, status))).code, 'refused')
  gitlab.rights.api = 'read'
  assert.equal((await errorOf(forge.addComment(number, 'x'))).code, 'refused')
  assert.equal((await forge.change(number))?.number, number)
  Object.assign(gitlab.rights, { api: 'write', developer: 'write' })
  assert.equal((await errorOf(forge.addComment(88_888, 'x'))).code, 'missing')
  assert.equal((await errorOf(forge.addComment(number, ''))).code, 'rejected')
  const stranger = openGitLabForge({ api: gitlab.api, repository: gitlab.repository, token: 'glpat-another' })
  assert.equal((await errorOf(stranger.openChanges())).code, 'refused')
})

test('a project that has another name now is missing: what is written would not follow it, nor may the token', async () => {
  const moved = http.createServer((_req, res) => res.writeHead(301, { location: gitlab.api }).end())
  await once(moved.listen(0, '127.0.0.1'), 'listening')
  try {
    const api = `http://127.0.0.1:${(moved.address() as AddressInfo).port}`
    const asked = gitlab.asked.length
    assert.equal((await errorOf(openGitLabForge({ api, repository: 'team/app', token }).openChanges())).code, 'missing')
    assert.equal(gitlab.asked.length, asked)
  } finally {
    moved.close()
    moved.closeAllConnections()
  }
})

test('a GitLab that fails, hangs, drips or is away is down', async () => {
  const { number } = gitlab.openChange()
  for (const trouble of [{ is: 'broken', status: 502 }, { is: 'silent' }, { is: 'drips' }, { is: 'lost' }] as const) {
    gitlab.trouble(trouble)
    assert.equal((await errorOf(forge.openChanges())).code, 'down', trouble.is)
  }
  gitlab.trouble(null)
  await gitlab.goAway()
  assert.equal((await errorOf(forge.change(number))).code, 'down')
  await gitlab.comeBack()
  assert.equal((await forge.change(number))?.number, number)
})
