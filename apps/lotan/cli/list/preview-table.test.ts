import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preview } from '../../../shared/api/preview.ts'
import { widthOf } from '../table/width.ts'
import { isRow, noteOf, previewTable, toneOf, type Row } from './preview-table.ts'

const now = Date.parse('2026-03-01T12:00:00Z')
const url = (tag: string) => `https://${tag}.previews.example.com`
const rows: Row[] = [
  { tag: 'pr-3001', url: url('pr-3001'), state: 'running', since: '2026-03-01T11:18:00Z', lastSeen: '2026-03-01T11:59:52Z' },
  { tag: 'pr-3002', url: url('pr-3002'), state: 'pulling', since: '2026-03-01T11:59:57Z', lastSeen: null, progress: { bytes: 41, total: 100, layers: 3, layersDone: 1, percent: 41.9 } },
  { tag: 'feature-a-long-branch-name', url: url('feature-a-long-branch-name'), state: 'failed', since: '2026-02-27T11:00:00Z', lastSeen: '2026-02-27T11:00:00Z', reason: 'exited', detail: 'The application ended by itself at once.' },
] // prettier-ignore
const tableAt = (width: number) => previewTable(rows, now, { width, paint: (text) => text })

test('the list fits the terminal, and is whole in a pipe', () => {
  assert.deepEqual(tableAt(80), [
    'TAG                         STATE    FOR     VISITED  NOTE',
    'pr-3001                     running  42 min  8 s',
    'pr-3002                     pulling  3 s     –        41 %',
    'feature-a-long-branch-name  failed   2 d     2 d      exited: The application e…',
  ])
  assert.deepEqual(tableAt(140), [
    'TAG                         STATE    FOR     VISITED  ADDRESS                                                  NOTE',
    'pr-3001                     running  42 min  8 s      https://pr-3001.previews.example.com',
    'pr-3002                     pulling  3 s     –        https://pr-3002.previews.example.com                     41 %',
    'feature-a-long-branch-name  failed   2 d     2 d      https://feature-a-long-branch-name.previews.example.com  exited: The application ende…',
  ])
  const whole = tableAt(Infinity)
  assert.ok(whole[3]!.endsWith('previews.example.com  exited: The application ended by itself at once.'), whole[3])
  for (const width of [20, 40, 80, 120, 140, 300]) for (const line of tableAt(width)) assert.ok(widthOf(line) <= width)
})

test('a note says what the state alone does not', () => {
  const table: [Partial<Row>, string][] = [
    [{ state: 'queued', position: 2 }, 'number 2 in line'],
    [{ state: 'queued', position: null, reason: 'exited' }, 'again, after exited'],
    [{ state: 'pulling', progress: null }, ''],
    [{ state: 'pulling', progress: { ...rows[1]!.progress!, waitsFor: 'room' } }, 'waits for room on the disk'],
    [{ state: 'running', notice: 'It listens on port 3000.' }, 'It listens on port 3000.'],
    [{ state: 'running' }, ''],
    [{ state: 'stopped', pinned: { until: null }, notice: 'N' }, 'pinned; N'],
    [{ state: 'stopped', reason: null }, ''],
    [
      {
        state: 'running',
        notice: 'N',
        services: [
          { name: 'db', state: 'running' },
          { name: 'mail', state: 'done' },
        ],
      },
      'N; + db, mail',
    ],
    [
      {
        state: 'running',
        services: [
          { name: 'db', state: 'restarting' },
          { name: 'mail', state: 'running' },
        ],
      },
      'db is restarting',
    ],
    [{ state: 'running', services: [] }, ''],
  ]
  for (const [row, note] of table) assert.equal(noteOf({ ...rows[0]!, ...row }), note)
})

test('every state has a colour of its own kind', () => {
  for (const state of preview.shape.state.options) assert.ok(toneOf(state), state)
  assert.deepEqual(['running', 'failed', 'pulling', 'stopped', 'of-a-newer-lotan'].map(toneOf), [
    'good',
    'bad',
    'busy',
    'quiet',
    undefined,
  ])
})

test('a row is what can be shown', () => {
  assert.ok(isRow(rows[0]))
  for (const json of [null, undefined, 'a', [], {}, { ...rows[0], tag: 5 }, { ...rows[0], url: undefined }])
    assert.ok(!isRow(json))
})
