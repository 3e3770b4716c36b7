import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '../../shared/log.ts'
import { networkOf, watchWrongKeys } from './wrong-keys.ts'

test('the first wrong keys of an address cost nothing, and each further one twice as much, for a minute', () => {
  let now = 0
  const { note } = watchWrongKeys(openLog('test', 'silent'), () => now)
  const some = (address: string, count: number) => Array.from({ length: count }, () => note(address))
  assert.deepEqual(some('192.0.2.1', 12), Array(12).fill(0))
  assert.deepEqual(some('192.0.2.1', 7), [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000])
  assert.equal(note('192.0.2.2'), 0)
  now = 60_000
  assert.equal(note('192.0.2.1'), 0)
})

test('a flood of them writes few lines', () => {
  const lines: unknown[] = []
  const log = openLog('test', 'silent')
  log.warn = (...line: unknown[]) => void lines.push(line)
  const { left } = watchWrongKeys(log, () => 0)
  for (let at = 0; at < 50; at++) left('192.0.2.1', { user: 'pr-7', keys: ['SHA256:x'] })
  assert.equal(lines.length, 6)
  for (let at = 0; at < 500; at++) left(`198.51.100.${at % 250}`, { user: 'pr-7', keys: ['SHA256:x'] })
  assert.equal(lines.length, 100)
})

test('addresses of one customer count together', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ] as const)
    assert.equal(networkOf(address), network)
})
