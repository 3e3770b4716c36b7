import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { openGitea, type StandInGitea } from '../../testing/forges/gitea.ts'
import { ForgeError, type Forge } from './forge.ts'
import { openGiteaForge } from './gitea.ts'

const token = 'a-gitea-token'
const mark = '<!-- lotan:preview:app:1 -->'
const status = { state: 'pending', description: 'No image yet', url: 'https://pr-1.example.com/' } as const
let gitea: StandInGitea
let forge: Forge

before(async () => {
  gitea = await openGitea({ token })
  forge = openGiteaForge({ api: gitea.api, repository: gitea.repository, token, deadline: 400 })
})
after(() => gitea.stop())
afterEach(() => {
  gitea.trouble(null)
  Object.assign(gitea.rights, { repository: 'write', issue: 'write' })
  assert.deepEqual(gitea.violations, [])
})

async function errorOf(call: Promise<unknown>): Promise<ForgeError> {
  const error = await call.then(() => assert.fail('nothing was thrown'), (thrown: unknown) => thrown) // prettier-ignore
  assert.ok(error instanceof ForgeError, String(error))
  assert.ok(!error.message.includes(token), 'the token stands in the error')
  return error
}

test('a pull request is read as a change', async () => {
  const { number, sha, updated } = gitea.openChange({
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
    url: `${new URL(gitea.api).origin}/team/app/pulls/${number}`,
    updated: Math.floor(updated / 1_000) * 1_000,
  })
})

test('a pull request is of a fork by its repository, where the fork is gone, and where it has no branch', async () => {
  const forks = ([true, 'deleted', false] as const).map((fork) => gitea.openChange({ fork }).number)
  const numbers = [...forks, gitea.openWithoutBranch().number]
  const told = await Promise.all(numbers.map(async (number) => (await forge.change(number))?.fork))
  assert.deepEqual(told, [true, true, false, true])
})

test('closed, merged and reopened are told', async () => {
  const { number } = gitea.openChange()
  const state = async () => (await forge.change(number))?.state
  gitea.close(number)
  assert.equal(await state(), 'closed')
  gitea.reopen(number)
  assert.equal(await state(), 'open')
  gitea.merge(number)
  assert.equal(await state(), 'merged')
})

test('all open pull requests are listed, of several pages; one without a commit is left out', async () => {
  const own = await openGitea({ token, mostPerPage: 2 })
  try {
    const numbers = Array.from({ length: 7 }, () => own.openChange().number)
    own.close(numbers[1]!)
    own.merge(numbers[2]!)
    own.loseCommit(numbers[3]!)
    const client = openGiteaForge({ api: own.api, repository: own.repository, token })
    const listed = (await client.openChanges()).map(({ number }) => number)
    assert.deepEqual(listed, [numbers[0], numbers[4], numbers[5], numbers[6]])
    assert.equal(own.asked.length, 3)
    assert.equal(await client.change(numbers[3]!), undefined)
    assert.deepEqual(own.violations, [])
  } finally {
    await own.stop()
  }
})

test('a number that is none is no change; a repository that the token no longer opens is an error', async () => {
  assert.equal(await forge.change(99_999), undefined)
  const gone = openGiteaForge({ api: gitea.api, repository: 'team/other', token })
  assert.equal((await errorOf(gone.change(1))).code, 'missing')
  assert.equal((await errorOf(gone.editComment(1, '1', 'x'))).code, 'missing')
})

test('commits behind are counted, of several pages, and the head itself asks nothing', async () => {
  const own = await openGitea({ token, mostPerPage: 2 })
  try {
    const client = openGiteaForge({ api: own.api, repository: own.repository, token })
    const { number, sha: first } = own.openChange()
    for (let n = 0; n < 4; n++) own.push(number)
    const { sha } = own.change(number)
    assert.equal(await client.commitsBehind({ number, sha }, sha), 0)
    assert.equal(own.asked.length, 0)
    assert.equal(await client.commitsBehind({ number, sha }, first), 4)
    assert.equal(await client.commitsBehind({ number, sha }, first.slice(0, 7)), 4)
    assert.equal(own.asked.length, 6)
  } finally {
    await own.stop()
  }
})

