import assert from 'node:assert/strict'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { answers } from '../../../testing/arbitraries/json.ts'
import { pushesIn } from './pushes.ts'
import { toldByGithub } from './github.ts'

/** GitHub's own, of github.com and of each version of its server. */
const folder = path.dirname(createRequire(import.meta.url).resolve('@octokit/webhooks-examples/package.json'))
const files = fs.globSync('*/index.json', { cwd: folder }).map((name) => path.join(folder, name))
interface Sample {
  name: string
  examples: { pull_request: Record<string, any>; repository: { full_name: string } }[]
}
const samples = files.flatMap((file) => JSON.parse(fs.readFileSync(file, 'utf8')) as Sample[])

test('each of GitHub’s sample payloads of a pull request gives its facts', () => {
  assert.equal(files.length, 6)
  const pulls = samples.filter(({ name }) => name === 'pull_request').flatMap(({ examples }) => examples)
  assert.ok(pulls.length > 40, `${pulls.length}`)
  for (const payload of pulls) {
    const { pull_request: pull, repository } = payload
    const told = toldByGithub('pull_request', payload)
    assert.equal(told!.path, repository.full_name)
    assert.equal(told!.number, pull.number)
    assert.deepEqual(told!.change, {
      number: pull.number,
      title: pull.title,
      author: pull.user.login,
      branch: pull.head.ref,
      base: pull.base.ref,
      sha: pull.head.sha,
      fork: pull.head.repo?.id !== pull.base.repo.id,
      state: pull.merged ? 'merged' : pull.state,
      url: pull.html_url,
      updated: Date.parse(pull.updated_at),
    })
  }
})

test('each of GitHub’s other sample payloads is taken, and only a push to a branch leads to a look at all', () => {
  let looks = 0
  for (const { name, examples } of samples.filter(({ name }) => name !== 'pull_request'))
    for (const payload of examples) {
      const told = toldByGithub(name, payload)
      pushesIn(payload)
      if (told) looks++
      if (told) assert.deepEqual([name, told.number, told.change], ['push', null, null])
    }
  assert.ok(looks > 0)
})

test('a fork is told by ids: another repository of that name, or one that was deleted', () => {
  const [payload] = samples.find(({ name }) => name === 'pull_request')!.examples
  const fork = (repo: unknown) => {
    const { pull_request: pull } = payload!
    const changed = { ...payload, pull_request: { ...pull, head: { ...pull.head, repo } } }
    return toldByGithub('pull_request', changed)!.change!.fork
  }
  const own = payload!.pull_request.head.repo
  assert.equal(fork(own), false)
  assert.equal(fork({ ...own, id: own.id + 1 }), true)
  assert.equal(fork(null), true)
})

test('a pull request without its facts is one to be read from the forge', () => {
  const [payload] = samples.find(({ name }) => name === 'pull_request')!.examples
  const { pull_request: pull } = payload!
  for (const broken of [{ updated_at: 'soon' }, { html_url: 'javascript:alert(1)' }, { state: 'half' }, { head: {} }]) {
    const told = toldByGithub('pull_request', { ...payload, pull_request: { ...pull, ...broken } })
    assert.deepEqual({ ...told, path: '' }, { path: '', number: pull.number, change: null }, JSON.stringify(broken))
  }
})

test('whatever JSON comes is read', () => {
  const [payload] = samples.find(({ name }) => name === 'pull_request')!.examples
  fc.assert(
    fc.property(answers(payload), fc.constantFrom('pull_request', 'push', 'ping', '', '__proto__'), (text, event) => {
      let sent: unknown = null
      try {
        sent = JSON.parse(text)
      } catch {
        // No JSON comes as null.
      }
      const told = toldByGithub(event, sent)
      if (told?.change) assert.ok(Number.isFinite(told.change.updated) && /^https?:/.test(told.change.url))
      pushesIn(sent)
    }),
  )
})
