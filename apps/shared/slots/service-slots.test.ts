import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isServiceSlot, mutedRangeOf, SERVICE_SLOTS, serviceHostPort, serviceSlots } from './service-slots.ts'
import { addressOf, dynamicRangeOf, MAX_SLOTS, overlaps, slotAt } from './slots.ts'

const subnet = '10.83.16.0/20'

test('services have the last 256 addresses below those of the engine, and no preview has one of them', () => {
  const [quiet, calling] = [serviceSlots({ egress: false }), serviceSlots({ egress: true })]
  assert.equal(quiet.first, MAX_SLOTS + 1)
  assert.equal(calling.first, quiet.last + 1)
  assert.equal(calling.last - quiet.first + 1, SERVICE_SLOTS)
  assert.equal(addressOf(subnet, MAX_SLOTS), '10.83.22.255')
  assert.equal(addressOf(subnet, quiet.first), '10.83.23.0')
  assert.equal(addressOf(subnet, quiet.last), '10.83.23.127')
  assert.equal(addressOf(subnet, calling.first), '10.83.23.128')
  assert.equal(addressOf(subnet, calling.last), '10.83.23.255')
  assert.deepEqual([MAX_SLOTS, quiet.first, calling.last, calling.last + 1].map(isServiceSlot), [
    false,
    true,
    true,
    false,
  ])
  assert.equal(slotAt(subnet, '10.83.23.7'), quiet.first + 7)
})

test('the half that may begin nothing is one range, beside that of services that may call out', () => {
  assert.equal(mutedRangeOf(subnet), '10.83.23.0/25')
  const others = [addressOf(subnet, MAX_SLOTS), addressOf(subnet, serviceSlots({ egress: true }).first)]
  assert.equal(overlaps(mutedRangeOf(subnet), [...others.map((address) => `${address}/32`), dynamicRangeOf(subnet)]), false)
}) // prettier-ignore

test('a service is reached at its own port, and nowhere where slots are ports', () => {
  const at = { slot: serviceSlots({ egress: false }).first, port: 8025 }
  assert.deepEqual(serviceHostPort({ kind: 'network', subnet }, at), { host: '10.83.23.0', port: 8025 })
  assert.equal(serviceHostPort({ kind: 'port', ports: [20_001] }, at), null)
})