test("a merge commit shows its second parent's commits, and a merge of main brings commits that count", async () => {
  const { number, sha: first } = gitea.openChange()
  const old = gitea.testMerge(number)
  gitea.push(number)
  const tested = gitea.testMerge(number)
  const { sha } = gitea.change(number)
  assert.equal(await forge.commitsBehind({ number, sha }, tested), 0)
  assert.equal(await forge.commitsBehind({ number, sha }, old), 1)
  const merged = gitea.mergeMainInto(number)
  // The second commit, the merge, and main's.
  assert.equal(await forge.commitsBehind({ number, sha: merged }, first), 3)
})

test('a commit that is not in the change’s history is no number, nor is one of a head that has moved on', async () => {
  const { number, sha: before } = gitea.openChange()
  const sha = gitea.forcePush(number)
  const other = gitea.openChange().sha
  for (const revision of [before, other, 'f'.repeat(40), 'main', 'v1.2', '', 'HEAD~1', '../../user', 'a'.repeat(6)])
    assert.equal(await forge.commitsBehind({ number, sha }, revision), null, revision)
  assert.equal(await forge.commitsBehind({ number, sha: before }, sha), null)
})

test('a comment is added, found again among 300 others and edited', async () => {
  const { number } = gitea.openChange()
  for (let n = 0; n < 150; n++) gitea.addComment(number, `comment ${n}, with ${mark} in it`)
  assert.equal(await forge.findComment(number, mark), undefined)
  const id = await forge.addComment(number, `${mark}\nPreview`)
  for (let n = 0; n < 150; n++) gitea.addComment(number, `comment ${n}`)
  assert.equal(await forge.findComment(number, mark), id)
  assert.equal(await forge.editComment(number, id, `${mark}\nOther`), true)
  assert.equal(gitea.comments(number).find((comment) => comment.id === id)?.text, `${mark}\nOther`)
})

test('a comment that a person has deleted is told, and not written again', async () => {
  const { number } = gitea.openChange()
  const id = await forge.addComment(number, mark)
  gitea.deleteComment(number, id)
  assert.equal(await forge.editComment(number, id, 'x'), false)
  assert.deepEqual(gitea.comments(number), [])
})

test('a status is set by its context; Gitea knows no deployments', async () => {
  const { sha } = gitea.openChange()
  await forge.setStatus(sha, status)
  await forge.setStatus(sha, { state: 'failure', description: 'It ended', url: null })
  assert.deepEqual(gitea.statuses(sha), [
    { state: 'pending', description: 'No image yet', url: status.url, context: 'lotan/preview' },
    { state: 'failure', description: 'It ended', url: null, context: 'lotan/preview' },
  ])
  assert.equal((await errorOf(forge.setStatus('f'.repeat(40), status))).code, 'missing')
  assert.equal(forge.deployments, undefined)
})

test('a limit says when to come back; no right and nothing of use sent are told apart', async () => {
  const { number, sha } = gitea.openChange()
  gitea.trouble({ is: 'limited', status: 429, retryAfter: 30 })
  const { code, retryAt = 0 } = await errorOf(forge.openChanges())
  assert.deepEqual([code, Math.round((retryAt - Date.now()) / 1_000)], ['limited', 30])
  gitea.trouble(null)
  gitea.rights.issue = 'read'
  assert.equal((await errorOf(forge.addComment(number, 'x'))).code, 'refused')
  assert.equal(await forge.findComment(number, mark), undefined)
  gitea.rights.repository = 'read'
  assert.equal((await errorOf(forge.setStatus(sha, status))).code, 'refused')
  Object.assign(gitea.rights, { repository: 'write', issue: 'write' })
  assert.equal((await errorOf(forge.addComment(number, ''))).code, 'rejected')
})

test('a Gitea that fails, hangs, drips or is away is down', async () => {
  const { number } = gitea.openChange()
  for (const trouble of [{ is: 'broken', status: 502 }, { is: 'silent' }, { is: 'drips' }, { is: 'lost' }] as const) {
    gitea.trouble(trouble)
    assert.equal((await errorOf(forge.openChanges())).code, 'down', trouble.is)
  }
  gitea.trouble(null)
  await gitea.goAway()
  assert.equal((await errorOf(forge.change(number))).code, 'down')
  await gitea.comeBack()
  assert.equal((await forge.change(number))?.number, number)
})
