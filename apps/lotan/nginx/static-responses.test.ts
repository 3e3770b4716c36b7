import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problem } from '../../shared/api/problem.ts'
import { isProblemName, kindOf } from '../../shared/api/problems.ts'
import { staticResponses } from './static-responses.ts'

const site = { domain: 'previews.example.com', publicUrl: { protocol: 'https:', port: null } } as const

test('what nginx answers by itself are problems whose type is a page of the router', async () => {
  const { routerDown, tooManyCookies, nginxErrors, reserved } = await staticResponses(site)
  const all = [routerDown, tooManyCookies, reserved, ...nginxErrors]
  assert.ok(all.length > 10)
  for (const { status, problem: text } of all) {
    const told = JSON.parse(text.replace(/\\(['\\])/g, '$1')) as Record<string, unknown>
    const { type, ...said } = problem.parse(told)
    assert.deepEqual({ type, ...said }, told)
    const name = /^https:\/\/previews\.example\.com\/problems\/([a-z-]+)$/.exec(type)?.[1] ?? ''
    assert.ok(isProblemName(name), type)
    assert.deepEqual([said.status, said.title], [status, kindOf(name).title])
    assert.equal(said.status, kindOf(name).status)
    assert.ok(text.length < 4_000)
  }
  assert.equal(new Set(nginxErrors.map(({ status }) => status)).size, nginxErrors.length)
})
