import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isForPerson } from './readable-json.ts'

test('a browser that opens an address is a person; a program is none', () => {
  const chromium = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8'
  const firefox = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  for (const accept of [chromium, firefox, 'text/html', ' TEXT/HTML;q=1']) assert.ok(isForPerson({ accept }), accept)
  for (const accept of [
    '*/*',
    'application/json',
    'application/json, text/html',
    'text/html5',
    'text/event-stream',
    '',
  ])
    assert.ok(!isForPerson({ accept }), accept)
  assert.ok(!isForPerson({}))
})
