import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actorWords, historyWords } from './history-words.ts'
import { insideWords } from './session-words.ts'

test('the history says in words what was done inside, and how it ended', () => {
  const table: [detail: string, words: string][] = [
    ['exec psql in db, 12 s, status 0', 'ended with status 0 after 12 s: psql run in db'],
    ['exec psql, 61 s, closed', 'left after 1 min 1 s: psql run in the application'],
    ['shell bash, 900 s, idle', 'ended for its silence after 15 min: a shell (bash) opened in the application'],
    ['shell, 2 s, failed', 'failed after 2 s: a shell opened in the application'],
    ['run my, tool in it, 3 s, status 1', 'ended with status 1 after 3 s: my, tool run in a container of its own'],
    ['attach, 3 s, stopped', 'ended with its container after 3 s: what runs in the application talked to'],
    ['forward in db, 3 s, lotan-ended', 'ended with Lotan’s own process after 3 s: ports of db reached'],
    ['files, 3 s, status 0', 'ended with status 0 after 3 s: files of the application read or written'],
    ['teleport to mars', 'teleport to mars'],
  ]
  for (const [detail, words] of table)
    assert.equal(historyWords('session', detail, 'red').replaceAll('\u00a0', ' '), words)
  const whole = `${historyWords('session', table[0]![0], 'red')} ${actorWords({ who: 'anna', address: '192.0.2.1' })}`
  assert.match(whole, /psql run in db by anna from 192\.0\.2\.1$/)
})

test('who is inside is said once for each', () => {
  assert.equal(insideWords(['anna']), 'anna is inside')
  assert.equal(insideWords(['anna', 'key of Ben', 'anna']), 'anna and key of Ben are inside')
  assert.equal(insideWords(['a', 'b', 'c']), 'a, b and c are inside')
  assert.equal(insideWords(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 more are inside')
})
