/** A database as the Lotan before left it is taken over as it is: nothing is lost, whatever state a preview is in. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import type { Notice } from '../../preview/notice.ts'
import type { Event } from '../../preview/event.ts'
import type { Preview } from '../../preview/preview.ts'
import { next } from '../../preview/state-machine/transitions.ts'
import { storeFacts } from '../facts.ts'
import { previewRows } from '../previews.ts'
import { migrate } from './schema.ts'

const sql = fs.readFileSync(path.join(import.meta.dirname, 'version-7.sql'), 'utf8')
const T = 1_763_700_000_000

function openOld() {
  const db = new Database(':memory:')
  db.exec(sql)
  const old = rowsOf(db)
  migrate(db)
  return { db, old, ...previewRows(db, (tag) => tag) }
}

type Row = Record<string, unknown> & { tag: string }

/** Every row of previews and their generations. */
function rowsOf(db: Database.Database, generations = 'SELECT * FROM generation'): Row[] {
  const select = [`SELECT * FROM preview ORDER BY tag, state`, `${generations} ORDER BY tag, number`]
  return select.flatMap((sql) => db.prepare<[], Row>(sql).all())
}

/** What a preview is beside what is known in every state. */
const expected: Record<string, object> = {
  queued: { state: 'queued', phase: 'findImage', by: 'visit', notBefore: 0, reason: null, generation: null },
  'queued-again': { state: 'queued', phase: 'start', by: 'retry', notBefore: T + 5_000, crashes: 2 },
  pulling: { state: 'pulling', progress: { bytes: 1, total: 2, layers: 3, layersDone: 1, percent: 50 } },
  'pulling-nothing': { state: 'pulling', progress: null },
  starting: { state: 'starting', stages: { queued: T - 9, starting: T } },
  'starting-bare': { state: 'starting', generation: null },
  running: { state: 'running', readyAt: T - 9, took: { pull: 5, start: 300 } },
  replaced: { state: 'running', generations: 3 },
  pausing: { state: 'paused', phase: 'draining', readyAt: T - 9 },
  frozen: { state: 'paused', phase: 'frozen', readyAt: T - 9 },
  waking: { state: 'paused', phase: 'waking', readyAt: T - 9 },
  'stopping-draining': { state: 'stopping', phase: 'draining', why: 'idle' },
  'stopping-draining-to-restart': { state: 'stopping', phase: 'drainingToRestart', why: 'idle' },
  'stopping-ending': { state: 'stopping', phase: 'ending', why: 'lifetime' },
  'stopping-ending-to-restart': { state: 'stopping', phase: 'endingToRestart', why: 'lifetime' },
  'removing-draining': { state: 'removing', phase: 'draining' },
  'removing-draining-to-restart': { state: 'removing', phase: 'drainingToRestart' },
  'removing-ending': { state: 'removing', phase: 'ending' },
  'removing-ending-to-restart': { state: 'removing', phase: 'endingToRestart' },
  ...Object.fromEntries(
    ['asked', 'idle', 'lifetime', 'room', 'disk', 'moved', 'ahead', 'exited', 'renewed'].map((why) => [
      `stopped-${why}`,
      { state: 'stopped', why },
    ]),
  ),
  'stopped-bare': { state: 'stopped', why: 'idle', image: null, generation: null },
  failed: { state: 'failed', retryAt: T + 60_000, crashes: 1 },
  'failed-for-good': { state: 'failed', retryAt: null, reason: { code: 'wrong-port', detail: 'engine words' } },
}

test('every state, and how far a preview is in it, is as it was', () => {
  const { list } = openOld()
  const previews = list().filter(({ tag }) => !tag.startsWith('told-'))
  assert.deepEqual(previews.map(({ tag }) => tag).sort(), Object.keys(expected).sort())
  for (const preview of previews) {
    const names = Object.keys(expected[preview.tag]!)
    const found = Object.fromEntries(names.map((name) => [name, preview[name as keyof Preview]]))
    assert.deepEqual(found, expected[preview.tag], preview.tag)
  }
})

/** A row of version 7 in the words of today. */
function inNewWords({ notice, unfit, newer, role, ...old }: Row): Row {
  const row: Row = { repository: '', ...old }
  delete row.draining
  delete row.then_start
  if (typeof role === 'string')
    return {
      ...row,
      sandbox: null,
      pairs: null,
      trusted: null,
      stack: null,
      role: { coming: 'pending', leaving: 'retiring' }[role] ?? role,
    }
  const phase = (expected[old.tag] as { phase?: string } | undefined)?.phase ?? null
  const { trouble: failure, ...update } = JSON.parse(String(newer)) ?? {}
  const image_update = newer === null ? null : JSON.stringify({ ...update, failure })
  return {
    ...row,
    phase,
    notices: notice,
    rejected_image: unfit,
    image_update,
    waiter: null,
    pin: null,
    remove_at: null,
    request: null,
    copy: null,
  }
}

