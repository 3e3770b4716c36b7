import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorOf, type Refusal } from './refusal.ts'

const now = Date.parse('2026-11-30T12:00:00Z')
const call = { does: 'write a comment', right: '"Pull requests: write"' }
const about = { ...call, repository: 'team/app', token: 'hunter2', now }
const read = (status: number, message = '', headers: Refusal['headers'] = {}) =>
  errorOf({ status, headers, data: { message } }, about)

test('a refusal says what the operator can do', () => {
  const told = (status: number, message?: string, headers?: Refusal['headers']) => {
    const { code, message: words } = read(status, message, headers)
    return [code, words]
  }
  assert.deepEqual(told(403, 'Resource not accessible by personal access token'), [
    'refused',
    'The token may not write a comment: give it "Pull requests: write" for team/app. GitHub says: Resource not accessible by personal access token',
  ])
  assert.equal(told(403, 'Resource protected', { 'x-github-sso': 'required; url=x' })[1]?.slice(0, 71), "The token has to be authorized for the organization's single sign-on. G") // prettier-ignore
  // No other token would help.
  assert.equal(told(403, 'Unable to create comment because issue is locked.')[0], 'rejected')
  assert.equal(told(403, 'Repository was archived so is read-only.')[0], 'rejected')
  assert.equal(told(422, 'No commit found for SHA: abc')[0], 'missing')
  assert.equal(told(500)[1], 'GitHub answered 500.')
})

test("a limit's end is read by GitHub's clock, and is never more than an hour away", () => {
  const inAnHour = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1_000 + 600) }
  assert.equal(read(403, '', inAnHour).retryAt, now + 600_000)
  // This machine's clock is five minutes late.
  const theirs = { ...inAnHour, date: new Date(now + 300_000).toUTCString() }
  assert.equal(read(429, '', theirs).retryAt, now + 300_000)
  assert.equal(read(403, '', { 'retry-after': new Date(now + 20_000).toUTCString() }).retryAt, now + 20_000)
  assert.equal(read(503, '', { 'retry-after': '5' }).retryAt, now + 5_000)
  assert.equal(read(503).code, 'down')
  assert.equal(read(429).retryAt, now + 60_000)
  assert.equal(read(403, '', { 'retry-after': '0' }).retryAt, now + 1_000)
  assert.equal(
    read(403, '', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9'.repeat(20) }).retryAt,
    now + 3_600_000,
  )
})

test('what GitHub says comes as one short line, without the token', () => {
  const { message } = read(422, `Bad\u202e\n\thunter2 ${'x'.repeat(500)}`)
  assert.match(message, /GitHub says: Bad … x+…$/)
  assert.ok(message.length < 300)
})
