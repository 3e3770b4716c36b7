import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addressOf,
  dynamicRangeOf,
  frontOf,
  gatewayOf,
  MAX_SLOTS,
  networkName,
  overlaps,
  slotAt,
  subnetFor,
} from './slots.ts'

test('the first subnet that overlaps nothing is chosen', () => {
  const cases: [taken: string[], subnet: string][] = [
    [[], '10.83.0.0/20'],
    [['172.17.0.0/16', '192.0.2.0/24'], '10.83.0.0/20'],
    [['10.83.0.0/20'], '10.83.16.0/20'],
    [['10.83.5.7/32'], '10.83.16.0/20'],
    [['10.83.0.0/16'], '10.84.0.0/20'],
    [['10.83.0.0/16', '10.84.0.0/19', '10.84.32.1'], '10.84.48.0/20'],
    [['10.0.0.0/8'], '172.20.0.0/20'],
    [['10.0.0.0/8', '172.16.0.0/12'], '192.168.64.0/20'],
    [['fe80::1/64', 'nonsense', '10.83.0.0/99'], '10.83.0.0/20'],
  ]
  for (const [taken, subnet] of cases) assert.equal(subnetFor(taken), subnet, taken.join(' '))
})

test('a machine without a free private network is told so', () => {
  assert.throws(() => subnetFor(['0.0.0.0/0']), /no private \/20 network is free/)
})

test('every slot has one address, and the address has that slot', () => {
  const subnet = '10.83.16.0/20'
  assert.equal(addressOf(subnet, 1), '10.83.16.9')
  assert.equal(addressOf(subnet, 17), '10.83.16.25')
  assert.equal(addressOf(subnet, 500), '10.83.17.252')
  assert.equal(addressOf(subnet, MAX_SLOTS), '10.83.22.255')
  for (const slot of [1, 2, 247, 248, 500, MAX_SLOTS]) assert.equal(slotAt(subnet, addressOf(subnet, slot)), slot)
})

test('an address outside of the pool is no slot', () => {
  for (const address of ['10.83.16.1', '10.83.16.8', '10.83.24.0', '10.83.15.9', '10.83.32.9', '', '10.83.16', '::1'])
    assert.equal(slotAt('10.83.16.0/20', address), null, address)
  for (const slot of [0, -1, 1.5, MAX_SLOTS + 257]) assert.throws(() => addressOf('10.83.16.0/20', slot), /no slot/)
})

test('what the engine gives out by itself is never a slot', () => {
  assert.equal(dynamicRangeOf('10.83.16.0/20'), '10.83.24.0/21')
  assert.equal(gatewayOf('10.83.16.0/20'), '10.83.16.1')
  assert.equal(frontOf('10.83.16.0/20'), '10.83.16.2')
  assert.equal(slotAt('10.83.16.0/20', '10.83.16.2'), null)
  assert.equal(overlaps(dynamicRangeOf('10.83.16.0/20'), [`${addressOf('10.83.16.0/20', MAX_SLOTS + 256)}/32`]), false)
})

test('overlap is seen from both sides', () => {
  assert.equal(overlaps('10.83.0.0/20', ['10.83.15.255/32']), true)
  assert.equal(overlaps('10.83.0.0/20', ['10.0.0.0/8']), true)
  assert.equal(overlaps('10.83.0.0/20', ['10.83.16.0/20', '172.17.0.0/16']), false)
})

test('an instance’s network carries its name', () => {
  assert.equal(networkName('0a1b2c3d'), 'lotan-0a1b2c3d')
})
