/** What the API and the admin's forms do with what its pull request does not let run. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Change } from '../../shared/forge/change.ts'
import { bearer, bringUp, openBed, type Bed } from '../admin/harness.ts'

describe('of what its pull request does not let run', { timeout: 60_000 }, () => {
  let bed: Bed
  let updated = 0
  before(async () => {
    bed = await openBed({ LOTAN_FORGE: 'gitlab', LOTAN_FORGE_REPOSITORY: 'team/app' })
  })
  after(() => bed?.close())

  function tell(number: number, told: Partial<Change> = {}) {
    const change: Change = {
      ...{ repository: '', number, title: 'Sort', author: 'ben', branch: 'b', base: 'trunk', sha: 'a' },
      ...{ fork: false, state: 'open', url: 'https://forge.test/1', updated: ++updated, ...told },
    }
    bed.store.changes.put(change, [`pr-${number}`], Date.now())
  }
  const api = async (method: string, path: string, body?: object) => {
    const sent = body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
    const { status, json } = await bed.api(path, { method, ...sent })
    const type = (json as { type?: string } | undefined)?.type?.split('/').at(-1)
    return { status, type, json }
  }
  const form = (path: string) =>
    bed.ask(path, { method: 'POST', headers: { ...bearer, Accept: 'application/json', 'Content-Length': '0' } })
  const last = (tag: string) => {
    const { event, detail, who } = bed.store.history(tag)[0]!
    return { event, detail, who }
  }

  test('nothing is started, refreshed or waited for: the answer says what to do first', async () => {
    tell(1)
    bringUp('pr-1', bed)
    tell(1, { state: 'merged' })
    tell(2, { fork: true })
    for (const [tag, type, says] of [
      ['pr-1', 'change-closed', /!1 is merged.*Pin it/],
      ['pr-2', 'approval-needed', /!2, which comes from a fork.*lotan approve pr-2/],
      ['pr-9', 'approval-needed', /not known yet.*lotan approve pr-9/],
    ] as const)
      for (const [method, path, body] of [
        ['POST', `/previews/${tag}/start`],
        ['POST', `/previews/${tag}/restart`],
        ['POST', `/previews/${tag}/refresh`],
        ['GET', `/previews/${tag}/wait?timeout=5`],
        ['POST', '/previews', { tag }],
      ] as const) {
        const answer = await api(method, path, body)
        assert.deepEqual([answer.status, answer.type], [409, type], `${method} ${path}`)
        assert.match(answer.json.detail, says)
      }
    assert.equal(bed.store.get('pr-2'), undefined)
    const { status, json } = await form('/previews/pr-2/start')
    assert.deepEqual([status, json.undo], [409, null])
    assert.match(json.says, /Approve it first/)
    const page = await bed.ask('/previews/pr-1/restart', {
      method: 'POST',
      headers: { ...bearer, 'Content-Length': '0' },
    })
    assert.deepEqual([page.status, page.headers['content-type']], [409, 'text/html; charset=utf-8'])
  })

  test('a pin keeps what is closed, a removed one too, and lets no fork in', async () => {
    tell(3, { state: 'closed' })
    assert.equal((await api('GET', '/previews/pr-3')).status, 404)
    const pinned = await api('PUT', '/previews/pr-3/pin', {})
    assert.deepEqual([pinned.status, pinned.json.state], [200, 'stopped'])
    assert.equal((await api('POST', '/previews/pr-3/start')).status, 202)
    tell(4, { fork: true })
    assert.deepEqual([(await api('PUT', '/previews/pr-4/pin', {})).type], ['approval-needed'])
    tell(4, { fork: true, state: 'closed' })
    assert.deepEqual([(await api('PUT', '/previews/pr-4/pin', {})).type], ['approval-needed'])
    assert.equal(bed.store.get('pr-4'), undefined)
    // Of no pull request: as ever.
    assert.equal((await api('PUT', '/previews/v4/pin', {})).status, 404)
  })

  test('an approval is for the pull request, is noted with who gave it, and can be taken back', async () => {
    tell(5, { fork: true })
    const given = await api('POST', '/previews/pr-5/approve')
    assert.equal(given.status, 200)
    assert.deepEqual([given.json.number, given.json.approved.who], [5, 'admin'])
    assert.ok(Math.abs(Date.parse(given.json.approved.at) - Date.now()) < 60_000)
    assert.deepEqual(last('pr-5'), { event: 'approve', detail: '5', who: 'admin' })
    assert.match(bed.lines.join(''), /"number":5.*change approved/)
    tell(5, { fork: true, sha: 'later' })
    assert.equal((await api('POST', '/previews/pr-5/start')).status, 202)
    const taken = await api('DELETE', '/previews/pr-5/approve')
    assert.deepEqual([taken.status, taken.json.approved], [200, null])
    assert.deepEqual(last('pr-5'), { event: 'disapprove', detail: '5', who: 'admin' })
    assert.equal((await api('POST', '/previews/pr-5/start')).status, 409)
  })

  test('one of a tag whose pull request is not known holds until that is, and then for that', async () => {
    assert.deepEqual((await api('POST', '/previews/pr-6/approve')).json.number, null)
    assert.equal(bed.store.standing('pr-6', Date.now()).is, 'free')
    tell(6, { fork: true })
    assert.equal(bed.store.standing('pr-6', Date.now()).is, 'free')
    assert.deepEqual((await api('DELETE', '/previews/pr-6/approve')).json.number, 6)
    assert.equal(bed.store.standing('pr-6', Date.now()).is, 'asks')
  })

  test('what is of no pull request needs none', async () => {
    const { status, type } = await api('POST', '/previews/v4/approve')
    assert.deepEqual([status, type], [404, 'no-change'])
  })

  test('the admin’s page has it where there is no preview, too, and its form leads back there', async () => {
    tell(7, { fork: true, title: 'Sort <i>' })
    const page = () => bed.ask('/previews/pr-7', { headers: bearer })
    const waits = await page()
    assert.equal(waits.status, 200)
    assert.match(waits.text, /pr-7 waits for approval/)
    assert.match(waits.text, /!7 Sort &lt;i&gt;, by ben/)
    assert.match(waits.text, /formaction="\/previews\/pr-7\/approve">Approve/)
    const list = await bed.ask('/', { headers: bearer })
    assert.match(list.text, /Waiting for approval:.*href="\/previews\/pr-7">pr-7</s)
    const headers = { ...bearer, 'Content-Length': '0', Referer: 'http://previews.example.com/previews/pr-7' }
    const done = await bed.ask('/previews/pr-7/approve', { method: 'POST', headers })
    assert.equal(done.status, 303)
    assert.match((await page()).text, /By admin, .*Take the approval back/s)
    assert.doesNotMatch((await bed.ask('/', { headers: bearer })).text, /href="\/previews\/pr-7"/)
    const back = await form('/previews/pr-7/disapprove')
    assert.equal(back.status, 200)
    assert.equal((await bed.ask('/previews/v7', { headers: bearer })).status, 404)
  })

  test('a row says that it waits, or that its pull request is closed, and offers what there is to do', async () => {
    tell(8)
    bringUp('pr-8', bed)
    tell(8, { fork: true })
    const rowOf = async (tag: string) => {
      const { text } = await bed.ask('/', { headers: bearer })
      return new RegExp(`<tr role="row" data-tag="${tag}".*?</tr>`, 's').exec(text)![0]
    }
    assert.match(await rowOf('pr-8'), /data-acts="approve remove".*waits for approval/s)
    tell(8, { fork: true, state: 'closed' })
    assert.match(await rowOf('pr-8'), /data-acts="pin remove".*its pull request is closed/s)
    const { text } = await bed.ask('/previews/pr-8', { headers: bearer })
    assert.match(text, /!8 is closed/)
  })
})
