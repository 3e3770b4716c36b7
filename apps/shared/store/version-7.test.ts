/** A database as the Lotan before left it is taken over as it is: nothing is lost, whatever state a preview is in. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import type { Preview } from '../preview/preview.ts'
import { previewRows } from './previews.ts'
import { migrate } from './schema.ts'

const sql = fs.readFileSync(path.join(import.meta.dirname, 'version-7.sql'), 'utf8')
const T = 1_763_700_000_000

function openOld() {
  const db = new Database(':memory:')
  db.exec(sql)
  const before = rowsOf(db)
  migrate(db)
  return { db, before, ...previewRows(db, (tag) => tag) }
}

type Row = Record<string, unknown> & { tag: string }

/** Every row of previews and their generations. */
function rowsOf(db: Database.Database): Row[] {
  return ['preview', 'generation'].flatMap((table) =>
    db.prepare<[], Row>(`SELECT * FROM ${table} ORDER BY tag, ${table === 'preview' ? 'state' : 'number'}`).all(),
  )
}

/** What a preview is beside what is known in every state. */
const expected: Record<string, object> = {
  queued: { state: 'queued', by: 'visit', notBefore: 0, reason: null, generation: null },
  'queued-again': { state: 'queued', by: 'retry', notBefore: T + 5_000, crashes: 2 },
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

test('what is read and written again has the same rows', () => {
  const { db, before, list, put } = openOld()
  for (const preview of list()) put(preview)
  assert.deepEqual(rowsOf(db), before)
})
