import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { noteFailedLogins } from './failed-logins.ts'

test('failed logins are logged one by one, five a minute and address, and a hundred in all', () => {
  const lines: { msg: string; address: string; via?: string; who: string }[] = []
  let now = 1_000_000
  const note = noteFailedLogins(pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }), () => now)
  for (let i = 0; i < 1_000; i++) note('192.0.2.1', 'bearer')
  assert.equal(lines.length, 6)
  assert.deepEqual(new Set(lines.map(({ who, address }) => `${who} ${address}`)), new Set(['visitor 192.0.2.1']))
  assert.equal(lines.filter(({ msg }) => msg === 'wrong token').length, 5)
  note('192.0.2.2', 'link')
  assert.deepEqual([lines.length, lines.at(-1)?.via], [7, 'link'])
  // The addresses of one network of IPv6 are one visitor's.
  for (let i = 0; i < 1_000; i++) note(`2001:db8::${i.toString(16)}`, 'form')
  assert.equal(lines.length, 13)
  for (let i = 0; i < 1_000; i++) note(`198.51.${i >> 8}.${i & 255}`, 'form')
  assert.equal(lines.length, 100)
  now += 60_000
  note('192.0.2.1', 'bearer')
  assert.equal(lines.length, 101)
})