test('what is read and written again has the same rows, but for the notices', () => {
  const { db, old, list, put } = openOld()
  for (const preview of list()) put(preview)
  const rows = rowsOf(
    db,
    'SELECT generation.*, slot FROM generation LEFT JOIN endpoint USING (repository, tag, number)',
  )
  const told = old.filter(({ notice }) => notice)
  assert.equal(told.length, 7)
  assert.deepEqual(
    rows.map((row, i) => ('notices' in row ? { ...row, notices: old[i]!.notice } : row)),
    old.map(inNewWords),
  )
})

const error: Notice = { code: 'answers-error', status: 500, path: '/' }
const notices: Record<string, Notice[]> = {
  'told-label-and-error': [{ code: 'text', text: "The image's label lotan.port=x is not used: is no port." }, error],
  'told-error': [error],
  'told-curbed': [{ code: 'curbed' }],
  'told-error-and-curbed': [error, { code: 'curbed' }],
  // What a newer image failed with is known beside them.
  'told-update': [],
  'told-update-and-error': [error, { code: 'curbed' }],
  'told-rejected': [
    {
      code: 'text',
      text: 'A newer image was pushed, but told-rejected stopped while starting; the one before serves on. engine words',
    },
  ],
}

test('notices in words become what they tell, and go when that is over', () => {
  const told = openOld()
    .list()
    .filter(({ tag }) => tag.startsWith('told-'))
  assert.deepEqual(Object.fromEntries(told.map((preview) => [preview.tag, preview.notices])), notices)
  const known = told.filter(({ update }) => update?.failure?.code === 'disk-full').map(({ tag }) => tag)
  assert.deepEqual(known, ['told-update', 'told-update-and-error'])
  const after = (tag: string, event: Event) =>
    next(
      told.find((one) => one.tag === tag),
      tag,
      event,
      T,
    )?.notices
  assert.deepEqual(after('told-error-and-curbed', { type: 'curbed', generation: 1, curbed: false }), [error])
  const image = {
    id: 'sha256:three',
    digest: 'sha256:d3',
    pulled: true,
    bytes: 1,
    created: null,
    labels: {},
    ports: [],
  }
  assert.deepEqual(after('told-rejected', { type: 'renewed', image }), [])
})

test('all that was known of a tag is known of it in the repository without a name', () => {
  const db = new Database(':memory:')
  db.exec(sql)
  db.exec(`
    INSERT INTO history (id, tag, at, was, state, event, generation) VALUES (7, 'running', 5, 'starting', 'running', 'answered', 3);
    INSERT INTO missing VALUES ('gone', ${T});
    INSERT INTO offered (tag, label, digest, ahead, unfit, artifact) VALUES
      ('z', 'z', NULL, 0, NULL, 0), ('running', 'running', 'sha256:d1', 1, NULL, 0), ('chart', 'chart', NULL, 1, 'sha256:c', 1);
    INSERT INTO pulled VALUES ('sha256:one', 'running', 'registry.example.com/app', 'sha256:d1');
    INSERT INTO stream VALUES (4, 'r1', 'running', 'ada', 5, 1, 0);
  `)
  migrate(db)
  const rows = (table: string) => db.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all()
  const running = { repository: '', tag: 'running' }
  assert.deepEqual(rows('history'), [{ ...running, id: 7, at: 5, was: 'starting', state: 'running', event: 'answered', generation: 3, detail: null, who: null, address: null, request: null }]) // prettier-ignore
  assert.deepEqual(rows('missing'), [{ repository: '', tag: 'gone', until: T }])
  assert.deepEqual(rows('offered'), [
    { repository: '', tag: 'z', label: 'z', digest: null, ahead: 0, unfit: null, artifact: 0 },
    { ...running, label: 'running', digest: 'sha256:d1', ahead: 1, unfit: null, artifact: 0 },
    { repository: '', tag: 'chart', label: 'chart', digest: null, ahead: 1, unfit: 'sha256:c', artifact: 1 },
  ])
  const reference = 'registry.example.com/app'
  assert.deepEqual(rows('pulled'), [{ ...running, id: 'sha256:one', reference, digest: 'sha256:d1' }])
  assert.deepEqual(rows('stream'), [{ ...running, number: 4, id: 'r1', client: 'ada', opened_at: 5, open: 1, resting: 0 }]) // prettier-ignore
})

test('where the images of the only repository were is known of the one without a name', () => {
  const knownAfter = (rows: string) => {
    const db = new Database(':memory:')
    db.exec(sql)
    db.exec(rows)
    migrate(db)
    return storeFacts(db).facts.get('repositories')
  }
  const meta = (value: string) => `INSERT INTO meta (key, value) VALUES ('repository', '${value}')`
  assert.deepEqual(knownAfter(meta('registry.example.com/app')), { '': 'registry.example.com/app' })
  assert.equal(knownAfter(meta('')), undefined)
  assert.equal(knownAfter(''), undefined)
})

test('a database is brought forward once', () => {
  const { db, list } = openOld()
  const once = list()
  migrate(db)
  assert.deepEqual(previewRows(db, (tag) => tag).list(), once)
})
