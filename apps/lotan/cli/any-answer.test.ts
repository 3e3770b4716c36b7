/** Something that answers where Lotan should: a proxy, a newer Lotan, anything. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { answers } from '../../testing/arbitraries/json.ts'
import type { Api } from './api.ts'
import { askUntilRunning } from './wait/ask.ts'
import { reportOf } from './wait/report.ts'
import { nothing } from './wait/seen.ts'

let status = 200
let body = ''
const server = http.createServer((_req, res) => res.writeHead(status, { Location: 'http://elsewhere.test/' }).end(body))
const api: Api = { base: '', connect: null, token: 'the-token-of-these-tests' }
before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  api.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const view = { tag: 'red', url: 'http://red.previews.test', state: 'running', reason: null, image: 'i', progress: null, position: null, timing: { start: 1 } } // prettier-ignore
const problem = { type: 'about:blank', title: 'x', status: 502, detail: 'it failed', tag: 'red', state: 'failed', advice: 'look' } // prettier-ignore

test('whatever answers, `lotan wait` ends with a status and words, and without the token', async () => {
  const answer = fc.tuple(fc.constantFrom(200, 201, 302, 401, 403, 404, 409, 500, 502, 504), fc.constantFrom(view, problem))
  const ends = new Set<string>()
  await fc.assert(
    fc.asyncProperty(answer.chain(([code, template]) => fc.tuple(fc.constant(code), answers(template))), async ([code, text]) => {
      status = code
      body = text
      const ended = await askUntilRunning('red', api, 15)
      ends.add(ended.end)
      const report = reportOf(ended, { id: 'red', api, seconds: 1, seen: nothing, took: 1 })
      assert.ok(Number.isInteger(report.status) && report.lines.length > 0)
      for (const line of report.lines) assert.ok(typeof line === 'string' && !line.includes(api.token), line)
      if (ended.end === 'running') assert.equal(typeof ended.view.url, 'string')
    }),
    {
      numRuns: 80,
      examples: [[[200, JSON.stringify(view)]], [[200, '{"state":"running"}']], [[502, JSON.stringify(problem)]], [[401, '{"detail":5}']]],
    },
  )
  for (const end of ['running', 'refused', 'strange']) assert.ok(ends.has(end), end)
}) // prettier-ignore
