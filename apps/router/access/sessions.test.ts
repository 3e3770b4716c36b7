import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import { openLog } from '../../shared/log.ts'
import { openStore, type Session } from '../../shared/store/store.ts'
import { openSessions } from './sessions.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-sessions-'))
const file = path.join(dir, 'lotan.sqlite')
const store = openStore(file, { slots: 10, label: (tag) => tag, log: openLog('test', 'silent') })
after(() => {
  store.close()
  fs.rmSync(dir, { recursive: true })
})

const day = 24 * 60 * 60_000
const config = {
  adminToken: 'the-token-of-these-tests',
  publicUrl: { protocol: 'http:' as const, port: null },
  userHeader: 'x-forwarded-user',
  provider: null,
  gate: { kind: 'off' as const, password: null },
  people: { admins: [{ address: 'anna@example.com' }], allow: [{ domain: 'example.com' }] },
}
const sessions = openSessions(config, store)
const from = { ip: '192.0.2.1', headers: { 'user-agent': 'Firefox' } as Record<string, string> }
const admin = { user: 'admin', via: 'link', can: 'admin' } as const
const cookieOf = (secret: string) => `lotan=${secret}`
const all = () => store.sessions.list(Date.now())
const endAll = () => all().forEach(({ id }) => store.sessions.end(id))

test('a session is found by its secret alone, which is stored nowhere, and lasts 30 days', () => {
  const secret = sessions.begin(admin, { ...from, headers: { 'user-agent': 'x'.repeat(5_000) } })
  const session = sessions.find(
    `lotan=x; ${cookieOf(secret.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')))}; ${cookieOf(secret)}`,
  )!
  assert.deepEqual([session.user, session.via, session.can, session.address], ['admin', 'link', 'admin', '192.0.2.1'])
  assert.equal(session.userAgent?.length, 200)
  assert.equal(session.until - session.created, 30 * day)
  assert.deepEqual(all(), [session])
  assert.equal(sessions.find(cookieOf(session.id)), undefined)
  const stored = JSON.stringify(rowsOf('SELECT * FROM session'))
  assert.ok(stored.includes(session.id))
  for (const text of [secret, config.adminToken]) assert.ok(!stored.includes(text))
  endAll()
  assert.equal(sessions.find(cookieOf(secret)), undefined)
})

test('one that is over is not found, not listed, and goes with the next login', () => {
  const now = Date.now()
  const row = {
    ...admin,
    address: null,
    userAgent: null,
    id: 'over',
    key: 'k',
    madeBy: 'm',
    created: now - 31 * day,
    until: now - day,
  }
  store.sessions.begin(row)
  assert.equal(store.sessions.find('k', ['m'], now), undefined)
  assert.ok(store.sessions.find('k', ['m'], now - 2 * day))
  assert.deepEqual(all(), [])
  sessions.begin(admin, from)
  assert.equal(store.sessions.end('over'), undefined)
  endAll()
})

test('another admin token ends the sessions of the one before it', () => {
  const secret = sessions.begin(admin, from)
  const others = openSessions({ ...config, adminToken: 'another-token-of-them' }, store)
  assert.equal(others.find(cookieOf(secret)), undefined)
  assert.equal(sessions.endOthers(), 0)
  assert.ok(sessions.find(cookieOf(secret)))
  const kept = others.begin(admin, from)
  assert.equal(others.endOthers(), 1)
  assert.equal(sessions.find(cookieOf(secret)), undefined)
  assert.ok(others.find(cookieOf(kept)))
  endAll()
})

test('a user has 50 sessions at most: those that were used longest ago go', () => {
  const first = sessions.begin({ ...admin, user: 'other' }, from)
  const secrets = Array.from({ length: 60 }, () => sessions.begin(admin, from))
  assert.equal(all().filter(({ user }) => user === 'admin').length, 50)
  assert.ok(sessions.find(cookieOf(first)))
  assert.ok(sessions.find(cookieOf(secrets.at(-1)!)))
  endAll()
})

test('the last use is noted once a minute, also after a clock that stepped back, and wakes no reader in between', () => {
  const secret = sessions.begin(admin, from)
  const use = (at: number) => {
    const before = store.version()
    store.sessions.noteUse(sessions.find(cookieOf(secret))!, at)
    return store.version() !== before
  }
  const { lastUsed } = sessions.find(cookieOf(secret))!
  for (const [after, isNoted] of [
    [0, false],
    [59_000, false],
    [60_000, true],
    [61_000, false],
    [119_000, false],
    [121_000, true],
    [-day, true],
    [-day + 1_000, false],
  ] as const)
    assert.equal(use(lastUsed + after), isNoted, `${after} ms`)
  assert.equal(sessions.find(cookieOf(secret))!.lastUsed, lastUsed - day)
  endAll()
})

test('a use that cannot be written ends nothing, and is not tried again within the minute', () => {
  const busy = openStore(file, { slots: 10, label: (tag) => tag, log: openLog('test', 'silent'), busyMs: 1 })
  const secret = sessions.begin(admin, from)
  const find = () => openSessions(config, busy).find(cookieOf(secret)) as Session
  const { lastUsed } = find()
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  busy.sessions.noteUse(find(), lastUsed + 60_000)
  other.exec('ROLLBACK')
  other.close()
  busy.sessions.noteUse(find(), lastUsed + 61_000)
  assert.equal(find().lastUsed, lastUsed)
  busy.sessions.noteUse(find(), lastUsed + 121_000)
  assert.equal(find().lastUsed, lastUsed + 121_000)
  busy.close()
  endAll()
})

test('a proxy’s header makes one session a person, which ends with the lists that let them in', () => {
  const ask = (user: string, of = sessions) => of.callerByHeader({ ...from, headers: { 'x-forwarded-user': user } })
  const anna = ask('Anna@example.com')!
  assert.deepEqual([anna.via, anna.can, anna.who], ['session', 'admin', 'anna@example.com'])
  assert.equal(ask('anna@example.com')!.session, anna.session)
  assert.equal(ask('eve@example.com')!.can, 'public')
  assert.deepEqual([ask('eve@evil.example'), ask('a, b'), ask('')], [undefined, undefined, undefined])
  assert.deepEqual(
    all()
      .map(({ user, via, can }) => `${user} ${via} ${can}`)
      .sort(),
    ['anna@example.com header admin', 'eve@example.com header public'],
  )
  // Its name is no secret, so no cookie has it.
  assert.equal(sessions.find(cookieOf('header anna@example.com')), undefined)
  store.sessions.end(anna.session!)
  assert.equal(anna.isOver?.(), true)
  assert.notEqual(ask('anna@example.com')!.session, anna.session)
  const others = openSessions({ ...config, people: { admins: [], allow: [{ domain: 'example.com' }] } }, store)
  assert.equal(others.endOthers(), 2)
  assert.equal(ask('anna@example.com', others)!.can, 'public')
  assert.equal(openSessions({ ...config, userHeader: null }, store).callerByHeader(from), undefined)
  endAll()
})

function rowsOf(sql: string): unknown[] {
  const db = new Database(file, { readonly: true })
  try {
    return db.prepare(sql).all()
  } finally {
    db.close()
  }
}
