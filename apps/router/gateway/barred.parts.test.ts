/** What a visitor gets of a preview that its pull request does not let run. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Change } from '../../shared/forge/change.ts'
import { until } from '../../testing/harness/until.ts'
import { bringUp, domain, openBed, type Bed } from '../admin/harness.ts'

const browser = { Accept: 'text/html' }
const program = { Accept: '*/*' }
const robot = { ...browser, 'X-Kind': 'robot' }

describe('a preview that its pull request does not let run', { timeout: 60_000 }, () => {
  let bed: Bed
  let updated = 0
  before(async () => {
    bed = await openBed({
      LOTAN_FORGE: 'github',
      LOTAN_FORGE_REPOSITORY: 'team/app',
      LOTAN_PAIR_FALLBACK: 'main latest',
      LOTAN_HOLD_SECONDS: '30',
    })
    tell(1)
    bed.store.facts.set('subnet', '10.83.0.0/20')
    bringUp('pr-1', bed)
  })
  beforeEach(() => tell(1))
  after(() => bed?.close())

  function tell(number: number, told: Partial<Change> = {}) {
    const change: Change = {
      ...{
        repository: '',
        number,
        title: 'Sort <b>',
        author: 'ben',
        branch: 'b',
        base: 'trunk',
        sha: 'a',
      },
      ...{ fork: false, state: 'open', url: `https://forge.test/pull/${number}`, updated: ++updated, ...told },
    }
    bed.store.changes.put(change, [`pr-${number}`], Date.now())
  }
  const about = (tag: string, headers: object) => ({ 'X-Host': `${tag}.${domain}`, ...headers })
  const answer = async (tag: string, headers: object) => {
    const { status, headers: got, text, json } = await bed.door('/answer', about(tag, headers))
    const type = (json as { type?: string } | undefined)?.type?.split('/').at(-1)
    return { status, type, text, json, after: got['retry-after'], refresh: got.refresh }
  }
  const states = () => bed.store.list().map(({ tag, state, change }) => [tag, state, change].join())
  const hints = () => bed.store.hints.list('change').map(({ subject }) => subject)

  test('a closed one gets no route, running or not, and its page leads to the change and to what it went into', async () => {
    assert.equal((await bed.door('/route', about('pr-1', program))).status, 200)
    tell(1, { state: 'merged' })
    for (const path of ['/route', '/wait', '/lost', '/silent'])
      assert.equal((await bed.door(path, about('pr-1', program))).status, 403, path)
    const problem = await answer('pr-1', program)
    assert.deepEqual([problem.status, problem.type], [410, 'closed'])
    assert.doesNotMatch(problem.json.detail, /main/)
    for (const tag of ['latest', 'main']) bed.store.offer('', [{ tag, digest: null }])
    const page = await answer('pr-1', browser)
    assert.deepEqual([page.status, page.refresh], [410, undefined])
    assert.match(page.text, /<h1>#1 is merged<\/h1>/)
    assert.match(page.text, /Sort &lt;b&gt;<\/bdi>, by <bdi>ben/)
    assert.match(page.text, new RegExp(`href="http://main.${domain}/">Open main`))
    assert.match(page.text, /href="https:\/\/forge.test\/pull\/1">Open #1/)
    assert.match((await answer('pr-1', program)).json.detail, new RegExp(`main: http://main.${domain}/`))
    assert.deepEqual([(await answer('pr-1', robot)).status, (await answer('pr-1', robot)).type], [410, 'closed'])
    tell(1, { state: 'closed' })
    assert.match((await answer('pr-1', browser)).text, /It was not merged/)
  })

  test('a fork waits: people get a page that asks again, programs a refusal, and nothing is woken or looked up', async () => {
    tell(2, { fork: true })
    const before = states()
    for (const tag of ['pr-2', 'pr-99']) {
      const held = await bed.door('/wait', about(tag, { ...program, Prefer: 'wait=20' }))
      assert.deepEqual([held.status, held.headers['x-verdict']], [403, undefined])
      const page = await answer(tag, browser)
      assert.deepEqual([page.status, page.after], [503, '10'])
      assert.match(page.text, /waits for approval/)
      const problem = await answer(tag, program)
      assert.deepEqual([problem.status, problem.type, problem.after], [403, 'approval', '10'])
      const stream = await answer(tag, { Accept: 'text/event-stream', 'X-Stream': 'events' })
      assert.equal(stream.status, 403)
      assert.equal((await bed.door('/retry', about(tag, { 'X-Method': 'POST' }))).status, 303)
      assert.equal((await bed.door('/about', about(tag, browser))).status, 503)
    }
    assert.match((await answer('pr-2', browser)).text, /#2 <bdi>Sort &lt;b&gt;<\/bdi>, by <bdi>ben/)
    assert.match((await answer('pr-99', browser)).text, /not known here yet/)
    assert.deepEqual(states(), before)
    assert.deepEqual(hints(), ['99'])
  })

  test('a robot leaves no hint of a change that is not known', async () => {
    const before = hints()
    await answer('pr-98', robot)
    assert.deepEqual(hints(), before)
  })

  test('a page that waits for an approval is told of it, and a waiting page that its change was closed', async () => {
    tell(3, { fork: true })
    tell(4)
    bed.store.apply('pr-4', { type: 'start', by: 'visit' })
    const listen = async (tag: string) => {
      const gone = new AbortController()
      const stream = await bed.openDoor('/events', { headers: about(tag, browser), signal: gone.signal })
      let text = ''
      stream.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => {})
      const over = (wanted: string) => until(`${tag} is ${wanted}`, () => text.includes(`"over":${wanted}`))
      return { over, end: () => gone.abort() }
    }
    const [waits, comes] = [await listen('pr-3'), await listen('pr-4')]
    try {
      await Promise.all([waits.over('"asks"'), comes.over('null')])
      bed.store.changes.approve({ repository: '', number: 3 }, { who: 'anna', at: Date.now() })
      tell(4, { state: 'closed' })
      await Promise.all([waits.over('"stopped"'), comes.over('"barred"')])
    } finally {
      waits.end()
      comes.end()
    }
    assert.equal((await bed.door('/wait', about('pr-3', { ...browser, Prefer: 'wait=0' }))).status, 403)
    assert.equal(bed.store.get('pr-3')?.state, 'queued')
  })
})
