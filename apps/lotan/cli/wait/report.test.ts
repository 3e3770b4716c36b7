import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ended } from './ask.ts'
import { reportOf } from './report.ts'
import { nothing, type Seen } from './seen.ts'

const api = { base: 'http://a.localhost:8080', connect: null, token: 'a-token-never-to-be-shown' }
const problem = { status: 502, detail: 'The application ended by itself at once.', tag: 'red', state: 'failed' }

test('however waiting ends, the status says how, and the last line what to do', () => {
  const table: [Ended, Partial<Seen>, status: number, first: RegExp, last: RegExp][] = [
    [{ end: 'away', why: 'nothing listens there' }, {}, 3, /at http:\/\/a\.localhost:8080 \(127\.0\.0\.1:8080\): nothing/, /LOTAN_API/],
    [{ end: 'strange', status: 308, location: 'https://a.test/' }, {}, 3, /answers 308/, /leads to https:\/\/a\.test\//],
    [{ end: 'strange', status: 404, location: undefined }, {}, 3, /answers 404/, /set LOTAN_API to the address of/],
    [{ end: 'refused', problem: { ...problem, status: 401 } }, {}, 4, /does not accept/, /admin-token/],
    [{ end: 'refused', problem: { ...problem, status: 403 } }, {}, 5, /ended by itself/, /TAG_FILTER/],
    [{ end: 'refused', problem }, {}, 6, /^red failed: The application/, /previews\/red$/],
    [{ end: 'refused', problem: { ...problem, advice: 'push it again.' } }, {}, 6, /^red failed/, /^the rest is on http:\/\/a\.localhost:8080\/previews\/red$/],
    [{ end: 'refused', problem: { ...problem, advice: 'its last lines are on the admin page.' } }, {}, 6, /^red failed/, /^its last lines are on http:\/\/a\.localhost:8080\/previews\/red\.$/],
    [{ end: 'refused', problem: { ...problem, status: 409 } }, {}, 8, /ended/, /lotan wait red/],
    [{ end: 'late', state: 'queued', trouble: undefined }, {}, 7, /after 60 s: it is queued$/, /--timeout SECONDS, or look at/],
    [{ end: 'late', state: 'queued', trouble: undefined }, { stage: 'queued', position: 3 }, 7, /queued, number 3 in line$/, /--timeout/],
    [{ end: 'late', state: 'running', trouble: undefined }, { stage: 'waiting' }, 7, /^red runs, but its newer image/, /^wait longer with/],
    [{ end: 'late', state: 'unknown', trouble: undefined }, { stage: 'missing', missing: 'tag' }, 7, /does not have it yet/, /^push it first/],
    [{ end: 'late', state: 'queued', trouble: 'it answers 502' }, { stage: 'queued' }, 7, /in trouble: it answers 502$/, /--timeout/],
  ] // prettier-ignore
  for (const [ended, seen, status, first, last] of table) {
    const report = reportOf(ended, { id: 'red', api, seconds: 60, seen: { ...nothing, ...seen }, took: 1_000 })
    assert.equal(report.status, status)
    assert.match(report.lines[0]!, first)
    assert.match(report.lines.at(-1)!, last)
    assert.ok(report.lines.length <= 3)
    assert.ok(!report.lines.join('').includes(api.token))
  }
})
