/** The client against a GitHub that checks each request by GitHub's own description. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { StandInForge } from '../../testing/forges/forge.ts'
import { openGitHub } from '../../testing/forges/github.ts'
import { until } from '../../testing/harness/until.ts'
import type { Forge, ForgeError, ForgeErrorCode } from './forge.ts'
import { openForge } from './open-forge.ts'
import { openGitHubForge } from './github.ts'

const token = 'github_pat_of_the_tests'
const MARK = '<!-- lotan:preview:todowrangler:3001 -->'
let github: StandInForge
let forge: Forge

before(async () => void (github = await openGitHub({ token })))
// One that has written nothing yet: after many writes a client waits.
beforeEach(() => {
  forge = openForge({ kind: 'github', api: github.api }, github.repository, token)
})
afterEach(() => {
  github.trouble(null)
  assert.deepEqual(github.violations, [])
})
after(() => github.stop())

const again = (options: { token?: string; repository?: string; deadlineMs?: number } = {}) =>
  openGitHubForge({ api: github.api, repository: github.repository, token, ...options })

function fails(code: ForgeErrorCode, words = /./) {
  return (error: ForgeError) => {
    assert.equal(error.code, code, error.message)
    assert.match(error.message, words)
    assert.ok(!error.message.includes(token))
    return true
  }
}

test('a change is told as GitHub has it, open, closed and merged', async () => {
  const { number, sha, updated } = github.openChange({ title: 'Blue buttons', author: 'anna', branch: 'blue' })
  const told = {
    number,
    title: 'Blue buttons',
    author: 'anna',
    branch: 'blue',
    base: 'main',
    sha,
    fork: false,
  }
  const url = `https://github.com/team/app/pull/${number}`
  assert.deepEqual(await forge.change(number), {
    ...told,
    url,
    state: 'open',
    updated: Math.floor(updated / 1_000) * 1_000,
  })
  github.close(number)
  assert.equal((await forge.change(number))?.state, 'closed')
  github.reopen(number)
  assert.equal((await forge.change(number))?.state, 'open')
  github.merge(number)
  assert.equal((await forge.change(number))?.state, 'merged')
  assert.equal(
    (await forge.openChanges()).find((one) => one.number === number),
    undefined,
  )
  assert.equal(await forge.change(9_999), undefined)
})

test('all open changes are read, of as many pages as there are', async (t) => {
  const many = await openGitHub({ token, mostPerPage: 7 })
  t.after(many.stop)
  const opened = Array.from({ length: 23 }, () => many.openChange().number)
  const found = await openForge({ kind: 'github', api: many.api }, many.repository, token).openChanges()
  assert.deepEqual(found.map(({ number }) => number).sort(), opened)
  assert.equal(many.asked.length, 4)
  assert.deepEqual(many.violations, [])
})

test('a fork is told by the ids of both repositories, and one that is deleted is a fork', async () => {
  const own = github.openChange()
  // It has the very name of the repository that it is a fork of.
  const fork = github.openChange({ fork: true, author: 'team' })
  const gone = github.openChange({ fork: 'deleted' })
  const forks = new Map((await forge.openChanges()).map((one) => [one.number, one.fork]))
  assert.deepEqual([own, fork, gone].map(({ number }) => forks.get(number)), [false, true, true]) // prettier-ignore
})

test('commits that an image is behind: of the head, of merges of head and base, and none where it is not in the history', async () => {
  const { number, sha: first } = github.openChange()
  const behind = (revision: string, to = forge) => to.commitsBehind(github.change(number), revision)
  const earlyMerge = github.testMerge(number)
  assert.equal(await behind(first), 0)
  assert.equal(await behind(first.slice(0, 7)), 0)
  assert.equal(await behind(earlyMerge), 0)
  github.push(number)
  const head = github.push(number)
  assert.equal(await behind(first), 2)
  assert.equal(await behind(first.slice(0, 9).toUpperCase()), 2)
  assert.equal(await behind(github.testMerge(number)), 0)
  assert.equal(await behind(earlyMerge), 2)
  const unknown = 'ab'.repeat(20)
  for (const no of [unknown, 'v1.2.3', 'main', '', 'deadbee']) assert.equal(await behind(no), null, no)
  // Main's own newest commit is of another history, and the merge that main had of another change.
  const other = github.openChange()
  assert.equal(await behind(other.sha), null)
  assert.equal(await behind(github.testMerge(other.number)), null)
  const asked = github.asked.length
  for (const known of [first, earlyMerge]) await behind(known)
  assert.equal(github.asked.length, asked, 'it asks again what it knows')
  await behind(unknown)
  assert.ok(github.asked.length > asked, 'it does not ask for a commit that may be known by now')
  github.forcePush(number)
  for (const old of [first, head, earlyMerge]) assert.equal(await behind(old), null)
})

test('a branch whose name looks like a commit is none', async () => {
  const { number } = github.openChange({ branch: 'cafebabe' })
  github.push(number)
  assert.equal(await forge.commitsBehind(github.change(number), 'cafebabe'), null)
})

test('the comment with the mark is found on the third page of 300 comments', async () => {
  const { number } = github.openChange()
  for (let at = 0; at < 250; at++) github.addComment(number, `Looks good ${at}`)
  // Anybody can write the mark.
  github.addComment(number, `${MARK}\nClick here instead`, 'mallory')
  const id = await forge.addComment(number, `${MARK}\nfirst`)
  for (let at = 0; at < 48; at++) github.addComment(number, `Looks better ${at}`)
  const asked = github.asked.length
  assert.equal(await again().findComment(number, MARK), id)
  assert.deepEqual(github.asked.slice(asked).map(({ path }) => /[?&]page=(\d)/.exec(path)?.[1]), [undefined, '1', '2', '3']) // prettier-ignore
  assert.equal(await forge.findComment(number, '<!-- another'), undefined)
})

test('the token of an app finds its comment too, though GitHub does not tell it who it is', async (t) => {
  const app = await openGitHub({ token: 'ghs_of_the_tests' })
  t.after(app.stop)
  const client = openForge({ kind: 'github', api: app.api }, app.repository, 'ghs_of_the_tests')
  const { number } = app.openChange()
  app.addComment(number, MARK, 'mallory')
  const id = await client.addComment(number, MARK)
  assert.equal(await client.findComment(number, MARK), id)
  assert.deepEqual(app.violations, [])
})

test('a comment is written and edited; where a person has deleted it, the edit says so', async () => {
  const { number } = github.openChange()
  const id = await forge.addComment(number, `${MARK}\nfirst`)
  assert.equal(await forge.editComment(number, id, `${MARK}\nsecond`), true)
  assert.deepEqual(github.comments(number).map(({ text }) => text), [`${MARK}\nsecond`]) // prettier-ignore
  github.deleteComment(number, id)
  assert.equal(await forge.editComment(number, id, `${MARK}\nthird`), false)
  assert.equal(await forge.findComment(number, MARK), undefined)
  await assert.rejects(forge.addComment(9_999, 'x'), fails('missing'))
  await assert.rejects(forge.addComment(number, ' '), fails('rejected', /can't be blank/))
})

test('a status is of its commit, under lotan/preview', async () => {
  const { sha } = github.openChange()
  await forge.setStatus(sha, { state: 'pending', description: 'No image yet', url: null })
  await forge.setStatus(sha, { state: 'success', description: 'It answered', url: 'http://pr-1.previews.test/' })
  const context = 'lotan/preview'
  assert.deepEqual(github.statuses(sha), [
    { state: 'pending', description: 'No image yet', url: null, context },
    { state: 'success', description: 'It answered', url: 'http://pr-1.previews.test/', context },
  ])
  await assert.rejects(
    forge.setStatus('ab'.repeat(20), { state: 'success', description: '', url: null }),
    fails('missing'),
  )
  await assert.rejects(forge.setStatus(sha, { state: 'success', description: 'x'.repeat(141), url: null }), fails('rejected', /too long/)) // prettier-ignore
})

test('a deployment is made beside open checks and a newer base, ends no other, and goes at the end', async () => {
  const deployments = forge.deployments!
  const others = github.openChange()
  const { number, sha } = github.openChange()
  // The base is newer than the branch, and a check is open.
  github.merge(others.number)
  await forge.setStatus(sha, { state: 'pending', description: 'No image yet', url: null })
  const add = (task: string) => deployments.add({ sha, task, description: `Preview of #${number}` })
  const [mine, theirs] = [await add('lotan:pr-1'), await add('lotan:pr-2')]
  await deployments.setState(theirs, 'success', 'http://pr-2.previews.test/')
  await deployments.setState(mine, 'in_progress', null)
  await deployments.setState(mine, 'success', 'http://pr-1.previews.test/')
  assert.deepEqual(await deployments.find('lotan:pr-1'), [mine])
  const [made, other] = github.deployments()
  assert.deepEqual([made!.environment, made!.task, made!.sha], ['preview', 'lotan:pr-1', sha])
  assert.deepEqual([made!.sent.auto_merge, made!.sent.required_contexts, made!.sent.transient_environment], [false, [], true]) // prettier-ignore
  assert.deepEqual(made!.states.map(({ state, url }) => [state, url]), [['in_progress', null], ['success', 'http://pr-1.previews.test/']]) // prettier-ignore
  assert.ok(made!.states.every(({ sent }) => sent.auto_inactive === false))
  assert.deepEqual(other!.states.map(({ state }) => state), ['success']) // prettier-ignore
  await deployments.remove(mine)
  await deployments.remove(mine)
  assert.deepEqual(github.deployments().map(({ id }) => id), [theirs]) // prettier-ignore
  assert.deepEqual(github.deployments()[0]!.states.map(({ state }) => state), ['success']) // prettier-ignore
  await assert.rejects(deployments.setState(mine, 'success', null), fails('missing'))
})

test('each right that a token lacks is named, and asking goes no further', async (t) => {
  const { number, sha } = github.openChange()
  const id = await forge.addComment(number, MARK)
  const status = { state: 'success', description: '', url: null } as const
  const deployment = { sha, task: 'lotan:pr-1', description: '' }
  const without: [string, Record<string, 'read' | undefined>, () => Promise<unknown>, RegExp][] = [
    ['pull requests', { pull_requests: undefined }, () => forge.openChanges(), /"Pull requests: read" for team\/app/],
    ['a comment', { pull_requests: 'read' }, () => forge.addComment(number, 'x'), /"Pull requests: write"/],
    ['an edit', { pull_requests: 'read' }, () => forge.editComment(number, id, 'x'), /"Pull requests: write"/],
    [
      'commits',
      { contents: undefined },
      () => forge.commitsBehind({ number, sha }, 'cd'.repeat(20)),
      /"Contents: read"/,
    ],
    ['statuses', { statuses: 'read' }, () => forge.setStatus(sha, status), /"Commit statuses: write"/],
    ['deployments', { deployments: 'read' }, () => forge.deployments!.add(deployment), /"Deployments: write"/],
    ['their list', { deployments: undefined }, () => forge.deployments!.find('x'), /"Deployments: read"/],
  ]
  for (const [name, rights, call, words] of without)
    await t.test(name, async () => {
      const before = { ...github.rights }
      Object.assign(github.rights, rights)
      await assert.rejects(call(), fails('refused', words)).finally(() => Object.assign(github.rights, before))
    })
})

test('to read, a token needs to read pull requests and contents', async () => {
  const { number, sha } = github.openChange()
  const old = github.push(number)
  const before = { ...github.rights }
  for (const right of Object.keys(github.rights)) github.rights[right] = undefined
  Object.assign(github.rights, { pull_requests: 'read', contents: 'read' })
  assert.ok((await forge.openChanges()).length > 0)
  assert.equal((await forge.change(number))?.sha, old)
  assert.equal(await forge.commitsBehind(github.change(number), sha), 1)
  assert.equal(await forge.findComment(number, MARK), undefined)
  Object.assign(github.rights, before)
})

test('a token that GitHub does not take, or that does not see the repository', async () => {
  await assert.rejects(again({ token: 'wrong' }).openChanges(), fails('refused', /LOTAN_FORGE_TOKEN.*Bad credentials/))
  await assert.rejects(again({ token: 'wrong\nhidden' }).openChanges(), fails('refused', /^[^\n]*LOTAN_FORGE_TOKEN/))
  const elsewhere = again({ repository: 'team/hidden' })
  // 404 means here that all of it is hidden: no change is closed, no comment deleted by that.
  for (const call of [elsewhere.openChanges(), elsewhere.change(3_001), elsewhere.editComment(3_001, '1', 'x')])
    await assert.rejects(call, fails('missing', /does not see team\/hidden/))
})

test('a limit says when to come again, and nothing is asked until then', async (t) => {
  const hour = 3_600_000
  const troubles = [
    ['403 with Retry-After', { is: 'limited', status: 403, retryAfter: 30 }, 30_000],
    ['429 with Retry-After', { is: 'limited', status: 429, retryAfter: 7 }, 7_000],
    ['a secondary limit', { is: 'secondary', status: 403 }, 60_000],
    ['a secondary limit with Retry-After', { is: 'secondary', status: 429, retryAfter: 90 }, 90_000],
    ['nothing left of this hour', { is: 'spent', status: 403, resetAt: Date.now() + 600_000 }, 600_000],
    ['a wait of a year', { is: 'limited', status: 403, retryAfter: 31_536_000 }, hour],
  ] as const
  for (const [name, trouble, wait] of troubles)
    await t.test(name, async () => {
      const client = again()
      github.trouble({ ...trouble, times: 1 })
      const asked = github.asked.length
      const started = Date.now()
      const limited = (error: ForgeError) => {
        assert.equal(error.code, 'limited', error.message)
        const told = error.retryAt! - started
        assert.ok(told > wait - 5_000 && told < wait + 5_000, `${told} ms`)
        return true
      }
      await assert.rejects(client.openChanges(), limited)
      await assert.rejects(client.addComment(3_001, 'x'), limited)
      assert.equal(github.asked.length, asked + 1)
    })
})

test('after a limit it asks again', async () => {
  const client = again()
  github.trouble({ is: 'limited', status: 429, retryAfter: 1, times: 1 })
  await assert.rejects(client.openChanges(), fails('limited'))
  await until('it may ask again', () => client.openChanges().then(() => true, () => false), { within: 10_000 }) // prettier-ignore
})

test('a GitHub that is broken, silent, drips, breaks off or is away is down, and soon', async () => {
  const client = again({ deadlineMs: 300 })
  for (const status of [500, 502, 503]) {
    github.trouble({ is: 'broken', status })
    await assert.rejects(client.openChanges(), fails('down', new RegExp(`${status}`)))
  }
  for (const is of ['silent', 'drips'] as const) {
    github.trouble({ is })
    await assert.rejects(client.openChanges(), fails('down', /no answer within 0\.3 s/))
  }
  github.trouble({ is: 'lost' })
  await assert.rejects(client.openChanges(), fails('down', /cannot be reached/))
  github.trouble(null)
  await github.goAway()
  await assert.rejects(client.openChanges(), fails('down', /ECONNREFUSED/))
  await github.comeBack()
  assert.ok((await again().openChanges()).length > 0)
})
