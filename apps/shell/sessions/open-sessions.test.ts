/** What a session does to its preview, and what ends it, on a real database. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, beforeEach, test } from 'node:test'
import Database from 'better-sqlite3'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { until } from '../../testing/harness/until.ts'
import { NoEntry } from '../no-entry.ts'
import { MOST_SESSIONS, openSessions, type Asked, type Sessions } from './open-sessions.ts'

const MINUTE = 60_000
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-sessions-'))
after(() => {
  store.close()
  fs.rmSync(dir, { recursive: true })
})
const settings = {
  LOTAN_DATA_DIR: dir,
  REPOSITORY: 'r.io/app',
  LOTAN_SHELL: 'on',
  INACTIVITY_STOP_TIMEOUT_MINUTES: '10',
}
const log = openLog('test', 'silent')
const asked: Asked = { preview: 'red', service: null, kind: 'exec', program: 'psql', via: 'api', actor: { who: 'anna', address: '192.0.2.1' } } // prettier-ignore

let file: string
let store: Store
let files = 0
let nudged: string[]

beforeEach(() => {
  store?.close()
  file = path.join(dir, `${++files}.sqlite`)
  store = openStore(file, { slots: 5, label: (id) => id, log })
  nudged = []
  const image = { id: 'i', digest: null, pulled: false, bytes: 1, created: null, labels: {}, ports: [80] }
  const generation = { number: 1, container: 'c1', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
  store.apply('red', { type: 'adopt', frozen: false, generation, image }, Date.now() - 9.5 * MINUTE)
})

function open(more: Record<string, string> = {}): Sessions {
  const nudges = { nudge: async ({ tag }: { tag: string }) => void nudged.push(tag) }
  return openSessions({ config: readConfig({ ...settings, ...more }), store, log, nudges: nudges as never })
}

const lastSeen = () => store.get('red')!.lastSeen

test('bytes are a visit of its preview, and an open session without any is none', () => {
  const was = lastSeen()
  const session = open().open(asked)
  assert.equal(lastSeen(), was)
  const began = Date.now()
  session.touch()
  assert.ok(lastSeen()! >= began)
  session.end({ why: 'closed' })
})

test('it is told once that a stop is near', async () => {
  const session = open().open(asked)
  const told: string[] = []
  session.onNotice((line) => void told.push(line))
  await until('it is told', () => told.length > 0)
  assert.match(told[0]!, /^red is stopped in (2\d|30) s, unless you press a key\.$/)
  session.touch()
  session.end({ why: 'closed' })
  assert.equal(told.length, 1)
})

test('bytes wake what has fallen asleep under it', () => {
  const session = open().open(asked)
  store.apply('red', { type: 'pause' })
  store.apply('red', { type: 'freeze', generation: 1 })
  assert.deepEqual([store.get('red')!.state, nudged], ['paused', []])
  session.touch()
  assert.deepEqual(nudged, ['red'])
  assert.match(JSON.stringify(store.get('red')), /"waking"/)
  session.end({ why: 'closed' })
})

test('one that says nothing is ended, and one that does is not', async () => {
  const sessions = open({ LOTAN_SSH_IDLE_MINUTES: '0.03' })
  const silent = sessions.open(asked)
  const loud = sessions.open(asked)
  const saying = setInterval(() => loud.touch(), 100)
  await until('the silent one has ended', () => silent.signal.aborted)
  clearInterval(saying)
  assert.deepEqual([silent.signal.reason, loud.signal.aborted], [{ why: 'idle' }, false])
  assert.match(store.history('red', 1)[0]!.detail!, /^exec psql, \d s, idle$/)
  loud.end({ why: 'closed' })
})

test('its row stays until what it began has ended, and it is no open one meanwhile', async () => {
  const sessions = open()
  const session = sessions.open(asked)
  session.inside('c1')
  assert.deepEqual(store.shellSessions.list().map(({ who }) => who), ['anna']) // prettier-ignore
  session.end({ why: 'closed' })
  assert.deepEqual(store.shellSessions.list(), [])
  assert.equal(store.shellSessions.left()[0]!.container, 'c1')
  assert.ok(sessions.isInside('c1'))
  let isOver = false
  const over = sessions.endAll({ why: 'lotan-ended' }).then(() => (isOver = true))
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(isOver, false)
  sessions.cleared(session.id)
  await over
  assert.deepEqual([store.shellSessions.left(), sessions.isInside('c1')], [[], false])
  // A command that has ended by itself leaves nothing that Lotan would end.
  const exited = sessions.open(asked)
  exited.inside('c1')
  exited.end({ why: 'exited', code: 0 })
  assert.deepEqual(store.shellSessions.left(), [])
})

test('a database that cannot be written ends no session, and is told later what has happened', async () => {
  store.close()
  store = openStore(file, { slots: 5, label: (id) => id, log, busyMs: 50 })
  const sessions = open()
  const session = sessions.open(asked)
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  session.touch()
  assert.equal(session.signal.aborted, false)
  session.end({ why: 'closed' })
  assert.ok(session.signal.aborted)
  other.exec('COMMIT')
  other.close()
  await until('its end is in the history', () => store.history('red', 1)[0]!.event === 'session')
  assert.deepEqual(store.shellSessions.left(), [])
})

test('there are as many as may be, and no more', () => {
  const sessions = open()
  const all = Array.from({ length: MOST_SESSIONS }, () => sessions.open(asked))
  const isFull = (error: NoEntry) => error instanceof NoEntry && error.problem === 'too-many-sessions'
  assert.throws(() => sessions.open(asked), isFull)
  all[0]!.end({ why: 'closed' })
  all[0] = sessions.open(asked)
  for (const one of all) one.end({ why: 'closed' })
})
