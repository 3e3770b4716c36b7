import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanation, type Explained } from './page.ts'

const now = Date.parse('2026-03-01T12:00:00Z')
const screen = { width: Infinity, paint: (text: string) => text }

test('an explanation says the state, why it is awake, what comes next, and where each value is from', () => {
  const explained: Explained = {
    tag: 'red',
    state: 'running',
    values: [
      {
        name: 'memory',
        words: '512 MB, by the setting LOTAN_CONTAINER_MEMORY.',
        source: 'setting',
        from: 'LOTAN_CONTAINER_MEMORY',
        notice: null,
      },
      { name: 'port', value: 80, source: 'label', from: 'lotan.port', notice: null },
    ],
    variables: [
      { name: 'LOTAN_TAG', value: 'red', from: null },
      { name: 'DB_PASSWORD', value: null, secret: true, from: 'ENV_ARGS' },
    ],
    imageWords: 'It runs the newest image.',
    awake: { words: 'A visitor came 8 s ago.' },
    waiter: { words: 'A person waits for it.' },
    next: [{ at: '2026-03-01T12:09:52Z', words: 'It is stopped.' }],
  }
  assert.deepEqual(explanation(explained, now, screen), [
    'red is running',
    'It runs the newest image.',
    'A visitor came 8 s ago.',
    'A person waits for it.',
    'next: It is stopped. (in 9 min)',
    '',
    'WHAT    IS                                              FROM',
    'memory  512 MB, by the setting LOTAN_CONTAINER_MEMORY.',
    'port    80                                              label lotan.port',
    '',
    'VARIABLE     IS        FROM',
    'LOTAN_TAG    red       Lotan',
    'DB_PASSWORD  (secret)  ENV_ARGS',
  ])
})

test('what another Lotan leaves out is left out', () => {
  assert.deepEqual(explanation({}, now, screen), [' is unknown'])
  assert.deepEqual(explanation({ tag: 'red', state: 'stopped', awake: null, variables: null }, now, screen), [
    'red is stopped',
  ])
})
