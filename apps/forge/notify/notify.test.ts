import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { HistoryRow } from '../../shared/store/store.ts'
import { newsOf } from './news.ts'
import { signatureOf } from './send.ts'

const row = (was: string, state: string, event: string, more: Partial<HistoryRow> = {}): HistoryRow => ({
  ...{ id: 1, at: 1, repository: '', tag: 'pr-7', was, state, event, generation: 1 },
  ...{ detail: null, who: null, address: null, request: null, ...more },
})

test('news are that a preview came up, failed, stopped or was removed', () => {
  const cases: [HistoryRow, string | undefined, string | null][] = [
    [row('starting', 'running', 'answered'), 'up', null],
    [row('paused', 'running', 'woken'), undefined, null],
    [row('running', 'running', 'answered'), undefined, null],
    [row('starting', 'failed', 'fail', { detail: 'port-closed: secret' }), 'failed', 'port-closed'],
    [row('queued', 'failed', 'missing'), 'failed', null],
    [row('starting', 'queued', 'exited', { detail: 'exited: 1' }), undefined, null],
    [row('stopping', 'stopped', 'ended'), 'stopped', null],
    [row('stopped', 'stopped', 'cleaned'), undefined, null],
    [row('unknown', 'stopped', 'ahead'), undefined, null],
    [row('failed', 'stopped', 'renewed'), undefined, null],
    [row('removing', 'unknown', 'removed'), 'removed', null],
    [row('stopped', 'unknown', 'forget'), 'removed', null],
    [row('queued', 'unknown', 'missing'), undefined, null],
  ]
  for (const [change, event, reason] of cases) {
    const news = newsOf(change, 'http://pr-7.example.com')
    assert.equal(news?.event, event, `${change.was} ${change.event}`)
    if (news) assert.equal(news.reason, reason)
  }
})

test('news name the repository only where it has a name', () => {
  const up = row('starting', 'running', 'answered')
  const url = 'http://pr-7.example.com'
  assert.deepEqual(newsOf(up, url), { event: 'up', tag: 'pr-7', state: 'running', reason: null, url })
  assert.equal(newsOf({ ...up, repository: 'api' }, url)?.repository, 'api')
})

test('a receiver can check who sent it', () => {
  const expected = createHmac('sha256', 'secret').update('{"a":1}').digest('hex')
  assert.equal(signatureOf('{"a":1}', 'secret'), `sha256=${expected}`)
})
